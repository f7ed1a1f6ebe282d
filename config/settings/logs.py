"""Logs."""

from config.logging import configure_structlog, logging_config
from config.settings.base import SANDBOX

LOGGING = logging_config(json=not SANDBOX)
configure_structlog()
DJANGO_STRUCTLOG_CELERY_ENABLED = False
# config/sessions.py binds the user: asking Postgres for it while an error is handled would be one more error.
DJANGO_STRUCTLOG_USER_ID_FIELD = ""
