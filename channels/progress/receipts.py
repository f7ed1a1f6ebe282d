"""A message has just come in: people see at once that it did, whatever the workers are busy with."""

import time
from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from channels.models import Connection, InboxEvent
from channels.progress.audience import Audience, audience_of, end_once_saved, place_of
from channels.progress.board import board
from channels.providers.base import InboundMessage, Progress, Provider
from tenants.scope import tenant_scope

TITLE_LENGTH = 200
KNOWN_FOR_SECONDS = 60.0
MOST_KNOWN = 10_000

MOST_A_SECOND = 20
"""Of one process. In a rush, people see what a worker shows them when it takes their message up, a moment later."""

_known: dict[UUID, tuple[float, Audience]] = {}
"""Whom to tell at a connection, wherever there, with the time until which it counts."""


class Pace:
    """How often something may be done in a second. An approximate count is enough, so threads need no lock."""

    def __init__(self, most: int) -> None:
        self._most, self._second, self._done = most, 0, 0

    def has_room(self, now: float) -> bool:
        """Count one more; whether it is within the limit of this second. now: in seconds, from any beginning."""
        second = int(now)
        if second != self._second:
            self._second, self._done = second, 0
        self._done += 1
        return self._done <= self._most


_pace = Pace(MOST_A_SECOND)


def show(provider: Provider, tenant_id: UUID, connection_id: UUID, message: InboundMessage) -> None:
    """Show its author that a message is stored, if the provider can and somebody will look at it. Returns at once.

    Only during the quiet period, in which no worker takes it up: later a worker shows what comes of it.
    """
    if not provider.capabilities.shows_receipt or not message.is_addressed or message.is_author_unsure:
        return
    now = time.monotonic()
    if not _pace.has_room(now):
        return
    until = now + provider.quiet_seconds

    def tell() -> None:
        shown = _audience(tenant_id, connection_id) if time.monotonic() < until else None
        if shown and time.monotonic() < until:
            title = " ".join(message.text.split())[:TITLE_LENGTH]
            told = Progress(Progress.What.RECEIVED, title, message.key, message.author)
            replace(shown, address=message.address).show_now(told)

    board().put(tenant_id, place_of(connection_id, message.address), tell)


def end(connection: Connection, events: Iterable[InboxEvent]) -> None:
    """Of these, nobody answers those that are set aside; inside the transaction that saves them."""
    for event in events:
        if event.state in {InboxEvent.State.IGNORED, InboxEvent.State.FAILED} and event.is_addressed:
            end_once_saved(connection, event.address)


def _audience(tenant_id: UUID, connection_id: UUID) -> Audience | None:
    """Whom to tell, known for a minute in each process; None if nobody can be told."""
    until, known = _known.get(connection_id, (0.0, None))
    if known and time.monotonic() < until:
        return known
    with tenant_scope(tenant_id):
        connection = Connection.objects.filter(id=connection_id, state=Connection.State.ACTIVE).first()
        found = audience_of(connection, {}) if connection else None
    if found:
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[connection_id] = time.monotonic() + KNOWN_FOR_SECONDS, found
    return found
