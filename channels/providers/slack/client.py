"""Slack's Web API: posting, looking up, the test message. https://docs.slack.dev/reference/methods"""

import re
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from channels.providers.base import (
    AnotherWayError,
    DeliveryRefusedError,
    Inbound,
    InboundMessage,
    OutcomeUnknownError,
    Progress,
)
from channels.providers.capabilities import Capabilities
from channels.providers.connecting import Consent
from channels.providers.shapes.files import InboundFile
from channels.providers.shapes.health import History, Result
from channels.providers.shapes.openers import Template
from channels.providers.shapes.sending import Account, Address, Outgoing, Spot
from channels.providers.shapes.webhooks import Challenge, Opinion, Webhook
from channels.providers.slack import doctor, media, oauth, probes, sessions, wordings
from channels.providers.slack.answers import Channels, Messages, Opened, Person, Posted, read
from channels.providers.slack.calls import client, failures
from channels.providers.slack.credentials import app_of
from channels.providers.slack.incoming import accounts, events, feedback, requests
from channels.providers.slack.incoming.markup import storable
from channels.providers.slack.outgoing import presentation, sender
from channels.providers.slack.outgoing.mrkdwn import escape
from channels.providers.slack.refusals import REFUSALS
from tenants.doctor.report import Finding

METADATA = "roster_delivery"
FORMAT = "format"
"""In an address: Slack refused this message's blocks, so it goes as text."""
LOOK_UP_MESSAGES = 15
PICKER_SECONDS = 4
UNTHREADABLE = {
    "cannot_reply_to_message",
    "invalid_thread_ts",
    "message_not_found",
    "restricted_action_non_threadable_channel",
    "restricted_action_thread_locked",
    "thread_not_found",
}
"""The message that we answer takes no replies: the answer goes into the channel instead."""
UNREADABLE = {
    "invalid_blocks",
    "invalid_blocks_format",
    "markdown_text_conflict",
    "markdown_text_too_long",
    "msg_blocks_too_long",
    "msg_too_long",
}
"""Slack cannot read the blocks: the answer goes as text."""
PERSON = re.compile(r"(?<![\w@])@([UW](?=[A-Z]*\d)[A-Z0-9]{3,})(?!\w)")
"""A mention in plain text. Ids have digits, so that @USA stays a word."""


