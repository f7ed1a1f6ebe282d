"""Connections that are being set up by hand: what was entered so far, until they are connected or expire."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from secrets import token_urlsafe
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from channels import actions
from channels.models import Connection, ConnectionDraft, Route
from tenants.audit import journal
from tenants.encryption import Secret, UndecryptableError
from tenants.scope import current_tenant_id, tenant_scope
from tenants.wordings import Wording

LIFE = timedelta(days=7)
"""An administrator at the provider may have to approve something first."""
DRAFT = "draft:"
"""Begins the outside id of a draft's route, which no provider uses."""
BEGUN = Wording("channels.setup_begun", _("Began to set one up by hand."))
ENTERED = Wording("channels.setup_entered", _("Entered its credentials."))


def begin(provider: str) -> ConnectionDraft:
    """The draft of this provider that the workspace has already, else a new one, inside the tenant's scope."""
    taken = Connection.objects.filter(provider=provider).values("id")
    found = _open().filter(provider=provider).exclude(id__in=taken).order_by("-expires_at").first()
    return found or _made(ConnectionDraft(provider=provider))


def of(provider: str, connection_id: UUID, is_by_hand: Callable[[str], bool]) -> ConnectionDraft | None:
    """The draft with this id: one that was begun, or a fresh one, unsaved, for a connection that is to be renewed.

    is_by_hand: was the connection with this outside id set up by hand, too?
    """
    found = _open().filter(provider=provider, id=connection_id).first()
    if found is not None:
        return found
    known = Connection.objects.filter(provider=provider, id=connection_id).first()
    if known is None or not is_by_hand(known.external_id):
        return None
    draft = ConnectionDraft(id=connection_id, provider=provider, expires_at=timezone.now() + LIFE)
    if known.facts:
        draft.secrets = Secret(json.dumps({**known.facts, **known.own_secrets}))
    return draft


def prove(tenant_id: UUID, connection_id: UUID) -> None:
    """The provider asked at the address of this connection to be, and what was entered verified it."""
    with tenant_scope(tenant_id):
        _open().filter(id=connection_id, proven_at=None).update(proven_at=timezone.now())


def secrets_of(connection_id: UUID) -> Mapping[str, str]:
    """What was entered for this connection to be. Raises UndecryptableError."""
    found = _open().filter(id=connection_id).first()
    return found.values if found else {}


def keep(draft: ConnectionDraft, name: str, value: str) -> None:
    """Keep one value that was entered, without another; an empty one is forgotten. Inside the tenant's scope."""
    with transaction.atomic():
        known = ConnectionDraft.objects.select_for_update(no_key=True).filter(id=draft.id).first() or draft
        values = {**known.values, name: value}
        draft.secrets = json.dumps({each: said for each, said in values.items() if said})
        draft.expires_at = timezone.now() + LIFE
        kept = {"provider": draft.provider, "secrets": draft.secrets, "expires_at": draft.expires_at}
        ConnectionDraft.objects.update_or_create(id=draft.id, defaults=kept)


def complete(draft: ConnectionDraft, values: Mapping[str, str], generated: Iterable[str]) -> Mapping[str, str]:
    """What was entered, with the secrets that we make up ourselves: the same ones as long as the draft lives."""
    try:
        known = draft.values
    except UndecryptableError:
        known = {}
    return {**values, **{name: known.get(name) or token_urlsafe(24) for name in generated}}


def enter(draft: ConnectionDraft, values: Mapping[str, str]) -> None:
    """Keep what was entered, and open its address to the provider's question whether that is right."""
    with transaction.atomic():
        draft.secrets, draft.expires_at = json.dumps(dict(values)), timezone.now() + LIFE
        ConnectionDraft.objects.update_or_create(
            id=draft.id,
            defaults={
                "provider": draft.provider,
                "secrets": draft.secrets,
                "expires_at": draft.expires_at,
                "proven_at": None,
            },
        )
        _open_address(draft)
        journal.record(actions.INSTALL_BEGUN, detail=ENTERED())


def close(connection_id: UUID) -> None:
    """It is connected: forget the draft."""
    Route.objects.filter(connection_id=connection_id, external_id=f"{DRAFT}{connection_id}").delete()
    ConnectionDraft.objects.filter(id=connection_id).delete()


def who_has_some() -> Iterable[UUID]:
    """The tenants with drafts. Needs no scope."""
    return Route.objects.filter(external_id__startswith=DRAFT).values_list("tenant_id", flat=True).distinct()


def forget_expired(tenant_id: UUID) -> None:
    """Delete what was abandoned."""
    with tenant_scope(tenant_id):
        abandoned = ConnectionDraft.objects.filter(expires_at__lte=timezone.now())
        for draft_id in list(abandoned.values_list("id", flat=True)):
            close(draft_id)


def _open() -> QuerySet[ConnectionDraft]:
    return ConnectionDraft.objects.filter(expires_at__gt=timezone.now())


def _made(draft: ConnectionDraft) -> ConnectionDraft:
    draft.expires_at = timezone.now() + LIFE
    with transaction.atomic():
        draft.save(force_insert=True)
        _open_address(draft)
        journal.record(actions.INSTALL_BEGUN, detail=BEGUN())
    return draft


def _open_address(draft: ConnectionDraft) -> None:
    """Who asks there finds the draft by its route, unless a connection with this id has one."""
    if not Route.objects.filter(connection_id=draft.id).exists():
        key = {"provider": draft.provider, "external_id": f"{DRAFT}{draft.id}"}
        Route.objects.create(**key, tenant_id=current_tenant_id(), connection_id=draft.id)
