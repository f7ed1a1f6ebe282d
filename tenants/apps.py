from django.apps import AppConfig
from django.db.backends.signals import connection_created

from tenants.guard import check_role


class TenantsConfig(AppConfig):
    name = "tenants"

    def ready(self) -> None:
        connection_created.connect(check_role, dispatch_uid="tenants.guard")
