"""One message of a webhook: who said what, a correction of it, or why nobody answers."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from channels.providers.base import DIRECT, Deletion, Edit, InboundEvent, InboundMessage, Moved
from channels.providers.shapes.webhooks import MalformedError
from channels.providers.whatsapp import wordings
from channels.providers.whatsapp.incoming.content import content_of, files_of
from channels.providers.whatsapp.incoming.shapes import Contact, NewId, Spoken, object_of, words_of
from tenants.wordings import NOTHING, Reason

PROVIDER = "whatsapp"
FROM, TO, RECIPIENT = "from", "to", "recipient"
"""In an address: our phone number id, the person's number, and their business-scoped id."""
LONGEST_KEY = 120
LONGEST_NAME = 120
SILENT: Mapping[str, Reason] = {"reaction": wordings.REACTION(), "system": wordings.NEW_ID()}
"""Types that nobody answers."""

Payload = Mapping[str, Any]


@dataclass(frozen=True)
class Person:
    """Who wrote. The business-scoped id stays when somebody hides their number, so it counts first."""

    number: str
    user_id: str
    name: str

    @property
    def key(self) -> str:
        """By which the person is known here."""
        return short(self.user_id or self.number)

    @property
    def formerly(self) -> Sequence[str]:
        """The number, if that is not what counts: somebody may have written before there were ids."""
        return [self.number] if self.user_id and self.number else []

    def address(self, account: str) -> Mapping[str, str]:
        """Where an answer goes: to what the message gave, the id first."""
        given = {RECIPIENT: self.user_id, TO: self.number}
        return {FROM: account, **{name: value for name, value in given.items() if value}}


def short(given: str) -> str:
    """An id as it fits into our columns; long ones end in a digest of the whole."""
    if len(given) <= LONGEST_KEY:
        return given
    digest = hashlib.sha256(given.encode()).hexdigest()[:40]
    return f"{given[: LONGEST_KEY - len(digest) - 1]}~{digest}"


def is_whole(key: str) -> bool:
    """Is a message's key the wamid itself, and not a short form of it?"""
    return bool(key) and "~" not in key


def payload_of(account: str, message: object, contacts: Sequence[Payload]) -> Payload:
    """What is kept of one message, which `event` and `message` read: the message, and who wrote it."""
    wrote = object_of(message)
    return {"account": account, "message": wrote, "contact": _contact_of(wrote, contacts)}


def event(payload: Payload, bot_user_id: str) -> InboundEvent:
    """What a message says to us. Raises MalformedError."""
    said = payload["message"]
    spoken = _spoken(said)
    correction = _correction(payload, spoken)
    reason = NOTHING if correction else _why_silent(spoken)
    is_said = not (correction or reason)
    return InboundEvent(
        provider=PROVIDER,
        account=payload["account"],
        event_id=short(spoken.id),
        kind=spoken.type[:60] or "message",
        payload=json.dumps(payload),
        message=_message(payload, spoken) if is_said else None,
        correction=correction,
        moved=_moved(payload, spoken) if spoken.type == "system" else None,
        occurred_at=_said_at(spoken),
        reason=reason,
    )


def message(payload: Payload) -> InboundMessage | None:
    """The message alone; None if it is none. Raises MalformedError."""
    return event(payload, "").message


def _spoken(said: Payload) -> Spoken:
    try:
        return Spoken.model_validate({**said, "number": said.get("from")})
    except ValidationError as error:
        raise MalformedError("A message needs an id and a timestamp.") from error


def _why_silent(spoken: Spoken) -> Reason:
    return wordings.IN_A_GROUP() if spoken.group_id else SILENT.get(spoken.type, NOTHING)


def _correction(payload: Payload, spoken: Spoken) -> Edit | Deletion | None:
    """How a person changed or took back what they said before. In groups nobody listens."""
    if spoken.type not in {"edit", "revoke"} or spoken.group_id:
        return None
    told = object_of(payload["message"].get(spoken.type))
    original = words_of(told.get("original_message_id"))
    if not original:
        raise MalformedError("An edit or a revocation needs original_message_id.")
    if spoken.type == "revoke":
        return Deletion(short(original))
    said = {name: payload["message"][name] for name in ("from", "from_user_id") if name in payload["message"]}
    anew = {**object_of(told.get("message")), **said, "id": original, "timestamp": spoken.timestamp}
    changed = {**payload, "message": anew}
    now = _message(changed, _spoken(anew))
    return Edit(now, json.dumps(changed), Decimal(spoken.timestamp), _said_at(spoken))


def _moved(payload: Payload, spoken: Spoken) -> Moved | None:
    """Somebody changed their number, and with it the id, or only the id.

    https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/system/
    """
    change = NewId.model_validate(object_of(payload["message"].get("system")))
    new = change.user_id or change.wa_id
    given = (change.previous_user_id, spoken.from_user_id, spoken.number)
    old = [short(each) for each in given if each and each != new]
    return Moved(old, short(new)) if new and old else None


def _message(payload: Payload, spoken: Spoken) -> InboundMessage:
    person = _person(payload, spoken)
    content = content_of(payload["message"])
    return InboundMessage(
        key=short(spoken.id),
        thread_ids=[person.key],
        where=DIRECT,
        is_addressed=True,
        author=person.key,
        author_name=person.name,
        formerly=person.formerly,
        text=content.text,
        is_readable=bool(content.words),
        position=Decimal(spoken.timestamp),
        said_at=_said_at(spoken),
        address=person.address(payload["account"]),
        files=files_of(payload["message"]),
    )


def _person(payload: Payload, spoken: Spoken) -> Person:
    contact = Contact.model_validate(payload["contact"])
    person = Person(
        number=spoken.number or contact.wa_id or "",
        user_id=spoken.from_user_id or contact.user_id or "",
        name=contact.name[:LONGEST_NAME],
    )
    if not person.key:
        raise MalformedError("A message needs from_user_id or from.")
    return person


def _contact_of(said: Payload, contacts: Sequence[Payload]) -> Payload:
    """The profile of whoever wrote. A system message has none."""
    if len(contacts) == 1:
        return contacts[0]
    ids = {said[name] for name in ("from", "from_user_id") if isinstance(said.get(name), str)}
    return next(
        (each for each in contacts if any(words_of(each.get(name)) in ids for name in ("wa_id", "user_id"))), {}
    )


def _said_at(spoken: Spoken) -> datetime:
    return min(datetime.fromtimestamp(int(spoken.timestamp), UTC), datetime.now(UTC))
