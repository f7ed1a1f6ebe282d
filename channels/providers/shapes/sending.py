"""What a message on its way out brings along: whose account posts it, where it goes, and who says it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from channels.providers.shapes.openers import Filled

Address = Mapping[str, str]
"""Where a message goes, in the provider's own terms (a channel, a number). Plain strings, stored as JSON."""


@dataclass(frozen=True)
class Account:
    """What a provider call needs of a connection, detached from the database."""

    token: str = field(repr=False)
    bot_user_id: str = ""
    installer_id: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Its own by name; none where the platform's count."""
    scopes: frozenset[str] = frozenset()
    """What the provider allows it, by the provider's names."""


@dataclass(frozen=True)
class Sender:
    """Who says a message, as people see it where the provider can show that.

    picture_url: a square PNG that anybody can fetch; empty for none.
    """

    name: str
    picture_url: str = ""


@dataclass(frozen=True)
class Spot:
    """Where people talk at an account, such as a channel. id: as `InboundMessage.where` has it."""

    id: str
    name: str


@dataclass(frozen=True)
class Outgoing:
    """One message to post. It cannot have been sent before `sent_after`, where a later look-up begins."""

    delivery_id: UUID
    address: Address
    text: str
    sent_after: datetime
    sender: Sender | None = None
    asks_feedback: bool = False
    """Do people get buttons to say what they think of it, where the provider has any?"""
    template: Filled | None = None
    """What is sent instead of free text: `text` says the same to whoever reads the conversation."""
