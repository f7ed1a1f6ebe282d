"""The Celery application. Tasks carry only ids; retries are rows in Postgres."""

import os
import signal
import threading
from typing import Any

import structlog
from celery import Celery, Task, bootsteps
from celery.signals import worker_init, worker_ready, worker_shutting_down
from django.dispatch import receiver
from django.utils.module_loading import import_string
from django_structlog.celery.signals import bind_extra_task_metadata
from django_structlog.celery.steps import DjangoStructLogInitStep

from config import broker, garbage

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

broker.mend()
app = Celery("roster")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@receiver(bind_extra_task_metadata)
def name_the_task(task: "Task[Any, Any]", **kwargs: object) -> None:
    """Add the task's name and tenant to its log lines, beside its id and the id of the request that woke it."""
    structlog.contextvars.bind_contextvars(task=task.name)
    if getattr(task, "carries_tenant", False) and task.request.args:
        structlog.contextvars.bind_contextvars(tenant=str(task.request.args[0]))


@worker_init.connect
def refuse_powerful_role(**kwargs: object) -> None:
    """The worker serves tenants too. A dotted path, because settings are not loaded yet."""
    import_string("tenants.guard.refuse_powerful_role")()


@worker_init.connect
def refuse_unknown_sweeps(**kwargs: object) -> None:
    """Nothing would repair what a sweep with a wrong path is to find."""
    import_string("tenants.jobs.sweeps.load_all")()


@worker_shutting_down.connect
def stop_jobs(sig: str = "", how: str = "", **kwargs: object) -> None:
    """Ask long jobs to stop and give their leases back."""
    if sig != "SIGQUIT":  # Drain has seen it already
        _begin_to_stop(is_urgent=how != "Warm")


def _begin_to_stop(*, is_urgent: bool) -> None:
    """By a thread: a signal's handler must not wait for locks."""
    begin = import_string("channels.messages.stopping.begin")
    threading.Thread(target=begin, kwargs={"is_urgent": is_urgent}, name="stop-jobs", daemon=True).start()


class Drain(bootsteps.StartStopStep):
    """Before the worker ends, wait for the conversations under way: Celery knows nothing of them."""

    requires = ("celery.worker.components:Pool",)

    def start(self, parent: object) -> None:
        """See SIGQUIT as it comes: Celery tells of it only once its running tasks have ended."""
        celerys: Any = signal.getsignal(signal.SIGQUIT)

        def begin(*args: object) -> None:
            _begin_to_stop(is_urgent=True)
            celerys(*args)

        signal.signal(signal.SIGQUIT, begin)

    def stop(self, parent: object) -> None:
        """SIGTERM: nothing new is taken up, and each answer under way is still sent."""
        import_string("channels.messages.stopping.drain")(is_urgent=False)

    def terminate(self, parent: object) -> None:
        """SIGQUIT, as `make run` stops: what is not answered within seconds is settled, and waits for other workers."""
        import_string("channels.messages.stopping.drain")(is_urgent=True)


app.steps["worker"].add(Drain)


@worker_ready.connect
def warm_up(**kwargs: object) -> None:
    """Load the LLM SDKs now, in the background, rather than with the first message."""
    threading.Thread(target=_load, name="warm-up", daemon=True).start()


def _load() -> None:
    import_string("agents.llm.calls.load")()
    garbage.keep_what_is_loaded()
