"""Connecting an outside account to a workspace, and what ends it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from agents.runs import steps
from channels import actions, reasons
from channels.models import Connection, Delivery, InboxEvent, Route
from channels.providers.base import Account, RefusedError
from channels.reasons import Cause
from tenants.audit import actor, journal
from tenants.audit.journal import Action
from tenants.scope import current_tenant_id

AUDITED = ("provider", "external_id", "name", "scopes", "state")


class AccountTakenError(Exception):
    """Another workspace of Roster has this outside account."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"“{name}” is connected to another workspace of Roster. "
            "It has to be disconnected there before it can be connected here."
        )


@dataclass(frozen=True)
class Installed:
    """What an installation at a provider brought."""

    provider: str
    external_id: str
    name: str
    token: str
    bot_user_id: str
    installer_id: str
    scopes: str


def route_of(provider: str, external_id: str) -> Route | None:
    """Which tenant an outside account belongs to; needs no scope."""
    return Route.objects.filter(provider=provider, external_id=external_id).first()


def connect(installed: Installed) -> Connection:
    """Connect, or connect again with a fresh token, inside the tenant's scope.

    Raises AccountTakenError if another tenant has this account.
    """
    key: dict[str, Any] = {"provider": installed.provider, "external_id": installed.external_id}
    with transaction.atomic():
        known = Connection.objects.filter(**key).first()
        connection, _ = Connection.objects.update_or_create(
            **key,
            defaults={
                "name": installed.name,
                "token": installed.token,
                "bot_user_id": installed.bot_user_id,
                "installer_id": installed.installer_id,
                "scopes": installed.scopes,
                "state": Connection.State.ACTIVE,
                "error": "",
                "cause": "",
                "lost_at": None,
                "connected_at": timezone.now(),
            },
        )
        _claim_route(connection)
        _record_connected(known, connection)
    return connection


def _record_connected(known: Connection | None, connection: Connection) -> None:
    before = journal.snapshot(known, AUDITED) if known else {}
    detail = f"Installed at {connection.provider.title()} by {connection.installer_id}."
    changes = journal.difference(before, journal.snapshot(connection, AUDITED))
    journal.record(actions.CHANNEL_CONNECTED, connection, changes=changes, detail=detail)


def _claim_route(connection: Connection) -> None:
    key = {"provider": connection.provider, "external_id": connection.external_id}
    try:
        with transaction.atomic():
            Route.objects.get_or_create(
                **key, defaults={"tenant_id": current_tenant_id(), "connection_id": connection.id}
            )
    except IntegrityError as error:
        raise AccountTakenError(connection.name) from error
    if Route.objects.get(**key).tenant_id != current_tenant_id():
        raise AccountTakenError(connection.name)


def listen(connection: Connection, *, only_when_mentioned: bool) -> Connection:
    """Set what is answered in its channels: only what mentions the employee, or also replies of whoever asked it."""
    with transaction.atomic():
        changed = Connection.objects.select_for_update(no_key=True).get(id=connection.id)
        before, changed.only_when_mentioned = changed.only_when_mentioned, only_when_mentioned
        if before != only_when_mentioned:
            changed.save(update_fields=["only_when_mentioned"])
            changes = {"only_when_mentioned": [before, only_when_mentioned]}
            journal.record(actions.CHANNEL_CHANGED, changed, changes=changes)
    return changed


def disconnect(
    connection: Connection,
    reason: str,
    cause: Cause = Cause.DISCONNECTED,
    action: Action = actions.CHANNEL_DISCONNECTED,
) -> None:
    """Erase the token, give the outside account free, and cancel what was queued.

    reason: for the trail and staff, cause: the same for pages.
    """
    with transaction.atomic():
        before = journal.snapshot(connection, AUDITED)
        connection.token = ""
        connection.state, connection.error, connection.cause = Connection.State.DISCONNECTED, reason, cause
        connection.lost_at = connection.lost_at or timezone.now()
        connection.save(update_fields=["token", "state", "error", "cause", "lost_at"])
        Route.objects.filter(connection_id=connection.id, tenant_id=current_tenant_id()).delete()
        _cancel_queued(connection, reason, cause)
        changes = journal.difference(before, journal.snapshot(connection, AUDITED))
        if changes:
            journal.record(action, connection, changes=changes, detail=reason)


def _cancel_queued(connection: Connection, reason: str, cause: Cause) -> None:
    """End what waits, what is being answered (its worker is fenced off, its call settled) and what is to be sent."""
    for thread in connection.threads.select_for_update(no_key=True).filter(leased_until__isnull=False):
        thread.overtake()
        steps.abandon(thread.conversation)
    events = InboxEvent.objects.filter(connection=connection, state__in=InboxEvent.UNFINISHED)
    events.update(state=InboxEvent.State.FAILED, reason=reason, cause=cause, finished_at=timezone.now())
    waiting = Delivery.objects.filter(thread__connection=connection, state=Delivery.State.PENDING)
    waiting.update(state=Delivery.State.FAILED, error=reason, cause=cause)


def ended_at_provider(connection: Connection, at: datetime | None) -> None:
    """The provider says that the app was removed. News older than a new installation is ignored."""
    if at is None or at >= connection.connected_at.replace(microsecond=0):
        reason = f"{connection.name} removed the app. Connect it again to go on."
        disconnect(connection, reason, Cause.REMOVED, actions.CHANNEL_ENDED)


def refused(connection_id: UUID, error: RefusedError) -> None:
    """The provider refused a call; if it no longer accepts the token, the operator has to connect again."""
    if not error.breaks_connection:
        return
    with transaction.atomic():
        active = Connection.objects.filter(id=connection_id, state=Connection.State.ACTIVE)
        lost = {"cause": reasons.cause_of(error), "lost_at": timezone.now()}
        if active.update(state=Connection.State.BROKEN, error=str(error), **lost):
            changes = {"state": [Connection.State.ACTIVE, Connection.State.BROKEN]}
            broken = Connection.objects.get(id=connection_id)
            with actor.acting(actor.SYSTEM):
                journal.record(actions.CHANNEL_BROKEN, broken, changes=changes, detail=str(error))


def account_of(connection: Connection) -> Account:
    """What a provider call needs, detached from the database."""
    token = connection.token.reveal() if connection.token else ""
    return Account(token, connection.bot_user_id, connection.installer_id)
