"""How two packages are loaded: Django's admin with our own modules only, and dj-stripe with keys of one width."""

from django.contrib.admin.apps import SimpleAdminConfig
from django.core.checks.registry import registry
from django.utils.module_loading import autodiscover_modules
from djstripe import checks
from djstripe.apps import DjstripeAppConfig


class StaffAdminConfig(SimpleAdminConfig):
    """Django's admin, with the modules that register with the staff's site (tenants/staff/site.py).

    Those of packages register with Django's own site, which no address leads to, and stay out of the process:
    dj-stripe's would show keys and webhook secrets.
    """

    def ready(self) -> None:
        super().ready()
        autodiscover_modules("web.admin")


class MirrorConfig(DjstripeAppConfig):  # type: ignore[misc]
    """dj-stripe. Its migrations give bigint to the keys of joining tables, its models integer: the first is right.

    Two of its checks read its tables, and so every command and each start of the worker would ask the database, or wait
    for it. The doctor looks at the same (billing/web/checks.py).
    """

    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        super().ready()
        registry.registered_checks -= {checks.check_webhook_validation, checks.check_webhook_endpoint_has_secret}
