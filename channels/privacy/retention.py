"""How long a workspace keeps conversations."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from agents.models import Conversation
from channels import actions
from channels.models import InboxEvent
from channels.privacy import forgetting
from tenants.audit import actions as workspace_actions
from tenants.audit import journal
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.wordings import Wording

log = logging.getLogger(__name__)

OLDER = Wording("channels.older_forgotten", _("%(count)d older than %(days)d days, counted from their last message."))
AT_ONCE = 100
EVENTS_AT_ONCE = 1_000


def change(tenant: Tenant, days: int | None) -> Tenant:
    """Keep conversations for this many days after their last message; None keeps them. Inside the tenant's scope.

    Raises django.core.exceptions.ValidationError.
    """
    with transaction.atomic():
        kept = Tenant.objects.select_for_update(no_key=True).get(id=tenant.id)
        before, kept.retention_days = kept.retention_days, days
        if before != days:
            kept.full_clean(exclude=["slug"])
            kept.save(update_fields=["retention_days"])
            changes = {"retention_days": [before, days]}
            journal.record(workspace_actions.RETENTION_CHANGED, kept, changes=changes)
    return kept


def older_than(days: int, now: datetime) -> QuerySet[Conversation]:
    """Conversations whose last message is older, inside the tenant's scope."""
    return Conversation.objects.filter(last_turn_at__lt=now - timedelta(days=days))


def forget_old(tenant_id: UUID) -> int:
    """Delete what a workspace does not want to keep longer; returns how many conversations. Open no scope around this.

    Conversations with something under way are left for another night.
    """
    days = Tenant.objects.filter(id=tenant_id).values_list("retention_days", flat=True).first()
    if days is None:
        return 0
    now, after, forgotten = timezone.now(), UUID(int=0), 0
    while batch := _next(tenant_id, days, now, after):
        forgotten += _forget(tenant_id, batch)
        after = batch[-1]
    while _empty_events(tenant_id, now - timedelta(days=days)):
        pass
    if forgotten:
        with tenant_scope(tenant_id):
            detail = OLDER(count=forgotten, days=days)
            journal.record(actions.CONVERSATIONS_FORGOTTEN, detail=detail)
    return forgotten


def _next(tenant_id: UUID, days: int, now: datetime, after: UUID) -> list[UUID]:
    with tenant_scope(tenant_id):
        old = older_than(days, now).filter(id__gt=after).order_by("id")
        return list(old.values_list("id", flat=True)[:AT_ONCE])


def _forget(tenant_id: UUID, conversations: list[UUID]) -> int:
    """If somebody writes at this very moment, the batch stays for another night."""
    try:
        for conversation in conversations:
            forgetting.thin(tenant_id, conversation)
        with tenant_scope(tenant_id):
            return forgetting.forget(conversations)
    except (IntegrityError, OperationalError) as error:
        log.warning("Some old conversations were not deleted this time: %s", error)
        return 0


def _empty_events(tenant_id: UUID, before: datetime) -> int:
    """What was said to others is in events without a conversation: its words go too."""
    with tenant_scope(tenant_id):
        old = InboxEvent.objects.filter(thread=None, received_at__lt=before).exclude(payload="")
        ids = list(old.order_by("id").values_list("id", flat=True)[:EVENTS_AT_ONCE])
        return InboxEvent.objects.filter(id__in=ids).update(payload="", author="", address={})
