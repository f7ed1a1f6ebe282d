"""What a provider sends us: the raw request, and what may be in it besides messages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from tenants.wordings import NOTHING, Reason


@dataclass(frozen=True)
class Webhook:
    """A request as it arrived, still unverified.

    headers: by name, in any case. secrets: the connection's own if its address names one (`{}` if there are none: it
    is refused then); None if the platform's secret counts.
    """

    method: str
    body: bytes
    headers: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] | None = field(default=None, repr=False)


class UnverifiedError(Exception):
    """Nobody knows who sent this request. Its text goes to the sender. status: of our response."""

    def __init__(self, text: str, status: int = 401) -> None:
        super().__init__(text)
        self.status = status


class MalformedError(ValueError):
    """A verified request, or one item of it, that is not as the provider documents it. Its text goes to the sender."""


@dataclass(frozen=True)
class Challenge:
    """The provider asks whether this address is ours: `answer` is the body of our response."""

    answer: str


@dataclass(frozen=True)
class Opinion:
    """What a person thinks of an answer that we posted.

    accounts: as in Inbound. delivery_id: `Outgoing.delivery_id`. author: who it is, as in InboundMessage.
    """

    accounts: tuple[str, ...]
    delivery_id: UUID
    author: str
    is_good: bool


@dataclass(frozen=True)
class Charge:
    """What the provider bills a message as: its own word for the category, and whether that is charged or free."""

    category: str
    is_charged: bool


@dataclass(frozen=True)
class DeliveryUpdate:
    """What the provider says later about a message that we posted.

    accounts: as in Inbound. delivery_id: `Outgoing.delivery_id`, which the provider carries for us and sends back.
    code: the provider's own word for why it failed; reason: the same in a sentence, for staff.
    charge: None if it does not say.
    """

    class State(StrEnum):
        """READ implies DELIVERED, and that implies SENT."""

        SENT = "sent"
        DELIVERED = "delivered"
        READ = "read"
        FAILED = "failed"

    accounts: tuple[str, ...]
    delivery_id: UUID
    state: State
    external_id: str = ""
    code: str = ""
    reason: Reason = field(default=NOTHING, compare=False)
    charge: Charge | None = None
