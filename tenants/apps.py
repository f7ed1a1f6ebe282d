from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.core.checks import register
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.module_loading import import_string

from tenants.guard import check_role
from tenants.privacy import grace


class TenantsConfig(AppConfig):
    name = "tenants"

    def ready(self) -> None:
        connection_created.connect(check_role, dispatch_uid="tenants.guard")
        import_module("tenants.accounts.receivers")
        register(import_string("tenants.jobs.sweeps.check"))
        post_migrate.connect(grace.keep, sender=self, dispatch_uid="tenants.privacy.grace")
        post_migrate.connect(_grant_staff, sender=self, dispatch_uid="tenants.staff")


def _grant_staff(**kwargs: Any) -> None:
    """By dotted path: the admin is loaded after the apps."""
    import_string("tenants.staff.rights.grant")(**kwargs)
