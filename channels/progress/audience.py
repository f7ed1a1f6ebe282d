"""Who is shown how far an employee is: those who wait at one address of one connection."""

import logging
from dataclasses import dataclass
from uuid import UUID

from django.db import connection as database
from django.db import transaction

from channels.connections import credentials
from channels.models import Connection
from channels.progress.board import board
from channels.providers.base import DeliveryError, DeliveryNotNowError, Progress, Provider
from channels.providers.registry import provider_named
from channels.providers.shapes.sending import Account, Address
from tenants.outbound import event_loop
from tenants.scope import current_tenant_id

log = logging.getLogger(__name__)

What = Progress.What
ENDS, LONGEST_WAIT = (What.DONE, What.FAILED), 60.0
_failing: set[UUID] = set()
"""Connections where the last try failed: each is logged once."""


@dataclass(frozen=True)
class Audience:
    """Detached from the database."""

    tenant_id: UUID
    connection_id: UUID
    provider: Provider
    account: Account
    address: Address

    def show(self, progress: Progress) -> None:
        """Soon, and as well as it goes. Returns at once."""
        if self.provider.capabilities.shows_progress:
            place = place_of(self.connection_id, self.address)
            board().put(self.tenant_id, place, lambda: self.show_now(progress))

    def show_now(self, progress: Progress, tries: int = 3) -> None:
        """Call the provider, in a thread of the board's. Never raises what the provider does."""
        database.close()
        try:
            self.provider.progress(self.account, self.address, progress)
        except DeliveryNotNowError as error:
            if tries and progress.what in ENDS:
                event_loop.later(min(error.retry_after, LONGEST_WAIT), lambda: self._again(progress, tries - 1))
        except DeliveryError as error:
            if self.connection_id not in _failing:
                log.warning("People at connection %s see nothing of the progress: %s", self.connection_id, error)
            _failing.add(self.connection_id)
        else:
            _failing.discard(self.connection_id)

    def _again(self, progress: Progress, tries: int) -> None:
        """An end that the provider was too busy for: otherwise people would see work that nobody does."""
        place = place_of(self.connection_id, self.address)
        if not board().has_news(place):
            board().put(self.tenant_id, place, lambda: self.show_now(progress, tries))


def place_of(connection_id: UUID, address: Address) -> tuple[UUID, tuple[tuple[str, str], ...]]:
    """What news about one address have in common."""
    return connection_id, tuple(sorted(address.items()))


def audience_of(connection: Connection, address: Address) -> Audience:
    """Those at this address, inside the tenant's scope."""
    provider, account = provider_named(connection.provider), credentials.account_of(connection)
    return Audience(current_tenant_id(), connection.id, provider, account, dict(address))


def end_once_saved(connection: Connection, address: Address, what: What = What.DONE) -> None:
    """Once the open transaction is committed, nothing is being done any more for what was said there."""
    if address and provider_named(connection.provider).capabilities.shows_receipt:
        shown = audience_of(connection, address)
        transaction.on_commit(lambda: shown.show(Progress(what)))