class Slack:
    """The provider `slack`."""

    name = "slack"
    label = "Slack"
    icon = "hash"
    capabilities = Capabilities(
        threads=True,
        own_names=True,
        places=True,
        # Once a minute, and a margin: one that Slack counts too early is lost, and the next has to wait as long again.
        # https://docs.slack.dev/reference/methods/conversations.history
        looks_up_every=timedelta(seconds=62),
        session_scope="assistant:write",
        shows_progress=True,
        shows_receipt=True,
    )
    endpoints: Mapping[str, Sequence[str]] = {"events": ["POST"], "interactivity": ["POST"]}
    consent: Consent = oauth
    form = None
    refusals = REFUSALS
    unknown_person = frozenset({"user_not_found", "user_not_visible"})
    personal = frozenset(REFUSALS) - {"missing_scope", "no_permission"}

    @property
    def speaks_as(self) -> str:
        """SLACK_APP_NAME."""
        return str(settings.SLACK_APP_NAME)

    @property
    def quiet_seconds(self) -> float:
        """QUIET_SECONDS."""
        return float(settings.QUIET_SECONDS)

    def account_words(self, external_id: str) -> str:
        """The team's id, and an own app's."""
        team, app = accounts.team_of(external_id), accounts.app_of(external_id)
        return _("%(team)s with your own app %(app)s") % {"team": team, "app": app} if app else team

    def account_url(self, external_id: str) -> str:
        """The team in Slack's web client."""
        return f"https://app.slack.com/client/{accounts.team_of(external_id)}"

    def writing_url(self, account: Account, text: str) -> str:
        """None: people know where to write."""
        return ""

    def receive(self, request: Webhook) -> Sequence[Inbound | Opinion | Challenge]:
        """The Events API, and clicks on buttons."""
        return requests.receive(request)

    def check(self) -> Iterable[Finding]:
        """Are the Slack app's credentials there and plausible, and does Slack answer?"""
        return doctor.findings()

    def read(self, payload: str, bot_user_id: str) -> InboundMessage | None:
        """The message of an event callback."""
        body = payload.encode()
        return events.read_event(events.read_envelope(body), body, bot_user_id).message

    def split(self, text: str) -> Sequence[str]:
        """Parts of at most 12,000 characters, cut at a paragraph, a line or a space where there is one."""
        return presentation.split(text)

    def post(self, account: Account, message: Outgoing) -> str:
        """chat.postMessage; the message's ts. Its metadata carries the delivery's id, for the look-up."""
        said = presentation.content(message.text, has_blocks=FORMAT not in message.address)
        face = sender.shown(account, message)
        if "blocks" in said:
            said["blocks"] += feedback.block(account, message)
        try:
            return _post(account, message.address, {**said, **face}, {"delivery_id": str(message.delivery_id)})
        except DeliveryRefusedError as refusal:
            if face and refusal.code in sender.REFUSED:
                lacks = sender.SCOPE if refusal.code == sender.MISSING_SCOPE else ""
                raise AnotherWayError(refusal.reason, sender.as_app(message.address), lacks=lacks) from refusal
            if address := _another_way(message.address, refusal.code):
                raise AnotherWayError(refusal.reason, address) from refusal
            raise

    def progress(self, account: Account, address: Address, progress: Progress) -> None:
        """The status of the thread's session."""
        sessions.show(account, address, progress)

    def find(self, account: Account, message: Outgoing) -> str | None:
        """Did this delivery arrive? The only use of history. None only if it has seen every message since then."""
        thread_ts = message.address.get("thread_ts", "")
        try:
            found = _said_since(account, message, thread_ts)
        except DeliveryRefusedError as refusal:
            if refusal.code != "thread_not_found":
                raise
            found = _said_since(account, message, "")  # a reply to a deleted message stands outside of threads
        ts = found.of_delivery(str(message.delivery_id))
        if ts is None and found.has_more:
            raise OutcomeUnknownError(wordings.TOO_MUCH_SINCE())
        return ts

    def fetch(self, account: Account, file: InboundFile, most_bytes: int) -> Generator[bytes, None, None]:
        """What somebody sent, from Slack's file host."""
        return media.fetch(account, file, most_bytes)

    def places(self, account: Account) -> Sequence[Spot]:
        """users.conversations: the channels that the app was invited to; one page of at most 200.

        https://docs.slack.dev/reference/methods/users.conversations
        """
        kinds = "public_channel,private_channel" if "groups:read" in account.scopes else "public_channel"
        with failures():
            web = client(account.token, timeout_seconds=PICKER_SECONDS)
            found = read(Channels, web.users_conversations(types=kinds, exclude_archived=True, limit=200))
        return [Spot(each.id, f"#{storable(each.name)}") for each in found.channels]

    def templates(self, account: Account) -> Sequence[Template]:
        """None: free text is taken at any time."""
        return []

    def name_of(self, account: Account, person_id: str, timeout_seconds: int) -> str:
        """users.info: the display name, as Slack shows it, else the full name."""
        with failures():
            person = read(Person, client(account.token, timeout_seconds).users_info(user=person_id))
        return storable(person.name) or person_id

    def is_person(self, account: Account, person_id: str) -> bool:
        """users.info. https://docs.slack.dev/reference/objects/user-object"""
        with failures():
            person = read(Person, client(account.token).users_info(user=person_id))
        return not person.is_machine

    def mentioned(self, text: str) -> Collection[str]:
        """What looks like a user's id after an @."""
        return set(PERSON.findall(text))

    def revoke(self, account: Account) -> None:
        """apps.uninstall: the app leaves the workspace, and its token ends."""
        app = app_of(account.secrets)
        with failures():
            client(account.token).apps_uninstall(client_id=app.client_id, client_secret=app.client_secret)

    def verify(self, account: Account, timeout_seconds: int) -> None:
        """auth.test: https://docs.slack.dev/reference/methods/auth.test"""
        with failures():
            client(account.token, timeout_seconds).auth_test()

    def probes(self, account: Account, history: History) -> Sequence[Result]:
        """The token and its scopes, our address, and what Slack refused of late."""
        return probes.look(account, history)

    def mend(self, account: Account, history: History) -> None:
        """Nothing: Slack lets nobody but an app's owner change where its events go."""

    def start_test(self, account: Account, heading: str, text: str) -> InboundMessage:
        """Post the question as a direct message to whoever installed the app; the answer comes in its thread."""
        with failures():
            opened = read(Opened, client(account.token).conversations_open(users=account.installer_id))
        channel = opened.channel.id
        question = escape(text).replace("\n", "\n>")
        ts = _post(account, {"channel": channel}, {"text": f"*{escape(heading)}*\n>{question}"}, {})
        return InboundMessage(
            key=f"{channel}:{ts}",
            thread_ids=[f"{channel}:{ts}"],
            is_addressed=True,
            author=account.installer_id,
            text=text,
            position=Decimal(ts),
            said_at=datetime.fromtimestamp(float(ts), UTC),
            address={"channel": channel, "thread_ts": ts},
            title=_("Test message"),
            within=channel,
        )

    def receipt(self, message: InboundMessage) -> Mapping[str, str]:
        """The direct messages of whoever installed the app, and the message's ts."""
        return {"channel": message.address["channel"], "ts": message.address["thread_ts"]}


def _post(account: Account, address: Address, said: Mapping[str, Any], payload: Mapping[str, str]) -> str:
    """Post and return the ts. Slack must not look for names of groups or channels in the text."""
    with failures():
        response = client(account.token).chat_postMessage(
            channel=address["channel"],
            thread_ts=address.get("thread_ts"),
            **said,
            metadata={"event_type": METADATA, "event_payload": dict(payload)},
            link_names=False,
            unfurl_links=False,
            unfurl_media=False,
        )
        return read(Posted, response).ts


def _another_way(address: Address, code: str) -> Address | None:
    """Where the same message may go after this refusal: out of the thread, or without blocks."""
    if code in UNTHREADABLE and "thread_ts" in address:
        return {name: value for name, value in address.items() if name != "thread_ts"}
    if code in UNREADABLE and FORMAT not in address:
        return {**address, FORMAT: "text"}
    return None


def _said_since(account: Account, message: Outgoing, thread_ts: str) -> Messages:
    """The messages in the thread, or outside of threads, since the earliest time at which it can have been sent."""
    web = client(account.token)
    look_up = partial(web.conversations_replies, ts=thread_ts) if thread_ts else web.conversations_history
    with failures():
        response = look_up(
            channel=message.address["channel"],
            oldest=f"{message.sent_after.timestamp():.6f}",
            limit=LOOK_UP_MESSAGES,
            include_all_metadata=True,
        )
        return read(Messages, response)
