"""Whose turn it is to be checked: each connection once an hour, workspaces in turn."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from channels.connections.drafts import DRAFT
from channels.models import Probe, Route
from channels.providers.registry import installed
from channels.providers.shapes.health import State
from tenants.jobs import sweeps
from tenants.scope import sweeper_scope


def due() -> list[tuple[UUID, UUID]]:
    """Connections to be checked now, as (tenant, connection). Needs no scope: routes belong to none."""
    waiting = Route.objects.filter(check_at__lte=timezone.now()).exclude(external_id__startswith=DRAFT)
    return sweeps.drawn_in_turn(waiting.order_by("check_at").values_list("tenant_id", "connection_id"))


def take(tenant_id: UUID, connection_id: UUID) -> bool:
    """Claim its check; False if somebody else has, or it is not due. If that dies, the next one follows in time."""
    now = timezone.now()
    mine = Route.objects.filter(tenant_id=tenant_id, connection_id=connection_id, check_at__lte=now)
    return bool(mine.update(check_at=now + timedelta(seconds=settings.CHECK_SECONDS)))


def failing() -> list[tuple[str, int, int]]:
    """For staff: how many connections of each provider fail a check, and how many more have a warning. Needs no scope.

    The role `sweeper` sees states and ids only, and routes, which belong to no workspace's scope, name the provider.
    """
    bad, warned = (_with(state) for state in (State.FAILS, State.WARNS))
    found: Counter[tuple[str, State]] = Counter()
    for connection_id, provider in Route.objects.filter(connection_id__in=bad | warned).values_list(
        "connection_id", "provider"
    ):
        found[provider, State.FAILS if connection_id in bad else State.WARNS] += 1
    names = sorted({provider for provider, _state in found})
    return [(_label(name), found[name, State.FAILS], found[name, State.WARNS]) for name in names]


def _with(state: State) -> set[UUID]:
    with sweeper_scope():
        rows = Probe.objects.filter(state=state).order_by().values_list("connection_id", flat=True).distinct()
        return set(rows[: sweeps.CONSIDERED])


def _label(provider: str) -> str:
    its = installed(provider)
    return its.label if its else provider.title()
