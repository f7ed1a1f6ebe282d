"""Talk around an employee: what people say to each other where it listens, kept for a while as context, then blanked.

A row keeps its keys, so that a redelivery is absorbed and an edit that adds a mention is heard.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from channels.models import Connection, Contact, InboxEvent
from channels.providers.base import InboundMessage
from channels.providers.registry import provider_named
from tenants.audit import actions as workspace_actions
from tenants.audit import journal
from tenants.models import Tenant
from tenants.scope import current_tenant_id, tenant_scope

AT_ONCE = 1_000
REMEMBERED = 20
"""Messages that an answer is told of, at most."""


def change(tenant: Tenant, hours: int) -> Tenant:
    """Keep talk around employees for so many hours; 0 keeps none of it. Inside the tenant's scope.

    Raises django.core.exceptions.ValidationError.
    """
    with transaction.atomic():
        kept = Tenant.objects.select_for_update(no_key=True).get(id=tenant.id)
        before, kept.overheard_hours = kept.overheard_hours, hours
        if before != hours:
            kept.full_clean(exclude=["slug"])
            kept.save(update_fields=["overheard_hours"])
            changes = {"overheard_hours": [before, hours]}
            journal.record(workspace_actions.TALK_CHANGED, kept, changes=changes)
    return kept


def kept_since(now: datetime) -> datetime:
    """What the open scope's workspace keeps came in after this."""
    return now - timedelta(hours=_hours())


def _hours() -> int:
    return Tenant.objects.values_list("overheard_hours", flat=True).get(id=current_tenant_id())


def before(connection: Connection, place: str, now: datetime) -> list[InboundMessage]:
    """The newest that people said to others in a thread and is still kept, oldest first, inside the tenant's scope.

    What may be a machine's is left out, unless the provider has said that a person stands behind it.
    """
    since = now - timedelta(hours=connection.tenant.overheard_hours)
    said = InboxEvent.objects.overheard().filter(connection=connection, place=place, received_at__gt=since)
    newest = list(said.order_by("-position").values_list("payload", flat=True)[:REMEMBERED])
    read = (_read(connection, payload) for payload in reversed(newest))
    return _of_people(connection, [message for message in read if message])


def _of_people(connection: Connection, said: Sequence[InboundMessage]) -> list[InboundMessage]:
    unsure = {message.author for message in said if message.is_author_unsure}
    contacts = Contact.objects.filter(connection=connection, external_id__in=unsure, is_machine=False)
    people = set(contacts.values_list("external_id", flat=True)) if unsure else set()
    return [message for message in said if not message.is_author_unsure or message.author in people]


def _read(connection: Connection, payload: str) -> InboundMessage | None:
    try:
        return provider_named(connection.provider).read(payload, connection.bot_user_id)
    except ValueError:
        return None


def is_due(tenant_id: UUID, now: datetime) -> bool:
    """Has this workspace talk that is to be blanked?"""
    with tenant_scope(tenant_id):
        return InboxEvent.objects.overheard().filter(received_at__lt=kept_since(now)).exists()


def blank(tenant_id: UUID) -> int:
    """Blank what is older than the workspace keeps it; returns how many rows. Open no scope around this."""
    blanked = 0
    while count := _blank(tenant_id):
        blanked += count
    return blanked


def _blank(tenant_id: UUID) -> int:
    """One batch, without waiting for anybody who has a row at this moment."""
    with tenant_scope(tenant_id):
        old = InboxEvent.objects.overheard().filter(received_at__lt=kept_since(timezone.now()))
        batch = old.select_for_update(no_key=True, skip_locked=True).order_by("received_at")
        ids = list(batch.values_list("id", flat=True)[:AT_ONCE])
        return InboxEvent.objects.filter(id__in=ids).update(payload="", author="", address={})
