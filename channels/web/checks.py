"""The doctor's checks of the providers, of every tenant's connection, and of the worker."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.core.cache import cache
from django.db import connection as database

from channels.connections import credentials
from channels.health import due
from channels.models import Connection
from channels.providers.base import DeliveryError, DeliveryRefusedError
from channels.providers.registry import provider_named, providers
from channels.providers.shapes.sending import Account
from tenants.doctor.report import TIMEOUT_SECONDS, Finding, ok, problem, skipped, warning
from tenants.encryption import UndecryptableError
from tenants.jobs.sweeps import LAST_SWEEP
from tenants.models import Tenant
from tenants.scope import tenant_scope

AT_ONCE = 8
STALE_SECONDS = 30


def platforms() -> Iterator[Finding]:
    """Does each provider have what the platform itself needs of it?"""
    for provider in providers():
        yield from provider.check()


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


def tenants_probes() -> Iterator[Finding]:
    """How many connections fail what is checked each hour, by provider. Counts only: nothing of a workspace."""
    found = due.failing()
    for label, failing, warned in found:
        count = f"{failing} of {label} fail a check" if failing else f"{warned} of {label} have a warning"
        more = f", {warned} more have a warning" if failing and warned else ""
        yield warning("Channels", f"{count}{more}: each workspace sees them under Channels.")
    if not found:
        yield ok("Channels", "no connection failed a check within the last hours.")


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
