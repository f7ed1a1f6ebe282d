"""Logs: one line an event, JSON in production, plain text beside the sandbox, never with a secret."""

import logging
import threading
from collections.abc import MutableMapping
from typing import Any

import structlog

from config.http.scrubber import Scrubber
from tenants.scope import NoTenantError, current_tenant_id

LEVELS = {
    # These say per request and task what our own lines say better, or repeat request URLs with tokens in them.
    "django_structlog": "WARNING",
    "psycopg.pool": "ERROR",
    "httpx": "WARNING",
    "httpcore": "WARNING",
    "httpx2": "WARNING",
    "httpcore2": "WARNING",
    "openai": "WARNING",
    "slack_sdk": "WARNING",
    "stripe": "WARNING",
    "celery.worker.strategy": "WARNING",
    "celery.beat": "WARNING",
    # django-structlog tells of failed requests and tasks, with their ids; these tell it a second time.
    "django.request": "CRITICAL",
    "celery.app.trace": "CRITICAL",
    # A client's fault, such as a wrong Host, is no error: tenants/http/errors.py says it in a line without a traceback.
    "django.security": "CRITICAL",
    "django.security.csrf": "WARNING",
}
"""How loud others' loggers are."""


def logging_config(*, json: bool, scrubber: Scrubber) -> dict[str, Any]:
    """Django's LOGGING setting. `json`: machine-readable lines instead of text for a person."""
    renderer = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                # The scrubber comes last, when arguments and exceptions have become text.
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, scrubber, renderer],
                "foreign_pre_chain": [
                    structlog.contextvars.merge_contextvars,
                    add_tenant,
                    structlog.processors.TimeStamper(fmt="iso"),
                    structlog.stdlib.add_logger_name,
                    structlog.stdlib.add_log_level,
                    structlog.processors.StackInfoRenderer(),
                    structlog.processors.format_exc_info,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {name: {"level": level} for name, level in LEVELS.items()},
    }


def add_tenant(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The tenant of the open scope, where neither a request nor a task has told it: in webhooks and commands."""
    try:
        event.setdefault("tenant", str(current_tenant_id()))
    except NoTenantError:
        return event
    return event


def configure_structlog() -> None:
    """Send structlog's lines through the standard library's handlers, beside everybody else's."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            add_tenant,
            structlog.stdlib.filter_by_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    threading.excepthook = log_thread_crash


def log_thread_crash(crash: threading.ExceptHookArgs) -> None:
    """A thread's uncaught exception as a log line: Python itself would print it past the scrubber."""
    if crash.exc_type is not SystemExit:
        info = (crash.exc_type, crash.exc_value or crash.exc_type(), crash.exc_traceback)
        logging.getLogger(__name__).error("A thread crashed.", exc_info=info)
