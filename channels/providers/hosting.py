"""What people say on a page of our own, as an event: stored like any provider's, and read again by its worker.

Nobody signs it. Our own page makes it (channels/web/chat), so a provider that uses this has no webhooks.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from channels.providers.base import InboundEvent, InboundMessage

CHAT, VISITOR = "chat", "visitor"
"""In a message's address: on which page, and who there gets the answer."""
NAME = "name"
NEWS = json.dumps({"look": True})
"""Something is there to see: the page looks by itself."""
LONGEST = 4_000
"""Characters in one message."""
UNSAID = re.compile("[\x00\ud800-\udfff]")
"""What Postgres cannot store."""


def visitor_of(account: str, token: str) -> str:
    """The id of whoever has this token. It is no secret: nobody can write or read as them by it."""
    return hashlib.sha256(f"{account}:{token}".encode()).hexdigest()[:32]


def name_of(visitor: str) -> str:
    """What a visitor is called who has told no name."""
    return _("Visitor %(handle)s") % {"handle": visitor[:4].upper()}


def topic_of(address: Mapping[str, str]) -> str:
    """Under which topic a visitor's open page hears of news."""
    return f"{address[CHAT]}:{address[VISITOR]}" if address.get(CHAT) else ""


def draft(text: str) -> str:
    """The news that so much of an answer is written."""
    return json.dumps({"draft": text})


def said(provider: str, account: str, visitor: str, message_id: str, text: str, *, tester: str = "") -> InboundEvent:
    """What a visitor has just said. message_id: made by the browser, so that a message sent again is the same one.

    tester: the name of a member of the workspace who tries the employee; then it is a test message.
    """
    stored = kept(visitor, message_id, text, chat=account) | ({NAME: tester} if tester else {})
    message = message_in(stored)
    return InboundEvent(
        provider=provider,
        account=account,
        event_id=message.key,
        kind="message",
        payload=json.dumps(stored),
        message=message,
        occurred_at=message.said_at,
        is_test=bool(tester),
    )


def kept(visitor: str, message_id: str, text: str, *, chat: str = "") -> dict[str, Any]:
    """What is stored of a message that is said now. chat: the page's account; empty if nobody has one open."""
    at = datetime.now(UTC).timestamp()
    return {"id": message_id, CHAT: chat, VISITOR: visitor, "text": clean(text), "at": at}


def message_in(kept: Mapping[str, Any]) -> InboundMessage:
    """The message in a stored event. Its key has the visitor's id, so that nobody can take the key of somebody else."""
    visitor, at = str(kept[VISITOR]), float(kept["at"])
    return InboundMessage(
        key=f"{visitor}:{kept['id']}",
        thread_ids=[visitor],
        is_addressed=True,
        author=visitor,
        text=str(kept["text"]),
        position=Decimal(f"{at:.6f}"),
        said_at=datetime.fromtimestamp(at, UTC),
        address={CHAT: str(kept.get(CHAT, "")), VISITOR: visitor},
        author_name=str(kept.get(NAME) or name_of(visitor)),
    )


def clean(text: str) -> str:
    """A text as it is stored: line ends as everywhere, and nothing that Postgres refuses."""
    return UNSAID.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
