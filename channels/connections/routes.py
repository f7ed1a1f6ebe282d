"""Which workspace an outside account belongs to: one at a time."""

from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from channels.models import Connection, Route
from channels.providers.connecting import AccountTakenError
from tenants.scope import current_tenant_id


def route_of(provider: str, *external_ids: str) -> Route | None:
    """Which tenant the first of these outside accounts that is connected belongs to; needs no scope."""
    connected = Route.objects.filter(provider=provider, external_id__in=external_ids)
    found = {route.external_id: route for route in connected}
    return next((found[each] for each in external_ids if each in found), None)


def route_to(provider: str, connection_id: UUID) -> Route | None:
    """Which tenant a connection belongs to, while it has its outside account; needs no scope."""
    return Route.objects.filter(provider=provider, connection_id=connection_id).first()


def route_for(provider: str, accounts: Sequence[str], own: UUID | None = None) -> Route | None:
    """Where something for these accounts goes: to the first that is connected; needs no scope.

    own: the connection whose own secret verified it. That speaks for its own account alone.
    """
    route = route_to(provider, own) if own else route_of(provider, *accounts)
    return route if route and route.external_id in accounts else None


def is_free(provider: str, external_id: str) -> bool:
    """May the open scope's tenant connect this outside account? Another one that has it must have released it."""
    taken = Route.objects.filter(provider=provider, external_id=external_id).exclude(tenant_id=current_tenant_id())
    return not taken.exclude(released_until__gt=timezone.now()).exists()


def claim(connection: Connection) -> None:
    """Keep the outside account for the open scope's tenant. Raises AccountTakenError."""
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
