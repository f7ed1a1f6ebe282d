"""Which workspace an outside account belongs to: one at a time."""

from uuid import UUID

from django.db import IntegrityError, transaction

from channels.models import Connection, Route
from channels.providers.connecting import AccountTakenError
from tenants.scope import current_tenant_id


def route_of(provider: str, external_id: str) -> Route | None:
    """Which tenant an outside account belongs to; needs no scope."""
    return Route.objects.filter(provider=provider, external_id=external_id).first()


def route_to(provider: str, connection_id: UUID) -> Route | None:
    """Which tenant a connection belongs to, while it has its outside account; needs no scope."""
    return Route.objects.filter(provider=provider, connection_id=connection_id).first()


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
