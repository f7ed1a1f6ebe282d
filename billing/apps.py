from importlib import import_module

from django.apps import AppConfig

from billing.stripe import client


class BillingConfig(AppConfig):
    name = "billing"

    def ready(self) -> None:
        client.install()
        import_module("billing.web.receivers")
