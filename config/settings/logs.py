"""Logs and error reports."""

from django.utils.module_loading import import_string

from config.http.logging import configure_structlog, logging_config
from config.http.scrubber import Scrubber, secrets_of
from config.settings.base import SANDBOX, env

_scrubber = Scrubber(secrets_of(env.values))
LOGGING = logging_config(json=env.flag("LOG_JSON", default=not SANDBOX), scrubber=_scrubber)
configure_structlog()

# Tasks carry the id of the request that woke them. IP addresses are not logged; the audit trail has them.
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False

# Loading the SDK takes a tenth of a second, so it is loaded only if needed.
SENTRY_DSN = env.url("SENTRY_DSN")
if SENTRY_DSN:
    import_string("config.http.sentry.start")(SENTRY_DSN, _scrubber, "sandbox" if SANDBOX else "production")
