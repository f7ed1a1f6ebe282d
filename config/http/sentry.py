"""Error reports to Sentry or a compatible service: without secrets, bodies, local variables or user data.

https://docs.sentry.io/platforms/python/configuration/options/
"""

import logging
from collections.abc import Mapping
from typing import Any

import sentry_sdk
import structlog
from django.core.exceptions import ImproperlyConfigured
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import ignore_logger
from sentry_sdk.utils import BadDsn, Dsn

from config.http.scrubber import Scrubber

log = logging.getLogger(__name__)

SAID_TWICE = ("django_structlog.middlewares.request", "django_structlog.celery.receivers")
"""They log exceptions that the integrations for Django and Celery report already."""
TAGS = ("request_id", "tenant", "task", "task_id")


def tell_of_pending(pending: int, timeout: float) -> None:
    """Log that the process waits for its reports. The SDK would print sentences instead of JSON lines.

    pending: reports not sent yet. timeout: how many seconds the process waits for them.
    """
    log.info("The process ends once %d error reports are sent, or after %g s.", pending, timeout)


def start(dsn: str, scrubber: Scrubber, environment: str) -> None:
    """Send uncaught exceptions and ERROR log lines to `dsn` from now on. Raises ImproperlyConfigured."""
    try:
        Dsn(dsn)
    except BadDsn as error:
        raise ImproperlyConfigured(
            "SENTRY_DSN is not the address of a project: copy it from the project's Client Keys page in Sentry."
        ) from error
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        integrations=[DjangoIntegration(), CeleryIntegration(), AtexitIntegration(callback=tell_of_pending)],
        auto_enabling_integrations=False,  # the ones for LLM clients would report conversations
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        traces_sample_rate=None,
        trace_propagation_targets=[],
        auto_session_tracking=False,
        shutdown_timeout=2,
        before_send=lambda event, hint: report(event, hint, scrubber),  # type: ignore[arg-type, return-value]
        before_breadcrumb=lambda crumb, hint: scrubber(None, "", crumb),
    )
    for name in SAID_TWICE:
        ignore_logger(name)


def report(event: Any, hint: Mapping[str, Any], scrubber: Scrubber) -> dict[str, Any]:
    """What is sent for an event: scrubbed, with the ids of the log lines as tags."""
    known = structlog.contextvars.get_contextvars()
    event["tags"] = {**event.get("tags", {}), **{name: known[name] for name in TAGS if known.get(name)}}
    line = getattr(hint.get("log_record"), "msg", None)
    if isinstance(line, dict):  # structlog's lines are dicts until they are rendered
        event["logentry"] = {"message": str(line.get("event", "")), "params": []}
        event["extra"] = {**event.get("extra", {}), **line}
    return scrubber(None, "", event)
