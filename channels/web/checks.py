"""The doctor's checks of the platform's Slack app, of every tenant's connection, and of the worker."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx
from django.conf import settings
from django.core.cache import cache
from django.db import connection as database

from channels.connections import credentials
from channels.models import Connection
from channels.providers.base import Account, DeliveryError, DeliveryRefusedError
from channels.providers.registry import provider_named
from tenants.doctor.report import TIMEOUT_SECONDS, Finding, ok, problem, skipped, warning
from tenants.encryption import UndecryptableError
from tenants.jobs.sweeps import LAST_SWEEP
from tenants.models import Tenant
from tenants.scope import tenant_scope

SLACK = "Slack app"
PAGE = "copy it from your Slack app's Basic Information page"
SHAPES = {
    "SLACK_CLIENT_ID": re.compile(r"\d{1,40}\.\d{1,40}"),
    "SLACK_CLIENT_SECRET": re.compile(r"[0-9a-f]{32}"),
    "SLACK_SIGNING_SECRET": re.compile(r"[0-9a-f]{32}"),
}
"""https://docs.slack.dev/authentication/verifying-requests-from-slack"""
AT_ONCE = 8
STALE_SECONDS = 30


def slack_app() -> Iterator[Finding]:
    """Are the Slack app's credentials there and plausible, and does Slack answer?"""
    values = {name: getattr(settings, name) for name in SHAPES}
    if not any(values.values()):
        yield skipped(SLACK, "SLACK_CLIENT_ID, SLACK_CLIENT_SECRET and SLACK_SIGNING_SECRET are not set: no Slack.")
        return
    wrong = [_fault(name, value) for name, value in values.items() if not SHAPES[name].fullmatch(value)]
    for sentence in wrong:
        yield problem(SLACK, sentence)
    if not wrong:
        yield ok(SLACK, "its three credentials are set and have the right shape.")
    yield _slack_answers()


def _fault(name: str, value: str) -> str:
    what = "is not set" if not value else f"has {len(value)} characters and not the shape of one"
    return f"{name} {what}: {PAGE}."


def _slack_answers() -> Finding:
    subject = "Slack's API"
    try:
        answer = httpx.post(f"{settings.SLACK_API_URL}api.test", timeout=TIMEOUT_SECONDS)
        is_slack = "ok" in answer.json()
    except httpx.HTTPError as error:
        return problem(
            subject, f"cannot be reached ({type(error).__name__}): check SLACK_API_URL and this machine's way out."
        )
    except ValueError:
        is_slack = False
    if not is_slack:
        return problem(subject, f"answers HTTP {answer.status_code} and not as Slack does: check SLACK_API_URL.")
    return ok(subject, "answers.")


@dataclass(frozen=True)
class Patient:
    """A connection to be asked about, detached from the database. `account` is None if its token cannot be opened."""

    workspace: str
    name: str
    provider: str
    account: Account | None


def tenants_connections() -> Iterator[Finding]:
    """Does the provider of each connected account still accept its token?"""
    patients = list(_patients())
    database.close()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = [finding for finding in pool.map(_ask, patients) if finding]
    yield from found
    if not patients:
        yield skipped("Connections", "no workspace has connected a channel.")
    elif not found:
        yield ok("Connections", f"the providers accept all {len(patients)}.")


def _patients() -> Iterator[Patient]:
    for tenant_id, slug in list(Tenant.objects.order_by("slug").values_list("id", "slug")):
        with tenant_scope(tenant_id):
            rows = list(Connection.objects.exclude(state=Connection.State.DISCONNECTED))
        for row in rows:
            yield Patient(slug, row.name, row.provider, _account(row))


def _account(row: Connection) -> Account | None:
    try:
        return credentials.account_of(row)
    except UndecryptableError:
        return None


def _ask(patient: Patient) -> Finding | None:
    """What is wrong with a connection; None if nothing is."""
    subject = f"Connection “{patient.name}” of /t/{patient.workspace}/"
    if patient.account is None:
        return problem(subject, "its token cannot be opened: see the encryption keys.")
    try:
        provider_named(patient.provider).verify(patient.account, TIMEOUT_SECONDS)
    except DeliveryRefusedError as error:
        return problem(subject, str(error))
    except DeliveryError as error:
        return warning(subject, f"{error} Look again later.")
    return None


def worker() -> Iterator[Finding]:
    """Beat publishes a sweep every few seconds and a worker runs it: an old one means that one of them is down."""
    swept = cache.get(LAST_SWEEP)
    age = time.time() - swept if swept else None
    if age is None:
        yield problem("Worker and beat", "no sweep is known: start the worker and beat, and see that Redis answers.")
    elif age > STALE_SECONDS:
        yield problem("Worker and beat", f"the last sweep was {age:.0f} s ago: start the worker and beat again.")
    else:
        yield ok("Worker and beat", f"the last sweep was {max(0.0, age):.0f} s ago.")
