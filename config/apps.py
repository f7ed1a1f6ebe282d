"""Loads two packages our way: Django's admin with only our modules, and dj-stripe with one type of primary key."""

from django.contrib.admin.apps import SimpleAdminConfig
from django.core.checks.registry import registry
from django.utils.module_loading import autodiscover_modules
from djstripe import checks
from djstripe.apps import DjstripeAppConfig


class StaffAdminConfig(SimpleAdminConfig):
    """Django's admin, with the modules that register with the staff's site (tenants/staff/site.py).

    The admin modules of third-party packages register with Django's own site, which has no URL here. They are not
    loaded: dj-stripe's would show keys and webhook secrets.
    """

    def ready(self) -> None:
        super().ready()
        autodiscover_modules("web.admin")


class MirrorConfig(DjstripeAppConfig):  # type: ignore[misc]
    """dj-stripe. Its migrations use bigint for the keys of join tables, its models say integer: bigint is right.

    Two of its checks read its tables, so every command and every start of a worker would query the database, or wait
    for it. They are turned off here; the doctor checks the same things (billing/web/checks.py).
    """

    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        super().ready()
        registry.registered_checks -= {checks.check_webhook_validation, checks.check_webhook_endpoint_has_secret}
