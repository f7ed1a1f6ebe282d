"""Who a provider's events are for: what reading them needs to know of the connection, kept for a minute.

It is only for reading. Which workspace an event is stored in is looked up again with every event, in the statement that
stores it (channels/messages/incoming/receive.py).
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from channels.connections import routes
from channels.models import Connection
from tenants.scope import tenant_scope

KNOWN_FOR_SECONDS = 60
MOST_KNOWN = 10_000

Key = tuple[str, UUID | Sequence[str]]


@dataclass(frozen=True)
class Recipient:
    """A connection as a reader of events needs it, detached from the database."""

    tenant_id: UUID
    connection_id: UUID
    external_id: str
    bot_user_id: str


class _Known:
    """Recipients with the end of the time for which they count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[Key, tuple[float, Recipient]] = {}
        self.version = 0

    def get(self, key: Key) -> Recipient | None:
        until, recipient = self._found.get(key, (0.0, None))
        return recipient if time.monotonic() < until else None

    def keep(self, key: Key, recipient: Recipient, version: int) -> None:
        """Not if something was forgotten since this version: then it may have been looked up before."""
        with self._lock:
            if version != self.version:
                return
            if len(self._found) >= MOST_KNOWN:
                self._found = {}
            self._found[key] = time.monotonic() + KNOWN_FOR_SECONDS, recipient

    def forget(self) -> None:
        with self._lock:
            self.version += 1
            self._found = {}


_known = _Known()


def recipient_of(provider: str, accounts: tuple[str, ...], own: UUID | None = None) -> Recipient | None:
    """The connection of the first of these accounts that is connected; None if there is none. Needs no scope.

    own: the connection whose own secret verified the request, so no other one is looked for.

    Known for a minute in each process, if there is one; whoever connects or disconnects in this process ends that.
    With a stale one, an event may be misread, and no more: while another process does not know yet that an account was
    connected, or has another bot user now, it may take a mention of that for one of somebody else, and our own message
    for a person's. The worker reads both again. Nothing is stored in a wrong workspace, or one that has disconnected.
    """
    key, version = (provider, own or accounts), _known.version
    known = _known.get(key)
    if known is None or known.external_id not in accounts:
        known = _looked_up(provider, accounts, own)
        if known:
            _known.keep(key, known, version)
    return known


def forget_known() -> None:
    """Look every recipient up again, since a connection was made or ended."""
    _known.forget()


def _looked_up(provider: str, accounts: tuple[str, ...], own: UUID | None) -> Recipient | None:
    route = routes.route_for(provider, accounts, own)
    if route is None:
        return None
    with tenant_scope(route.tenant_id):
        connections = Connection.objects.filter(id=route.connection_id)
        bot_user_id = connections.values_list("bot_user_id", flat=True).first()
    if bot_user_id is None:
        return None  # erased at this very moment
    return Recipient(route.tenant_id, route.connection_id, route.external_id, bot_user_id)
