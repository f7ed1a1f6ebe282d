"""The messages between a number and a person, as their phone shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.html import Html, join, tag
from sandbox.pages import avatar, clock
from sandbox.whatsapp.phone.view import View
from sandbox.whatsapp.state.messages import Message

TICKS: Final = {
    "accepted": "…",
    "sent": "✓ Sent",
    "delivered": "✓✓ Delivered",
    "read": "✓✓ Read",
    "failed": "Not delivered",
}


def chat(view: View) -> Html:
    """All of them, oldest first, and whether the business types."""
    said = view.whatsapp.messages.between(view.business.phone_id, view.person.key)
    if not said:
        about = view.business.about or "Write the first message: a business can't begin without a template."
        return tag("div", tag("b", view.business.name), tag("p", about, class_="soft"), class_="empty")
    typing = (
        tag("p", tag("i", class_="dots"), f"{view.business.name} is typing", class_="typing")
        if _is_typing(said)
        else None
    )
    return join(*(_message(view, each) for each in said), typing)


def _is_typing(said: list[Message]) -> bool:
    return said[-1].is_from_person and said[-1].is_typing


def _message(view: View, message: Message) -> Html:
    name = view.person.name if message.is_from_person else view.business.name
    ticks = (
        None
        if message.is_from_person and message.status != "read"
        else tag("span", TICKS.get(message.status, ""), class_="tiny muted")
    )
    head = tag("div", tag("b", name), clock(message.at), ticks, class_="msg-head")
    content = tag("div", head, tag("div", _text(view, message), class_="msg-text pre-line"), class_="grow")
    return tag("article", avatar(name, "" if message.is_from_person else "bot"), content, class_="message")


def _text(view: View, message: Message) -> str:
    part: Any = message.body.get(message.type, {})
    if message.type == "template":
        return _template(view, part)
    if message.type == "text":
        return str(part.get("body", ""))
    if message.type == "system":
        return str(part.get("body", ""))
    name = part.get("filename") or message.type if isinstance(part, dict) else message.type
    return f"[{name}] {part.get('caption', '')}".strip()


def _template(view: View, part: Mapping[str, Any]) -> str:
    found = [
        each for each in view.whatsapp.businesses.templates(view.business.account_id) if each["name"] == part["name"]
    ]
    text = str(found[0]["components"][0]["text"]) if found else str(part["name"])
    given = [each for each in part.get("components") or [] if str(each.get("type", "")).lower() == "body"]
    for number, each in enumerate(given[0]["parameters"] if given else [], 1):
        text = text.replace(f"{{{{{each.get('parameter_name', number)}}}}}", str(each.get("text", "")))
    return text
