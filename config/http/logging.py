"""Logs: one line per event; JSON in production, plain text with the sandbox; secrets are masked."""

import logging
import threading
from collections.abc import MutableMapping
from typing import Any

import structlog

from config.http.scrubber import Scrubber
from tenants.scope import NoTenantError, current_tenant_id

LEVELS = {
    # These repeat what our own lines say better, or log request URLs that contain tokens.
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
    # django-structlog already logs failed requests and tasks, with their ids.
    "django.request": "CRITICAL",
    "celery.app.trace": "CRITICAL",
    # A client's mistake, such as a wrong Host, is not an error: tenants/http/errors.py logs a line without a traceback.
    "django.security": "CRITICAL",
    "django.security.csrf": "WARNING",
}
"""The levels of third-party loggers."""


def logging_config(*, json: bool, scrubber: Scrubber) -> dict[str, Any]:
    """Django's LOGGING setting. `json`: machine-readable lines instead of text for a person."""
    renderer = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                # The scrubber runs last, after arguments and exceptions were turned into text.
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
    """Add the tenant of the open scope if no request or task has: in webhooks and commands."""
    try:
        event.setdefault("tenant", str(current_tenant_id()))
    except NoTenantError:
        return event
    return event


def configure_structlog() -> None:
    """Send structlog's lines through the standard library's handlers, like all other lines."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            add_tenant,
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
    """Log a thread's uncaught exception. Python itself would print it without the scrubber."""
    if crash.exc_type is not SystemExit:
        info = (crash.exc_type, crash.exc_value or crash.exc_type(), crash.exc_traceback)
        logging.getLogger(__name__).error("A thread crashed.", exc_info=info)
