"""Logs."""

from config.logging import configure_structlog, logging_config
from config.settings.base import SANDBOX

LOGGING = logging_config(json=not SANDBOX)
configure_structlog()
DJANGO_STRUCTLOG_CELERY_ENABLED = False
