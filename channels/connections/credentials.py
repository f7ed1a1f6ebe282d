"""What a connection lets us call its provider with, and what its own webhooks are verified with."""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from channels.connections import drafts, routes
from channels.models import Connection
from channels.models.connections import TOKEN
from channels.providers.shapes.sending import Account
from tenants.encryption import UndecryptableError
from tenants.scope import tenant_scope

log = logging.getLogger(__name__)

KNOWN_FOR_SECONDS = 60
MOST_KNOWN = 10_000


@dataclass(frozen=True)
class Keyholder:
    """A connection whose own secrets verify what arrives at its own address, detached from the database.

    is_connection: False for a draft, which can prove its address and receive nothing.
    """

    tenant_id: UUID
    connection_id: UUID
    secrets: Mapping[str, str] = field(repr=False)
    is_connection: bool = True


_known: dict[tuple[str, UUID], tuple[float, Keyholder]] = {}
"""By provider and connection, with the end of the time for which it counts."""


def account_of(connection: Connection) -> Account:
    """What a provider call needs, detached from the database."""
    known = connection.credentials
    own = {name: value for name, value in known.items() if name != TOKEN}
    return Account(
        known.get(TOKEN, ""), connection.bot_user_id, connection.installer_id, own, connection.granted_scopes
    )


def as_json(token: str, secrets: Mapping[str, str]) -> str:
    """A connection's credentials, as its column holds them encrypted."""
    return json.dumps({**secrets, TOKEN: token})


def keyholder(provider: str, connection_id: UUID) -> Keyholder | None:
    """Who verifies what arrives at a connection's own address; None for an unknown one. Needs no scope.

    Known for a minute in each process: until then, secrets that were replaced still count. A draft's are looked up each
    time: they may be mended at any moment.
    """
    key, now = (provider, connection_id), time.monotonic()
    until, known = _known.get(key, (0.0, None))
    if known is not None and now < until:
        return known
    found = _looked_up(provider, connection_id)
    if found is not None and found.is_connection:
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[key] = (now + KNOWN_FOR_SECONDS, found)
    return found


def forget_known() -> None:
    """Look every keyholder up again."""
    _known.clear()


def _looked_up(provider: str, connection_id: UUID) -> Keyholder | None:
    """The route, which has no secret, says whose connection it is; only in that tenant's scope it can be read."""
    route = routes.route_to(provider, connection_id)
    if route is None:
        return None
    try:
        with tenant_scope(route.tenant_id):
            connection = Connection.objects.filter(id=connection_id).first()
            secrets = connection.own_secrets if connection else {}
            entered = {} if secrets else drafts.secrets_of(connection_id)
    except (UndecryptableError, ValueError):  # to the sender, it is as if there were none
        log.exception("The own secrets of connection %s cannot be read", connection_id)
        return None
    if not (secrets or entered):
        return None
    return Keyholder(route.tenant_id, connection_id, secrets or entered, is_connection=bool(secrets))
