"""Checking one connection: asking its provider, reading our records, keeping what was found."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from channels import actions
from channels.connections import credentials, health
from channels.health import records, words
from channels.models import Connection, Probe
from channels.providers.base import Provider
from channels.providers.registry import installed
from channels.providers.shapes.health import History, Move, Result, State
from channels.providers.shapes.sending import Account
from channels.reasons import Cause
from tenants.audit import journal
from tenants.encryption import UndecryptableError
from tenants.outbound import patience
from tenants.scope import give_back, tenant_scope

log = logging.getLogger(__name__)
LONGEST_URL = 500
KEPT = (
    "position", "state", "seen", "means", "move", "fix", "fix_url", "since", "checked_at",
)  # fmt: skip


def check(tenant_id: UUID, connection_id: UUID) -> None:
    """Try everything that a connection needs, and keep the results. Asks the provider: open no scope around this."""
    found = _read(tenant_id, connection_id)
    if found is None:
        return
    provider, account, history, own = found
    give_back()
    theirs = _ask(provider, account, history) if account else [_closed()]
    once = {each.probe.code: each for each in (*theirs, *own)}
    with tenant_scope(tenant_id):
        _keep(connection_id, list(once.values()))


def mend(tenant_id: UUID, connection_id: UUID) -> None:
    """Do what a probe's button offers: tell the provider our address again; then check. Open no scope around this.

    Raises channels.providers.base.DeliveryError.
    """
    found = _read(tenant_id, connection_id)
    if found is None:
        return
    provider, account, history, _own = found
    if account is None:
        return
    give_back()
    provider.mend(account, history)
    with tenant_scope(tenant_id):
        journal.record(actions.CHANNEL_MENDED, Connection.objects.get(id=connection_id))
    check(tenant_id, connection_id)


def _read(tenant_id: UUID, connection_id: UUID) -> tuple[Provider, Account | None, History, list[Result]] | None:
    """What is needed of a connection; None for one that is disconnected, or whose provider is gone."""
    with tenant_scope(tenant_id):
        connection = Connection.objects.exclude(state=Connection.State.DISCONNECTED).filter(id=connection_id).first()
        provider = installed(connection.provider) if connection else None
        if connection is None or provider is None:
            return None
        read = records.read(connection, timezone.now(), provider.personal)
        return provider, _account(connection), records.history_of(read), list(records.probes(read))


def _account(connection: Connection) -> Account | None:
    try:
        return credentials.account_of(connection)
    except (UndecryptableError, ValueError):
        log.exception("The credentials of connection %s cannot be opened", connection.id)
        return None


def _closed() -> Result:
    seen, means = words.CLOSED(), words.CLOSED_MEANS()
    return Result(words.CREDENTIALS, State.FAILS, seen, means, Move.OURS, breaks=True)


def _ask(provider: Provider, account: Account, history: History) -> Sequence[Result]:
    """Raises patience.BusyError if too many web requests wait for the same already."""
    try:
        return provider.probes(account, history)
    except patience.BusyError:
        raise
    except Exception as error:  # one provider's mistake must not hide what our records say
        log.exception("The probes of a connection of %s failed", provider.name)
        return [Result(words.ALL, State.UNASKED, words.NOT_MADE(error=type(error).__name__), move=Move.OURS)]


def _keep(connection_id: UUID, results: Sequence[Result]) -> None:
    """Inside the scope. Nothing for a connection that was disconnected meanwhile."""
    with transaction.atomic():
        locked = Connection.objects.select_for_update(no_key=True).filter(id=connection_id)
        connection = locked.exclude(state=Connection.State.DISCONNECTED).first()
        if connection is None:
            return
        known = {each.key: each for each in Probe.objects.filter(connection=connection)}
        rows = [_row(connection, position, each, known) for position, each in enumerate(results)]
        Probe.objects.bulk_create(rows, update_conflicts=True, unique_fields=["connection", "key"], update_fields=KEPT)
        Probe.objects.filter(connection=connection).exclude(key__in=[each.key for each in rows]).delete()
        _settle(connection, results)


def _row(connection: Connection, position: int, result: Result, known: Mapping[str, Probe]) -> Probe:
    now, key = timezone.now(), result.probe.code
    before = known.get(key)
    return Probe(
        connection=connection,
        key=key,
        position=position,
        state=result.state,
        seen=result.seen,
        means=result.means,
        move=result.move,
        fix=result.fix.verb,
        fix_url=result.fix.url[:LONGEST_URL],
        since=before.since if before and before.state == result.state else now,
        checked_at=now,
    )


def _settle(connection: Connection, results: Iterable[Result]) -> None:
    """What silences a connection breaks it; if nothing does any more, it works again."""
    matters = [each for each in results if each.breaks]
    bad = next((each for each in matters if each.state is State.FAILS), None)
    if bad:
        health.broke(connection.id, bad.seen, f"{Cause.UNWELL}:{bad.probe.code}"[:80])
    elif connection.state == Connection.State.BROKEN and _is_well(connection, matters):
        health.recovered(connection.id)


def _is_well(connection: Connection, matters: Sequence[Result]) -> bool:
    """The provider took the token, and what broke it passes: that nobody could tell is no recovery."""
    works = {State.PASSES, State.WARNS}
    own = words.HOLDER.code, words.GO_OUT.code
    is_asked = any(each.state in works and each.probe.code not in own for each in matters)
    cause, _colon, code = connection.cause.partition(":")
    states = {each.probe.code: each.state for each in matters}
    if cause == Cause.UNWELL and code in states:
        return is_asked and states[code] in works
    return is_asked and not any(each.state is State.UNASKED and each.probe.code not in own for each in matters)
