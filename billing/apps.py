from importlib import import_module

from django.apps import AppConfig

from billing import stripe_api


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        stripe_api.install()
        import_module("billing.receivers")
