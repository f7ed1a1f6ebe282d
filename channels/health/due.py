"""Whose turn it is to be checked: each connection once an hour, workspaces in turn."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from channels.connections.drafts import DRAFT
from channels.models import Route
from tenants.jobs import sweeps


def due() -> list[tuple[UUID, UUID]]:
    """Connections to be checked now, as (tenant, connection). Needs no scope: routes belong to none."""
    waiting = Route.objects.filter(check_at__lte=timezone.now()).exclude(external_id__startswith=DRAFT)
    return sweeps.drawn_in_turn(waiting.order_by("check_at").values_list("tenant_id", "connection_id"))


def take(connection_id: UUID) -> bool:
    """Claim its check; False if somebody else has, or it is not due. If that dies, the next one follows in time."""
    now = timezone.now()
    mine = Route.objects.filter(connection_id=connection_id, check_at__lte=now)
    return bool(mine.update(check_at=now + timedelta(seconds=settings.CHECK_SECONDS)))
