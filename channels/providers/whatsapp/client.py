"""WhatsApp's Cloud API: posting, and what a connected number is.

https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
"""

import json
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from channels.providers.base import (
    AnotherWayError,
    DeliveryRefusedError,
    Inbound,
    InboundMessage,
    OutcomeUnknownError,
    Progress,
)
from channels.providers.capabilities import Capabilities
from channels.providers.connecting import Consent, Form
from channels.providers.shapes.files import InboundFile
from channels.providers.shapes.health import History, Result
from channels.providers.shapes.openers import Template
from channels.providers.shapes.sending import Account, Address, Outgoing, Spot
from channels.providers.shapes.webhooks import Challenge, DeliveryUpdate, Webhook
from channels.providers.whatsapp import (
    calls,
    doctor,
    media,
    openers,
    outgoing,
    pricing,
    probes,
    wordings,
)
from channels.providers.whatsapp.answers import Done, Number, Sent
from channels.providers.whatsapp.connecting import form, sign_up
from channels.providers.whatsapp.errors import NEEDS_NUMBER, PERSONAL, REFUSALS
from channels.providers.whatsapp.incoming import messages, requests
from channels.providers.whatsapp.incoming.messages import FROM, RECIPIENT, TO
from tenants.doctor.report import Finding


class WhatsApp:
    """The provider `whatsapp`. An account's bot_user_id is the phone number id, its installer_id the number."""

    name = "whatsapp"
    label = "WhatsApp"
    icon = "message-circle"
    capabilities = Capabilities(
        people_write_first=True,
        shows_progress=True,
        delivery_updates=True,
        needs_function=True,
        window=timedelta(hours=24),
        templates=True,
        charging=pricing.CHARGING,
    )
    endpoints: Mapping[str, Sequence[str]] = {"": ["GET", "POST"]}
    consent: Consent | None = sign_up
    form: Form = form
    refusals = REFUSALS
    unknown_person: frozenset[str] = frozenset()
    personal = PERSONAL
    speaks_as = ""

    @property
    def quiet_seconds(self) -> float:
        """QUIET_SECONDS."""
        return float(settings.QUIET_SECONDS)

    def account_words(self, external_id: str) -> str:
        """The phone number id."""
        return external_id

    def account_url(self, external_id: str) -> str:
        """None: the id leads nowhere, and the number is the connection's name."""
        return ""

    def writing_url(self, account: Account, text: str) -> str:
        """https://faq.whatsapp.com/5913398998672934"""
        digits = "".join(each for each in account.installer_id if each.isdecimal())
        return f"{settings.WHATSAPP_CHAT_URL}{digits}?{urlencode({'text': text})}"

    def receive(self, request: Webhook) -> Sequence[Inbound | DeliveryUpdate | Challenge]:
        """Meta's webhooks."""
        return requests.receive(request)

    def check(self) -> Iterable[Finding]:
        """Are the Meta app's secret and verify token both there?"""
        return doctor.findings()

    def read(self, payload: str, bot_user_id: str) -> InboundMessage | None:
        """The message that was kept."""
        return messages.message(json.loads(payload))

    def split(self, text: str) -> Sequence[str]:
        """Parts of at most 4,096 characters, in WhatsApp's own formatting."""
        return outgoing.split(text)

    def post(self, account: Account, message: Outgoing) -> str:
        """A text message, or a template; its wamid. Its statuses bring the delivery's id back."""
        address = message.address
        path = f"{address.get(FROM) or account.bot_user_id}/messages"
        try:
            return messages.short(calls.post(Sent, account, path, _body(message)).messages[0].id)
        except DeliveryRefusedError as refusal:
            if refusal.code == str(NEEDS_NUMBER) and RECIPIENT in address and TO in address:
                other = {name: value for name, value in address.items() if name != RECIPIENT}
                raise AnotherWayError(refusal.reason, other) from refusal
            raise

    def progress(self, account: Account, address: Address, progress: Progress) -> None:
        """A message is marked as read, and typing is shown for 25 seconds or until the answer, once it is taken up.

        https://developers.facebook.com/documentation/business-messaging/whatsapp/typing-indicators
        """
        if progress.what is not Progress.What.WORKING or not messages.is_whole(progress.message_id):
            return
        read = {"status": "read", "message_id": progress.message_id, "typing_indicator": {"type": "text"}}
        path = f"{address.get(FROM) or account.bot_user_id}/messages"
        calls.post(Done, account, path, {"messaging_product": "whatsapp", **read})

    def find(self, account: Account, message: Outgoing) -> str | None:
        """There is no look-up: statuses tell what became of a message."""
        raise OutcomeUnknownError(wordings.NO_LOOK_UP())

    def fetch(self, account: Account, file: InboundFile, most_bytes: int) -> Generator[bytes, None, None]:
        """What somebody sent, from Meta's media host."""
        return media.fetch(account, file, most_bytes)

    def places(self, account: Account) -> Sequence[Spot]:
        """None: a number is one place."""
        return []

    def templates(self, account: Account) -> Sequence[Template]:
        """Those of the number's account."""
        return openers.of(account)

    def name_of(self, account: Account, person_id: str, timeout_seconds: int) -> str:
        """Who wrote brings the name along; nobody else can be asked for it."""
        return person_id

    def is_person(self, account: Account, person_id: str) -> bool:
        """Nobody else can write to a number."""
        return True

    def mentioned(self, text: str) -> Collection[str]:
        """Nobody is mentioned between two people."""
        return ()

    def revoke(self, account: Account) -> None:
        """The number's events go to its Meta app again. The token is the business's own, and stays."""
        body = {"webhook_configuration": {"override_callback_uri": ""}}
        calls.post(Done, account, account.bot_user_id, body)

    def verify(self, account: Account, timeout_seconds: int) -> None:
        """Does the token still reach the number?"""
        calls.get(Number, account, account.bot_user_id, "id", timeout_seconds)

    def probes(self, account: Account, history: History) -> Sequence[Result]:
        """The number's and its account's states, the token, our address."""
        return probes.look(account, history)

    def mend(self, account: Account, history: History) -> None:
        """Tell Meta our address again."""
        probes.subscribe(account, history)

    def start_test(self, account: Account, heading: str, text: str) -> InboundMessage:
        """A business cannot begin a conversation without a template: whoever tests it writes first."""
        raise DeliveryRefusedError(wordings.WRITE_FIRST(number=account.installer_id), code="write_first")

    def receipt(self, message: InboundMessage) -> Mapping[str, str]:
        """The wamid."""
        return {"wamid": message.key}


def _body(message: Outgoing) -> Mapping[str, Any]:
    """A text without a preview of its links, or a template. An id counts before a number."""
    address = message.address
    to = {RECIPIENT: address[RECIPIENT]} if RECIPIENT in address else {TO: address[TO]}
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **to,
        **_said(message),
        "biz_opaque_callback_data": str(message.delivery_id),
    }


def _said(message: Outgoing) -> Mapping[str, Any]:
    if message.template:
        return {"type": "template", "template": openers.body_of(message.template)}
    return {"type": "text", "text": {"body": message.text, "preview_url": False}}
