"""Slack's Web API: posting, looking up, the test message. https://docs.slack.dev/reference/methods"""

import errno
import re
import socket
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from http.client import HTTPException
from json import JSONDecodeError
from urllib.error import URLError

from django.conf import settings
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from channels.providers.base import (
    Account,
    Address,
    DeliveryError,
    InboundMessage,
    NotNowError,
    OutcomeUnknownError,
    Outgoing,
    RefusedError,
)
from channels.providers.slack import events

METADATA = "roster_delivery"
PART = 3_900
"""Slack advises at most 4,000 characters of text a message; 40,000 is where it cuts."""
LOOK_UP_MESSAGES = 15
TIMEOUT_SECONDS = 10
UNREACHABLE = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN}
DEAD_TOKEN = {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"}
ERROR_CODE = re.compile(r"[a-z_]+")
"""What is none is slack_sdk's own sentence about a body that is no JSON."""
PERSON = re.compile(r"(?<![\w@])@([UW](?=[A-Z]*\d)[A-Z0-9]{3,})(?!\w)")
"""A mention in plain text. Ids have digits, so that @USA stays a word."""
OWN_TROUBLE = {"fatal_error", "internal_error", "service_unavailable", "request_timeout"}


class Slack:
    """The provider `slack`."""

    name = "slack"
    label = "Slack"

    def read(self, payload: str, bot_user_id: str) -> InboundMessage | None:
        """The message of an event callback."""
        body = payload.encode()
        return events.read_event(events.read_envelope(body), body, bot_user_id).message

    def split(self, text: str) -> Sequence[str]:
        """Parts of at most 3,900 characters, cut at a paragraph, a line or a space where there is one."""
        parts = []
        while len(text) > PART:
            cut = max(text.rfind(mark, PART // 2, PART) for mark in ("\n\n", "\n", " "))
            cut = cut if cut > 0 else PART
            parts.append(text[:cut].rstrip())
            text = text[cut:].lstrip()
        return [*parts, text]

    def post(self, account: Account, message: Outgoing) -> str:
        """chat.postMessage; the message's ts. Its metadata carries the delivery's id, for the look-up."""
        return str(
            _post(account, message.address, escape(message.text), {"delivery_id": str(message.delivery_id)})["ts"]
        )

    def find(self, account: Account, message: Outgoing) -> str | None:
        """The one use of history: did this delivery arrive? None only when all of the thread since then was seen."""
        with _failures():
            replies = client(account.token).conversations_replies(
                channel=message.address["channel"],
                ts=message.address["thread_ts"],
                oldest=f"{message.sent_after.timestamp():.6f}",
                limit=LOOK_UP_MESSAGES,
                include_all_metadata=True,
            )
        for each in replies["messages"]:
            if each.get("metadata", {}).get("event_payload", {}).get("delivery_id") == str(message.delivery_id):
                return str(each["ts"])
        if replies.get("has_more"):
            raise OutcomeUnknownError("Slack's thread is too long to see whether the message arrived: look there.")
        return None

    def name_of(self, account: Account, person_id: str, timeout_seconds: int) -> str:
        """users.info: the display name, as Slack shows it, else the full name."""
        with _failures():
            user = client(account.token, timeout_seconds).users_info(user=person_id)["user"]
        profile = user.get("profile", {})
        return str(profile.get("display_name") or profile.get("real_name") or user.get("real_name") or person_id)

    def mentioned(self, text: str) -> Collection[str]:
        """What looks like a user's id after an @."""
        return set(PERSON.findall(text))

    def revoke(self, account: Account) -> None:
        """apps.uninstall: the app leaves the workspace, and its token ends."""
        with _failures():
            client(account.token).apps_uninstall(
                client_id=settings.SLACK_CLIENT_ID, client_secret=settings.SLACK_CLIENT_SECRET
            )

    def verify(self, account: Account, timeout_seconds: int) -> None:
        """auth.test: https://docs.slack.dev/reference/methods/auth.test"""
        with _failures():
            client(account.token, timeout_seconds).auth_test()

    def start_test(self, account: Account, text: str) -> InboundMessage:
        """Post the question into the direct messages of whoever installed the app; it is answered in its thread."""
        with _failures():
            opened = client(account.token).conversations_open(users=account.installer_id)
        channel = str(opened["channel"]["id"])
        posted = _post(account, {"channel": channel}, f"*Test message from Roster*\n>{escape(text)}", {})
        ts = str(posted["ts"])
        return InboundMessage(
            key=f"{channel}:{ts}",
            thread_ids=[f"{channel}:{ts}"],
            is_addressed=True,
            author=account.installer_id,
            text=text,
            position=Decimal(ts),
            said_at=datetime.fromtimestamp(float(ts), UTC),
            address={"channel": channel, "thread_ts": ts},
            title="Test message",
        )


def escape(text: str) -> str:
    """Text that Slack shows as it is: an answer must not ping a channel or forge a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def client(token: str = "", timeout_seconds: int = TIMEOUT_SECONDS) -> WebClient:
    """A client without the SDK's own retries: it re-sends once by default, and the outbox owns that decision."""
    return WebClient(token or None, base_url=settings.SLACK_API_URL, timeout=timeout_seconds, retry_handlers=[])


def _post(account: Account, address: Address, text: str, payload: Mapping[str, str]) -> SlackResponse:
    with _failures():
        return client(account.token).chat_postMessage(
            channel=address["channel"],
            thread_ts=address.get("thread_ts"),
            text=text,
            metadata={"event_type": METADATA, "event_payload": dict(payload)},
            unfurl_links=False,
            unfurl_media=False,
        )


@contextmanager
def _failures() -> Iterator[None]:
    """Every way in which a Web API call can go wrong becomes one of three."""
    try:
        yield
    except SlackApiError as error:
        raise _refusal(error) from error
    except URLError as error:
        raise _broken_connection(error) from error
    except (HTTPException, JSONDecodeError, SlackClientError, OSError) as error:
        raise OutcomeUnknownError(f"Slack's answer was not seen: {error}.") from error


def _refusal(error: SlackApiError) -> DeliveryError:
    response = error.response
    code = response.get("error", "") if isinstance(response.data, dict) else ""
    if response.status_code == 429 or code in {"ratelimited", "rate_limited"}:
        return NotNowError("Slack limits how often messages may be sent.", _retry_after(response))
    if response.status_code >= 500 or code in OWN_TROUBLE or not ERROR_CODE.fullmatch(code):
        return OutcomeUnknownError(f"Slack has a problem of its own (HTTP {response.status_code} {code}).")
    if code in DEAD_TOKEN:
        return RefusedError(f"Slack no longer accepts the token ({code}): connect Slack again.", breaks_connection=True)
    return RefusedError(f"Slack refused the message: {code}.")


def _retry_after(response: SlackResponse) -> float:
    for name, value in response.headers.items():
        if name.lower() == "retry-after" and str(value).isdigit():
            return float(value)
    return 1.0


def _broken_connection(error: URLError) -> DeliveryError:
    """What never reached Slack was not sent; anything later may have been."""
    reason = error.reason
    if isinstance(reason, ConnectionRefusedError | socket.gaierror) or getattr(reason, "errno", None) in UNREACHABLE:
        return NotNowError("Slack cannot be reached.", 5.0)
    return OutcomeUnknownError(f"The connection to Slack broke: {error.reason}.")
