"""How two packages are loaded: Django's admin with our own modules only, and dj-stripe with keys of one width."""

from importlib import import_module

from django.contrib.admin.apps import SimpleAdminConfig
from djstripe.apps import DjstripeAppConfig

OURS = ("tenants", "usage", "billing", "agents", "channels")


class StaffAdminConfig(SimpleAdminConfig):
    """Django's admin, with the modules that register with the staff's site (tenants/staff/site.py).

    Those of packages register with Django's own site, which no address leads to, and stay out of the process:
    dj-stripe's would show keys and webhook secrets.
    """

    def ready(self) -> None:
        super().ready()
        for app in OURS:
            import_module(f"{app}.admin")


class MirrorConfig(DjstripeAppConfig):  # type: ignore[misc]
    """dj-stripe. Its migrations give bigint to the keys of joining tables, its models integer: the first is right."""

    default_auto_field = "django.db.models.BigAutoField"
