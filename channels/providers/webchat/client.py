"""The web chat as a provider. Nothing here calls anybody."""

import json
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import uuid4

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from channels.providers import hosting
from channels.providers.base import Inbound, InboundMessage, OutcomeUnknownError, Progress
from channels.providers.capabilities import Capabilities
from channels.providers.connecting import Form
from channels.providers.shapes.health import History, Result
from channels.providers.shapes.openers import Template
from channels.providers.shapes.sending import Account, Address, Outgoing, Spot
from channels.providers.shapes.webhooks import Challenge, DeliveryUpdate, UnverifiedError, Webhook
from channels.providers.webchat import opening, outgoing, probes, wordings
from tenants.doctor.report import Finding
from tenants.outbound import broadcast


class WebChat:
    """The provider `webchat`."""

    name = "webchat"
    label = gettext_noop("Web chat")
    capabilities = Capabilities(is_hosted=True, topic_of=hosting.topic_of)
    endpoints: Mapping[str, Sequence[str]] = {}
    consent = None
    form: Form = opening
    refusals: Mapping[str, Promise] = {}
    unknown_person: frozenset[str] = frozenset()
    personal: frozenset[str] = frozenset()
    icon = "globe"
    quiet_seconds = 0.0
    speaks_as = ""

    def account_words(self, external_id: str) -> str:
        """The beginning of its id."""
        return external_id[:8]

    def account_url(self, external_id: str) -> str:
        """Its page."""
        return f"{settings.PUBLIC_URL}/chat/{external_id}/"

    def writing_url(self, account: Account, text: str) -> str:
        """None: a text cannot be typed for a visitor."""
        return ""

    def receive(self, request: Webhook) -> Sequence[Inbound | DeliveryUpdate | Challenge]:
        """It has no webhooks: its messages come from our own page."""
        raise UnverifiedError(str(wordings.NO_WEBHOOKS()), 404)

    def check(self) -> Iterable[Finding]:
        """There is nothing that could be missing."""
        return ()

    def read(self, payload: str, bot_user_id: str) -> InboundMessage | None:
        """The message that was kept."""
        return hosting.message_in(json.loads(payload))

    def split(self, text: str) -> Sequence[str]:
        """Plain text, in one part as a rule."""
        return outgoing.split(text)

    def post(self, account: Account, message: Outgoing) -> str:
        """It is stored, so the page shows it, and an open one is told so. Its own id, however often this is called."""
        if topic := hosting.topic_of(message.address):
            broadcast.tell(topic, hosting.NEWS)
        return str(message.delivery_id)

    def progress(self, account: Account, address: Address, progress: Progress) -> None:
        """The page shows what its own conversation says (channels/web/chat)."""

    def find(self, account: Account, message: Outgoing) -> str | None:
        """Never called: a delivery cannot be unclear."""
        raise OutcomeUnknownError(wordings.NO_LOOK_UP())

    def places(self, account: Account) -> Sequence[Spot]:
        """None: a chat page is one place."""
        return []

    def templates(self, account: Account) -> Sequence[Template]:
        """None: free text is taken at any time."""
        return []

    def name_of(self, account: Account, person_id: str, timeout_seconds: int) -> str:
        """What a visitor without a name is called."""
        return hosting.name_of(person_id)

    def is_person(self, account: Account, person_id: str) -> bool:
        """Nobody else writes there."""
        return True

    def mentioned(self, text: str) -> Collection[str]:
        """Nobody is mentioned between two people."""
        return ()

    def revoke(self, account: Account) -> None:
        """There is no token."""

    def verify(self, account: Account, timeout_seconds: int) -> None:
        """It works as long as Roster does."""

    def probes(self, account: Account, history: History) -> Sequence[Result]:
        """Its page."""
        return probes.look(history)

    def mend(self, account: Account, history: History) -> None:
        """Nothing: nobody outside has to be told anything."""

    def start_test(self, account: Account, heading: str, text: str) -> InboundMessage:
        """As a visitor of its own, who begins a conversation."""
        message = hosting.message_in(hosting.kept(secrets.token_hex(16), str(uuid4()), text))
        return replace(message, title=_("Test message"), author_name=heading)

    def receipt(self, message: InboundMessage) -> Mapping[str, str]:
        """The visitor that the test made up."""
        return {"visitor": message.author}
