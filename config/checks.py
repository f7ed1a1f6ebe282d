"""The doctor's checks of the public URL, Redis, the broker, mail, error reports and disk space."""

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
SENDERS = {"slack", "stripe"}
"""Who sends us events. The played ones are on this machine."""


def sandbox() -> Iterator[Finding]:
    """Which outside services does the sandbox play, and which are real?"""
    if not settings.SANDBOX:
        yield ok("Sandbox", "plays nothing: every outside service is the real one.")
        return
    text = f"plays {settings.SANDBOX_PLAYED}."
    if settings.SANDBOX_REAL:
        text = f"{text} Real: {settings.SANDBOX_REAL}."
    if settings.PUBLIC_URL.startswith("https://"):
        yield warning("Sandbox", f"{text} Before people use {settings.PUBLIC_URL}, set SANDBOX=0.")
    else:
        yield ok("Sandbox", text)


def addresses() -> Iterator[Finding]:
    """Can browsers, and the providers that send us events, reach the portal at PUBLIC_URL?"""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    found = []
    if SENDERS <= settings.SANDBOX:
        yield ok("PUBLIC_URL", f"is {settings.PUBLIC_URL}.")
        return
    if not settings.PUBLIC_URL.startswith("https://"):
        found.append(problem("PUBLIC_URL", "does not begin with https://: providers only send events over HTTPS."))
    if host in LOOPBACK:
        found.append(problem("PUBLIC_URL", f"is {host}, which only this machine can reach: set the public name."))
    yield from found or [ok("PUBLIC_URL", f"is {settings.PUBLIC_URL}.")]


def redis_and_broker() -> Iterator[Finding]:
    """Does Redis answer, does it keep its data, and can we connect to the broker?"""
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
            yield warning("Redis", f"evicts keys ({policy}), queued tasks too: set maxmemory-policy to noeviction.")
    yield _broker()


def _redis_cause(error: redis.RedisError) -> str:
    if isinstance(error, redis.exceptions.AuthenticationError | redis.exceptions.NoPermissionError) or "NOAUTH" in str(
        error
    ):
        return "rejects the password: correct it in REDIS_URL."
    if isinstance(error, redis.TimeoutError):
        return "does not answer: check the host in REDIS_URL and the firewall."
    return "cannot be reached: start it, or correct the host and port in REDIS_URL."


def _broker() -> Finding:
    try:
        with app.connection_for_write(connect_timeout=TIMEOUT_SECONDS) as connection:
            connection.ensure_connection(max_retries=1, timeout=TIMEOUT_SECONDS, interval_start=0)
    except (OperationalError, OSError, redis.RedisError) as error:
        kind = type(error.__cause__ or error).__name__
        return problem("Broker", f"cannot be used ({kind}): start it, or correct CELERY_BROKER_URL (or REDIS_URL).")
    return ok("Broker", "accepts connections.")


def mail() -> Iterator[Finding]:
    """Can we log in to the mail server? No mail is sent."""
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        yield skipped("Mail", "EMAIL_URL is not an SMTP server, so there is nothing to check.")
        return
    try:
        _greet()
    except (OSError, smtplib.SMTPException) as error:
        yield problem("Mail", f"{_mail_cause(error)}.")
    else:
        yield ok("Mail", f"{settings.EMAIL_HOST} accepts us.")


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
        smtplib.SMTPAuthenticationError: f"{where} rejects the user or password: correct them in EMAIL_URL",
        smtplib.SMTPNotSupportedError: f"{where} offers no TLS or login: use another port, or neither, in EMAIL_URL",
        smtplib.SMTPException: f"{where} does not answer like a mail server: check host and port in EMAIL_URL",
        ssl.SSLError: f"{where} fails at TLS: use smtp+tls:// or smtp+ssl:// in EMAIL_URL, whichever it expects",
        ConnectionRefusedError: f"nothing is listening on {where}: start the mail server, or correct EMAIL_URL",
        socket.gaierror: f"the host name {settings.EMAIL_HOST} cannot be resolved: correct EMAIL_URL",
        TimeoutError: f"{where} does not answer: check EMAIL_URL and the firewall",
    }
    for kind, cause in causes.items():
        if isinstance(error, kind):
            return cause
    return f"{where} cannot be reached ({type(error).__name__}): check EMAIL_URL"


def error_reports() -> Iterator[Finding]:
    """Does the host of SENTRY_DSN accept connections? No report is sent."""
    if not settings.SENTRY_DSN:
        yield skipped("Error reports", "SENTRY_DSN is not set: errors are only in the log.")
        return
    parts = urlsplit(settings.SENTRY_DSN)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((str(parts.hostname), port), TIMEOUT_SECONDS).close()
    except OSError as error:
        cause = f"{parts.hostname}:{port} cannot be reached ({type(error).__name__})"
        yield problem("Error reports", f"{cause}: correct SENTRY_DSN, or unset it.")
    else:
        yield ok("Error reports", f"{parts.hostname} accepts connections.")


def disk() -> Iterator[Finding]:
    """Is there room in the temporary folder? Uploads and exports are written there first."""
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < FREE_BYTES:
        yield warning("Disk", f"{folder} has only {free / 1e6:.0f} MB free: free up space.")
    else:
        yield ok("Disk", f"{free / 1e9:.0f} GB are free.")
