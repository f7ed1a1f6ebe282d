"""Error reports to Sentry, or whatever speaks its protocol: without secrets, bodies, local variables or persons.

https://docs.sentry.io/platforms/python/configuration/options/
"""

from typing import Any

import sentry_sdk
import structlog
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration

from config.scrubber import Scrubber

TAGS = ("request_id", "tenant", "task", "task_id")


def start(dsn: str, scrubber: Scrubber, environment: str) -> None:
    """Send uncaught exceptions and ERROR log lines to `dsn` from now on."""
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        integrations=[DjangoIntegration(), CeleryIntegration()],
        auto_enabling_integrations=False,  # those for LLM clients would report what people say
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        traces_sample_rate=None,
        trace_propagation_targets=[],
        auto_session_tracking=False,
        shutdown_timeout=2,
        before_send=lambda event, hint: report(event, scrubber),  # type: ignore[arg-type, return-value]
        before_breadcrumb=lambda crumb, hint: scrubber(None, "", crumb),
    )


def report(event: Any, scrubber: Scrubber) -> dict[str, Any]:
    """What is sent for an event: scrubbed, with the ids that the log lines have as tags."""
    known = structlog.contextvars.get_contextvars()
    event["tags"] = {**event.get("tags", {}), **{name: known[name] for name in TAGS if known.get(name)}}
    return scrubber(None, "", event)
