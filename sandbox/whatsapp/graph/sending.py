"""`POST /{phone}/messages`: texts, templates, and the mark that a message was read.

https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/message-api
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from sandbox.whatsapp.graph.errors import RefusalError, wrong
from sandbox.whatsapp.state.businesses import Business
from sandbox.whatsapp.state.peer import WhatsApp
from sandbox.whatsapp.state.people import ID, Person

LONGEST_TEXT: Final = 4_096
LONGEST_OPAQUE: Final = 512
PARAMETER: Final = re.compile(r"\{\{(\w+)\}\}")
Body = dict[str, Any]


def send(whatsapp: WhatsApp, business: Business, body: Body) -> Body:
    """Check it as Meta does, then take it."""
    if body.get("messaging_product") != "whatsapp":
        raise wrong("messaging_product", "must be whatsapp")
    if body.get("status") == "read":
        return _read(whatsapp, business, body)
    if not business.is_registered:
        raise RefusalError(133010, "Account not registered", "The number is not registered.")
    person = _person(whatsapp, body)
    CHECKS.get(_text(body.get("type", "text"), "type"), _unsupported)(whatsapp, business, body)
    if len(_text(body.get("biz_opaque_callback_data", ""), "biz_opaque_callback_data")) > LONGEST_OPAQUE:
        raise wrong("biz_opaque_callback_data", f"has more than {LONGEST_OPAQUE} characters")
    message = whatsapp.take(business, person, body)
    known = {"user_id": person.user_id} if "to" not in body else {"wa_id": person.wa_id}
    contact = {"input": body.get("to") or body["recipient"], **known}
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": message.id}]}


def _person(whatsapp: WhatsApp, body: Body) -> Person:
    """`to` has the number, `recipient` the business-scoped id; of somebody unknown Meta says so later, by webhook."""
    to, recipient = _text(body.get("to", ""), "to"), _text(body.get("recipient", ""), "recipient")
    if not to and not recipient:
        raise wrong("to", "or recipient is required")
    try:
        person = whatsapp.people.addressed(number=to) if to else whatsapp.people.addressed(user_id=recipient)
    except KeyError as missing:
        raise RefusalError(131026, "Message undeliverable", "The recipient is not on WhatsApp.") from missing
    if to and person.shows == ID:
        raise RefusalError(131026, "Message undeliverable", "The recipient is not known by a number.")
    return person


def _read(whatsapp: WhatsApp, business: Business, body: Body) -> Body:
    wamid, typing = _text(body.get("message_id", ""), "message_id"), body.get("typing_indicator")
    if typing is not None and typing != {"type": "text"}:
        raise wrong("typing_indicator", "has one type: text")
    try:
        message = whatsapp.messages.get(wamid)
    except KeyError as missing:
        raise wrong("message_id", "is not known") from missing
    if message.phone_id != business.phone_id or not message.is_from_person:
        raise wrong("message_id", "is not a message to this number")
    whatsapp.messages.mark_read(wamid, is_typing=typing is not None)
    return {"success": True}


def _check_text(_: WhatsApp, business: Business, body: Body) -> None:
    part = body.get("text")
    text = part.get("body") if isinstance(part, dict) else None
    if not isinstance(text, str) or not text:
        raise wrong("text.body", "is required")
    if len(text) > LONGEST_TEXT:
        raise wrong("text.body", f"has {len(text)} characters: {LONGEST_TEXT} are allowed")


def _check_template(whatsapp: WhatsApp, business: Business, body: Body) -> None:
    part = body.get("template")
    if not isinstance(part, dict) or not isinstance(part.get("language"), dict):
        raise wrong("template", "needs a name and a language with a code")
    name, language = str(part.get("name", "")), str(part["language"].get("code", ""))
    named = [each for each in whatsapp.businesses.templates(business.account_id) if each["name"] == name]
    found = next((each for each in named if each["language"] == language), None)
    if found is None:
        raise RefusalError(
            132001, "Template name does not exist in the translation", f"{name} does not exist in {language}"
        )
    if found["status"] == "PAUSED":
        raise RefusalError(132015, "Template is paused", f"{name} is paused because of its quality.")
    if found["status"] != "APPROVED":
        raise RefusalError(132016 if found["status"] == "DISABLED" else 132001, "Template is not approved", name)
    _check_parameters(found, part)


def _check_parameters(template: Mapping[str, Any], part: Body) -> None:
    wanted = PARAMETER.findall(template["components"][0]["text"])
    given = [each for each in part.get("components") or [] if str(each.get("type", "")).lower() == "body"]
    values = given[0].get("parameters", []) if given else []
    if len(values) != len(wanted):
        details = f"number of localizable_params ({len(values)}) does not match the expected number ({len(wanted)})"
        raise RefusalError(132000, "Number of parameters does not match the expected number of params", details)
    if template["parameter_format"] == "NAMED" and {each.get("parameter_name") for each in values} != set(wanted):
        raise RefusalError(132012, "Parameter format does not match format in the created template", "body")


def _unsupported(_: WhatsApp, business: Business, body: Body) -> None:
    raise wrong("type", f"{body.get('type')} is not played here: text and template are")


CHECKS: Final = {"text": _check_text, "template": _check_template}


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise wrong(name, "must be a string")
    return value
