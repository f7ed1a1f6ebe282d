"""The Celery application: tasks carry ids only, Postgres owns retries."""

import os

from celery import Celery
from celery.signals import worker_init, worker_ready
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("roster")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def refuse_powerful_role(**kwargs: object) -> None:
    """The worker serves tenants too; a path, because settings are not loaded yet here."""
    import_string("tenants.guard.refuse_powerful_role")()


@worker_ready.connect
def warm_up(**kwargs: object) -> None:
    """Workers ask LLMs, so they load the SDKs."""
    import_string("agents.llm.warm_up")()
