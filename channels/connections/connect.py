"""Connecting an outside account to a workspace, and what it listens to."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from channels import actions
from channels.connections import credentials, drafts, handover, recipients, routes
from channels.connections.health import AUDITED
from channels.models import Connection
from channels.providers.connecting import (
    ADDRESS,
    BY_HAND,
    PROVEN,
    AccountTakenError,
    Admit,
    AnotherAddressError,
    Installed,
)
from channels.providers.registry import provider_named
from tenants.audit import journal
from tenants.scope import tenant_scope
from tenants.wordings import NOTHING, Wording

INSTALLED = Wording("channels.installed_by", _("Installed at %(provider)s by %(person)s."))
OPENED = Wording("channels.opened_here", _("Opened here, without an account anywhere else."))


def connect(installed: Installed) -> Connection:
    """Connect, or connect again with a fresh token, inside the tenant's scope.

    Raises AccountTakenError if another tenant has this account and did not release it, and AnotherAddressError if this
    workspace has it under another id than the one that it was set up with.
    """
    key: dict[str, Any] = {"provider": installed.provider, "external_id": installed.external_id}
    with transaction.atomic():
        known = Connection.objects.filter(**key).first()
        _check_address(known, installed.connection_id)
        connection, _made = Connection.objects.update_or_create(
            **key,
            defaults=_fields(installed),
            create_defaults=_fields(installed) | ({"id": installed.connection_id} if installed.connection_id else {}),
        )
        handover.take(connection)
        routes.claim(connection)
        drafts.close(connection.id)
        _record_connected(known, connection)
        transaction.on_commit(recipients.forget_known)
    return connection


def gate(tenant_id: UUID, provider: str, connection_id: UUID | None = None) -> Admit:
    """Whether an account may be connected here, asked before anything is changed at the provider. Needs no scope.

    Else its messages would already go elsewhere when it turns out that another workspace has it.
    """

    def admit(external_id: str, name: str) -> None:
        with tenant_scope(tenant_id):
            if not routes.is_free(provider, external_id):
                raise AccountTakenError(name)
            _check_address(Connection.objects.filter(provider=provider, external_id=external_id).first(), connection_id)

    return admit


def _check_address(known: Connection | None, wanted: UUID | None) -> None:
    """What the provider calls has the connection's id in its address: it must be that of this account."""
    if wanted is None or (known and known.id == wanted):
        return
    other = known or Connection.objects.filter(id=wanted).first()
    if other is not None:
        raise AnotherAddressError(other.name, is_known=known is not None)


def _fields(installed: Installed) -> dict[str, Any]:
    return {
        "name": installed.name,
        "token": "",
        "secrets": credentials.as_json(installed.token, installed.secrets),
        "bot_user_id": installed.bot_user_id,
        "installer_id": installed.installer_id,
        "scopes": installed.scopes,
        "facts": dict(installed.facts),
        "state": Connection.State.ACTIVE,
        "error": NOTHING,
        "cause": "",
        "lost_at": None,
        "connected_at": timezone.now(),
    }


def _record_connected(known: Connection | None, connection: Connection) -> None:
    before = journal.snapshot(known, AUDITED) if known else {}
    provider = provider_named(connection.provider)
    installed = INSTALLED(provider=provider.label, person=connection.installer_id)
    detail = OPENED() if provider.capabilities.is_hosted else installed
    changes = journal.difference(before, journal.snapshot(connection, AUDITED))
    journal.record(actions.CHANNEL_CONNECTED, connection, changes=changes, detail=detail)


def prove_address(tenant_id: UUID, connection_id: UUID) -> None:
    """The provider asked at the address that somebody pasted there by hand, and its question was right."""
    with tenant_scope(tenant_id):
        waiting = Connection.objects.select_for_update(no_key=True).filter(id=connection_id, facts__address=BY_HAND)
        for connection in waiting:
            connection.facts = {**(connection.facts or {}), ADDRESS: PROVEN}
            connection.save(update_fields=["facts"])


def listen(connection: Connection, *, only_when_mentioned: bool) -> Connection:
    """Set what is answered in its channels: only mentions, or also further messages of whoever asked in a thread."""
    with transaction.atomic():
        changed = Connection.objects.select_for_update(no_key=True).get(id=connection.id)
        before, changed.only_when_mentioned = changed.only_when_mentioned, only_when_mentioned
        if before != only_when_mentioned:
            changed.save(update_fields=["only_when_mentioned"])
            changes = {"only_when_mentioned": [before, only_when_mentioned]}
            journal.record(actions.CHANNEL_CHANGED, changed, changes=changes)
    return changed


def allow_origins(connection: Connection, origins: Sequence[str]) -> Connection:
    """Set whose sites may show a connection's page in a frame."""
    with transaction.atomic():
        changed = Connection.objects.select_for_update(no_key=True).get(id=connection.id)
        before, changed.allowed_origins = changed.allowed_origins, "\n".join(origins)
        if before != changed.allowed_origins:
            changed.save(update_fields=["allowed_origins"])
            changes = {"allowed_origins": [before, changed.allowed_origins]}
            journal.record(actions.CHANNEL_EMBEDDED, changed, changes=changes)
    return changed
