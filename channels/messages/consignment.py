"""One delivery under way: all that it takes to post it, detached from the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from agents.pictures import portraits
from channels.connections import credentials
from channels.messages import outcomes
from channels.messages.outcomes import Told
from channels.models import Delivery
from channels.outreach import window
from channels.outreach.window import Window
from channels.progress.audience import Audience
from channels.providers.base import Provider
from channels.providers.registry import provider_named
from channels.providers.shapes import openers
from channels.providers.shapes.sending import Account, Outgoing, Sender
from tenants.scope import current_tenant_id


@dataclass(frozen=True)
class Dispatch:
    """A delivery that is under way since then. `attempt` fences."""

    tenant_id: UUID
    thread_id: UUID
    delivery_id: UUID
    attempt: int
    is_last: bool
    """Does nothing of the same answer follow it?"""
    told: Told
    connection_id: UUID
    provider: Provider
    account: Account
    message: Outgoing
    since: datetime
    window: Window | None = None
    """When it closes, the provider takes no free text any more."""

    @property
    def audience(self) -> Audience:
        """Who waits for it."""
        return Audience(self.tenant_id, self.connection_id, self.provider, self.account, self.message.address)


def dispatch_of(delivery: Delivery, *, is_last: bool, is_followed: bool | None = None) -> Dispatch:
    """A delivery that is claimed, read with its thread's connection and conversation and its turn's run.

    is_last: nothing of the same answer is to be looked for after it. is_followed: there is more of it, sent or not.
    """
    connection = delivery.thread.connection
    sent_after = delivery.created_at - timedelta(seconds=60)  # clocks differ
    speaker, run = outcomes.speaking(delivery).agent, delivery.turn.run
    sender = Sender(speaker.name, portraits.url_of(speaker))
    is_end = is_last if is_followed is None else not is_followed
    asks = is_end and run is not None and run.is_answer
    template = openers.of(delivery.address)
    return Dispatch(
        tenant_id=current_tenant_id(),
        thread_id=delivery.thread_id,
        delivery_id=delivery.id,
        attempt=delivery.attempt,
        is_last=is_last,
        told=outcomes.told_by(delivery),
        connection_id=connection.id,
        provider=provider_named(connection.provider),
        account=credentials.account_of(connection),
        message=Outgoing(delivery.id, delivery.address, delivery.text, sent_after, sender, asks, template),
        since=timezone.now(),
        window=None if template else window.of(delivery.thread.conversation),
    )
