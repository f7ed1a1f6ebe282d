"""The doctor's checks of addresses, Redis, the broker, mail, error reports and disk space."""

import shutil
import smtplib
import socket
import ssl
import tempfile
from collections.abc import Iterator
from urllib.parse import urlsplit

import redis
import redis.exceptions
from django.conf import settings
from kombu.exceptions import OperationalError

from config.celery import app
from tenants.doctor.report import TIMEOUT_SECONDS, Finding, ok, problem, skipped, warning

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
FREE_BYTES = 1_000_000_000


def addresses() -> Iterator[Finding]:
    """Is the portal's own address one that browsers and providers can use?"""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    found = []
    if not settings.PUBLIC_URL.startswith("https://") and not settings.SANDBOX:
        found.append(problem("PUBLIC_URL", "does not begin with https://: providers send events to HTTPS only."))
    if host in LOOPBACK and not settings.SANDBOX:
        found.append(problem("PUBLIC_URL", f"is {host}, which only this machine reaches: set it to the public name."))
    yield from found or [ok("PUBLIC_URL", f"is {settings.PUBLIC_URL}.")]


def redis_and_broker() -> Iterator[Finding]:
    """Does Redis answer, does it keep what it is given, and does the broker let us in?"""
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
        ) as client:
            policy = str(client.info("memory").get("maxmemory_policy", "noeviction"))
    except redis.RedisError as error:
        yield problem("Redis", _redis_cause(error))
    else:
        if policy == "noeviction":
            yield ok("Redis", "answers.")
        else:
            yield warning("Redis", f"drops entries ({policy}), also queued tasks: set maxmemory-policy to noeviction.")
    yield _broker()


def _redis_cause(error: redis.RedisError) -> str:
    if isinstance(error, redis.exceptions.AuthenticationError | redis.exceptions.NoPermissionError) or "NOAUTH" in str(
        error
    ):
        return "refuses the password: correct it in REDIS_URL."
    if isinstance(error, redis.TimeoutError):
        return "does not answer: check the host in REDIS_URL and the firewall between."
    return "cannot be reached: start it, or correct host and port in REDIS_URL."


def _broker() -> Finding:
    try:
        with app.connection_for_write(connect_timeout=TIMEOUT_SECONDS) as connection:
            connection.ensure_connection(max_retries=1, timeout=TIMEOUT_SECONDS, interval_start=0)
    except (OperationalError, OSError, redis.RedisError) as error:
        kind = type(error.__cause__ or error).__name__
        return problem("Broker", f"cannot be used ({kind}): start it, or correct CELERY_BROKER_URL (else REDIS_URL).")
    return ok("Broker", "takes connections.")


def mail() -> Iterator[Finding]:
    """Does the mail server let us in? Nothing is sent."""
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        yield skipped("Mail", "EMAIL_URL names no SMTP server, so nothing can be asked.")
        return
    try:
        _greet()
    except (OSError, smtplib.SMTPException) as error:
        yield problem("Mail", f"{_mail_cause(error)}.")
    else:
        yield ok("Mail", f"{settings.EMAIL_HOST} lets us in.")


def _greet() -> None:
    """Connect, say hello, encrypt and log in as configured."""
    kind = smtplib.SMTP_SSL if settings.EMAIL_USE_SSL else smtplib.SMTP
    with kind(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=TIMEOUT_SECONDS) as server:
        server.ehlo()
        if settings.EMAIL_USE_TLS:
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        if settings.EMAIL_HOST_USER:
            server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD or "")
        server.noop()


def _mail_cause(error: Exception) -> str:
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    causes: dict[type[Exception], str] = {
        smtplib.SMTPAuthenticationError: f"{where} refuses user or password: correct them in EMAIL_URL",
        smtplib.SMTPNotSupportedError: f"{where} offers no TLS or log-in: use another port or none of it in EMAIL_URL",
        smtplib.SMTPException: f"{where} answers not as a mail server does: check host and port in EMAIL_URL",
        ssl.SSLError: f"{where} fails at TLS: use smtp+tls:// or smtp+ssl:// in EMAIL_URL, as it wants",
        ConnectionRefusedError: f"nothing listens at {where}: start the mail server, or correct EMAIL_URL",
        socket.gaierror: f"nobody knows the name {settings.EMAIL_HOST}: correct the host in EMAIL_URL",
        TimeoutError: f"{where} does not answer: check EMAIL_URL and the firewall between",
    }
    for kind, cause in causes.items():
        if isinstance(error, kind):
            return cause
    return f"{where} cannot be reached ({type(error).__name__}): check EMAIL_URL"


def error_reports() -> Iterator[Finding]:
    """Does the host of SENTRY_DSN take connections? Nothing is reported."""
    if not settings.SENTRY_DSN:
        yield skipped("Error reports", "SENTRY_DSN is not set: errors are in the log only.")
        return
    parts = urlsplit(settings.SENTRY_DSN)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((str(parts.hostname), port), TIMEOUT_SECONDS).close()
    except OSError as error:
        cause = f"{parts.hostname}:{port} cannot be reached ({type(error).__name__})"
        yield problem("Error reports", f"{cause}: correct SENTRY_DSN, or unset it.")
    else:
        yield ok("Error reports", f"{parts.hostname} takes connections.")


def disk() -> Iterator[Finding]:
    """Uploads and exports are written to the temporary folder first."""
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < FREE_BYTES:
        yield warning("Disk", f"{folder} has only {free / 1e6:.0f} MB free: make room.")
    else:
        yield ok("Disk", f"{free / 1e9:.0f} GB are free.")
