"""The sandbox WhatsApp as one object, which its page, API and control API share."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from collections.abc import Coroutine
from typing import Any, Final

from sandbox.database import Database
from sandbox.faults import Faults
from sandbox.whatsapp.state.businesses import Business, Businesses
from sandbox.whatsapp.state.messages import Message, Messages
from sandbox.whatsapp.state.people import ID, NUMBER, People, Person
from sandbox.whatsapp.state.schema import SCHEMA
from sandbox.whatsapp.state.webhooks import Webhooks

SERVICE: Final = {"billable": False, "pricing_model": "PMP", "category": "service", "type": "free_customer_service"}
SOON_SECONDS: Final = 0.2
"""Between a message's statuses, if the person's phone is on."""


class WhatsApp:
    """Meta's side of it."""

    def __init__(self, database: Database, retry_delays: tuple[float, ...], url: str) -> None:
        database.script(SCHEMA)
        self.url = url
        self.businesses = Businesses(database)
        self.people = People(database)
        self.messages = Messages(database)
        self.webhooks = Webhooks(self.businesses, database, retry_delays)
        self.faults = Faults()
        self.is_phone_on = True
        self._tasks: set[asyncio.Task[None]] = set()
        if not self.businesses.all():
            self.businesses.create("Bloom Bakery")

    def say(self, business: Business, person: Person, content: dict[str, Any]) -> Message:
        """A person writes to a number. `content`: `type` and the part of that name, as in a webhook's message."""
        message = self.messages.add(business.phone_id, person.key, content, is_from_person=True)
        value = {"contacts": [contact(person)], "messages": [_said(message, person)]}
        self.webhooks.send(business, self.about(business) | value)
        return message

    def send_file(
        self, business: Business, person: Person, kind: str, mime_type: str, content: bytes, **more: str
    ) -> Message:
        """A person sends a file of this kind: image, audio, video, document, sticker."""
        media_id = self.messages.add_media(business.phone_id, mime_type, content)
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        part = {"id": media_id, "mime_type": mime_type, "sha256": digest, **more}
        return self.say(business, person, {"type": kind, kind: part})

    def change_number(self, business: Business, person: Person) -> Person:
        """A person moves to another number. https://developers.facebook.com/…/webhooks/reference/messages/system"""
        now = self.people.move(person)
        if person.shows == ID:
            text = f"User {person.name} changed their user id"
            system = {
                "type": "user_changed_user_id",
                "body": text,
                "user_id": now.user_id,
                "previous_user_id": person.user_id,
            }
            sender = {}
        else:
            text = f"User {person.name} changed from {person.wa_id} to {now.wa_id}"
            system = {"type": "user_changed_number", "body": text, "wa_id": now.wa_id}
            system |= {} if person.shows == NUMBER else {"user_id": now.user_id}
            sender = {"from": person.wa_id} | ({} if person.shows == NUMBER else {"from_user_id": person.user_id})
        message = self.messages.add(
            business.phone_id, person.key, {"type": "system", "system": system}, is_from_person=True
        )
        said = {**sender, "id": message.id, "timestamp": _stamp(message.at), "type": "system", "system": system}
        self.webhooks.send(business, self.about(business) | {"messages": [said]})
        return now

    def take(self, business: Business, person: Person, body: dict[str, Any]) -> Message:
        """A business's message was accepted: statuses follow."""
        opaque = str(body.get("biz_opaque_callback_data", ""))
        message = self.messages.add(business.phone_id, person.key, body, is_from_person=False, opaque=opaque)
        self._spawn(self._statuses(business, message))
        return message

    def move_on(self, message: Message, status: str, error: dict[str, Any] | None = None) -> None:
        """The next status of a business's message, told by webhook."""
        if not self.messages.advance(message.id, status):
            return
        business, person = self.businesses.of_phone(message.phone_id), self.people.of(message.person)
        told: dict[str, Any] = {"id": message.id, "status": status, "timestamp": _stamp(time.time())}
        if person.shown_number and "to" in message.body:
            told["recipient_id"] = person.wa_id
        if person.shown_id and not (error and "to" in message.body):
            told["recipient_user_id"] = person.user_id
        if message.opaque:
            told["biz_opaque_callback_data"] = message.opaque
        if error:
            told["errors"] = [error]
        else:
            told["pricing"] = self._pricing(business, message)
        value: dict[str, Any] = {} if error else {"contacts": [contact(person)]}
        self.webhooks.send(business, self.about(business) | value | {"statuses": [told]})

    def read(self, business: Business, person: Person) -> None:
        """A person opens the chat."""
        for message in self.messages.between(business.phone_id, person.key):
            if not message.is_from_person and message.status == "delivered":
                self.move_on(message, "read")

    def about(self, business: Business) -> dict[str, Any]:
        """What each change begins with."""
        metadata = {"display_phone_number": business.digits, "phone_number_id": business.phone_id}
        return {"messaging_product": "whatsapp", "metadata": metadata}

    async def close(self) -> None:
        """Stop everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.webhooks.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _statuses(self, business: Business, message: Message) -> None:
        fault = self.faults.take("statuses", business.phone_id)
        is_late = message.type != "template" and not self.messages.is_window_open(business.phone_id, message.person)
        code = 131047 if is_late else int(fault.answer) if fault and fault.kind == "error" else 0
        await asyncio.sleep(SOON_SECONDS)
        if code:
            self.move_on(message, "failed", error_object(code))
            return
        self.move_on(message, "sent")
        await asyncio.sleep(SOON_SECONDS)
        if self.is_phone_on:
            self.move_on(message, "delivered")

    def _pricing(self, business: Business, message: Message) -> dict[str, Any]:
        if message.type != "template":
            return dict(SERVICE)
        wanted = message.body["template"]["name"]
        found = [each for each in self.businesses.templates(business.account_id) if each["name"] == wanted]
        category = str(found[0]["category"]).lower() if found else "utility"
        return {"billable": True, "pricing_model": "PMP", "category": category, "type": "regular"}


TITLES: Final = {
    131026: ("Message undeliverable", "Message undeliverable."),
    131047: (
        "Re-engagement message",
        "Message failed to send because more than 24 hours have passed since the customer last replied to this number.",
    ),
    131049: ("Message not delivered", "This message was not delivered to maintain healthy ecosystem engagement."),
    131050: ("Message not delivered", "The person chose to stop marketing messages from this business."),
}


def error_object(code: int) -> dict[str, Any]:
    """An error in a status. https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes"""
    title, details = TITLES.get(code, ("Something went wrong", "Something went wrong."))
    href = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"
    return {"code": code, "title": title, "message": title, "error_data": {"details": details}, "href": href}


def contact(person: Person) -> dict[str, Any]:
    """What a webhook says of a person."""
    profile = {"name": person.name} | ({"username": person.username} if person.username else {})
    shown = {"wa_id": person.shown_number, "user_id": person.shown_id}
    return {"profile": profile, **{name: value for name, value in shown.items() if value}}


def _said(message: Message, person: Person) -> dict[str, Any]:
    ids = {"from": person.shown_number, "from_user_id": person.shown_id}
    known = {name: value for name, value in ids.items() if value}
    return {**known, "id": message.id, "timestamp": _stamp(message.at), **message.body}


def _stamp(at: float) -> str:
    return str(int(at))
