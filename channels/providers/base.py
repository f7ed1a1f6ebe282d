"""What a provider is: how its events read, how a message is posted, how a lost answer is looked up."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from channels.providers.capabilities import Capabilities
from channels.providers.connecting import Consent, Form
from channels.providers.shapes.failures import (
    AnotherWayError,
    BusyError,
    DeliveryError,
    DeliveryNotNowError,
    DeliveryRefusedError,
    OutcomeUnknownError,
)
from channels.providers.shapes.health import History, Result
from channels.providers.shapes.inbound import Deletion, Edit, Inbound, InboundEvent, InboundMessage, Moved, Stop
from channels.providers.shapes.openers import Template
from channels.providers.shapes.progress import Progress
from channels.providers.shapes.sending import Account, Address, Outgoing, Spot
from channels.providers.shapes.webhooks import Challenge, DeliveryUpdate, Opinion, Webhook
from tenants.doctor.report import Finding
from tenants.wordings import Wording

__all__ = [
    "CALL_SECONDS", "NOT_A_PERSON", "Account", "Address", "AnotherWayError", "BusyError", "Deletion", "DeliveryError",
    "DeliveryNotNowError", "DeliveryRefusedError", "Edit", "Inbound", "InboundEvent", "InboundMessage", "Moved",
    "OutcomeUnknownError", "Outgoing", "Progress", "Provider", "Stop",
]  # fmt: skip

NOT_A_PERSON = Wording("channels.not_a_person", gettext_lazy("Not written by a person."))
DIRECT = "direct"
"""InboundMessage.where: said to the employee alone."""
WINDOW_CLOSED = "window_closed"
"""The code, in `Provider.refusals`, of what was not sent because the person wrote too long ago."""
CALL_SECONDS = 10
"""No call to a provider takes longer, from end to end: then its connection is closed, and nothing more is sent."""


class Provider(Protocol):
    """One package in channels/providers/ per provider. Calls block; hold no transaction around them."""

    name: str
    label: str
    icon: str
    """What stands for it on pages: the name of one of Lucide's icons."""
    capabilities: Capabilities
    endpoints: Mapping[str, Sequence[str]]
    """The last part of each webhook's address, with its methods: `events` for /webhooks/<name>/events, "" for none."""
    consent: Consent | None
    form: Form | None
    """How an operator connects it: by its consent page, by a form, or, without both, not at all."""
    refusals: Mapping[str, Promise]
    """What members of a workspace read about DeliveryRefusedError.code."""
    unknown_person: frozenset[str]
    """Its codes for "there is no such person"."""
    personal: frozenset[str]
    """Its codes for refusals that are about one person, place or message, and tell nothing of the connection."""

    @property
    def speaks_as(self) -> str:
        """The name of the app that people write to or mention; empty where each employee has an address of its own."""
        ...

    @property
    def quiet_seconds(self) -> float:
        """How long to wait for more quick messages before one answer to all of them."""
        ...

    def account_words(self, external_id: str) -> str:
        """A connected account's id as people read it, after the provider's label."""
        ...

    def account_url(self, external_id: str) -> str:
        """Where people open a connected account in a browser; empty if nowhere."""
        ...

    def writing_url(self, account: Account, text: str) -> str:
        """Where a person writes to this account, with a text typed already; empty where no link leads there."""
        ...

    def receive(self, request: Webhook) -> Sequence[Inbound | DeliveryUpdate | Opinion | Challenge]:
        """What is in a request. Verifies it before anything else, by the connection's own secrets if it has them.

        Calls nobody. Raises webhooks.UnverifiedError and webhooks.MalformedError.
        """
        ...

    def check(self) -> Iterable[Finding]:
        """The doctor's look at what the platform itself needs of this provider: its credentials, its reach."""
        ...

    def read(self, payload: str, bot_user_id: str) -> InboundMessage | None:
        """The message in a stored event, read once more; None if it has none."""
        ...

    def split(self, text: str) -> Sequence[str]:
        """An answer in parts that the provider takes, in order."""
        ...

    def post(self, account: Account, message: Outgoing) -> str:
        """Send one message; the provider's id of it.

        Raises DeliveryNotNowError, DeliveryRefusedError, AnotherWayError or OutcomeUnknownError.
        """
        ...

    def progress(self, account: Account, address: Address, progress: Progress) -> None:
        """Show people at `address` how far the employee is, if they can be shown. Called as `capabilities` say.

        Best-effort, and never on the way of a message: it may fail, come late, or not at all. Raises DeliveryError.
        """
        ...

    def find(self, account: Account, message: Outgoing) -> str | None:
        """The provider's id of a message that may have been sent; None when it certainly was not.

        Never called without `capabilities.looks_up_every`.

        Raises OutcomeUnknownError if the look-up cannot tell, DeliveryNotNowError if it must wait.
        """
        ...

    def places(self, account: Account) -> Sequence[Spot]:
        """Where the account hears people, besides direct messages. Only called with `capabilities.places`."""
        ...

    def templates(self, account: Account) -> Sequence[Template]:
        """What the provider takes at any time. Only called with `capabilities.templates`. Raises DeliveryError."""
        ...

    def name_of(self, account: Account, person_id: str, timeout_seconds: int) -> str:
        """What a person is called at the provider. Raises DeliveryError."""
        ...

    def is_person(self, account: Account, person_id: str) -> bool:
        """Is this a person, not a machine?

        Raises DeliveryError: DeliveryRefusedError for somebody whom the provider does not know.
        """
        ...

    def mentioned(self, text: str) -> Collection[str]:
        """The ids of the people whom a message's text names, each written as @id there."""
        ...

    def revoke(self, account: Account) -> None:
        """Give the token back and leave the provider. Raises DeliveryError."""
        ...

    def verify(self, account: Account, timeout_seconds: int) -> None:
        """Does the provider still accept the token? Changes nothing. Raises DeliveryError."""
        ...

    def probes(self, account: Account, history: History) -> Sequence[Result]:
        """Try all that a connection needs at the provider, for its page and each hour. Raises nothing of the provider.

        Changes nothing there, and asks for at most PROBE_SECONDS at a time.
        """
        ...

    def mend(self, account: Account, history: History) -> None:
        """What a probe's button with `health.Verb.SUBSCRIBE` does: tell the provider our address once more.

        Raises DeliveryError.
        """
        ...

    def start_test(self, account: Account, heading: str, text: str) -> InboundMessage:
        """Really post a test question, under a heading, where its operator sees it. Raises DeliveryError.

        Returns the message to be answered.
        """
        ...

    def receipt(self, message: InboundMessage) -> Mapping[str, str]:
        """What the API tells of a test message: the provider's ids of it, by the provider's names."""
        ...
