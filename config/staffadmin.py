"""Which admin modules are loaded: our own. Those of packages stay out of the process.

They register with Django's own site, which no address leads to; dj-stripe's would show keys and webhook secrets there.
"""

from importlib import import_module

from django.contrib.admin.apps import SimpleAdminConfig

APPS = ("tenants", "usage", "billing", "agents", "channels")


class StaffAdminConfig(SimpleAdminConfig):
    """Django's admin, with the modules that register with the staff's site (tenants/staff/site.py)."""

    def ready(self) -> None:
        super().ready()
        for app in APPS:
            import_module(f"{app}.admin")
