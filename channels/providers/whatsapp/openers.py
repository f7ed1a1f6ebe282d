"""Message templates: what an account has, and one as it is sent.

https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.providers.base import DeliveryRefusedError
from channels.providers.shapes.openers import Blank, Filled, Template, blanks_in
from channels.providers.shapes.sending import Account
from channels.providers.whatsapp import calls, wordings
from channels.providers.whatsapp.answers import Component, MessageTemplate, MessageTemplates
from channels.providers.whatsapp.checking.found import ACCOUNT

FIELDS = "name,language,status,category,parameter_format,components"
MOST = 100
"""Templates that are listed: the first page."""
NAMED, APPROVED = "NAMED", "APPROVED"
PLAIN_PARTS = {"HEADER", "BODY", "FOOTER", "BUTTONS"}
PLAIN_BUTTONS = {"QUICK_REPLY", "URL", "PHONE_NUMBER"}
STATES: Mapping[str, Promise] = {
    APPROVED: gettext_lazy("Approved"),
    "PENDING": gettext_lazy("Meta has not approved it yet"),
    "REJECTED": gettext_lazy("Meta rejected it"),
    "PAUSED": gettext_lazy("Meta paused it because of its quality"),
    "DISABLED": gettext_lazy("Meta disabled it"),
    "IN_APPEAL": gettext_lazy("Meta looks at it again"),
    "PENDING_DELETION": gettext_lazy("It is being deleted"),
}
CATEGORIES: Mapping[str, Promise] = {
    "UTILITY": gettext_lazy("Utility"),
    "MARKETING": gettext_lazy("Marketing"),
    "AUTHENTICATION": gettext_lazy("Authentication"),
}


def of(account: Account) -> Sequence[Template]:
    """The first templates of a number's account, as Meta lists them. Raises DeliveryError."""
    account_id = account.secrets.get(ACCOUNT, "")
    if not account_id:
        raise DeliveryRefusedError(wordings.NO_ACCOUNT(), code="no_account")
    path = f"{account_id}/message_templates"
    return [_read(each) for each in calls.get(MessageTemplates, account, path, FIELDS, most=MOST).data]


def body_of(filled: Filled) -> Mapping[str, Any]:
    """The part `template` of a message."""
    parts = [("header", filled.header), ("body", filled.body)]
    components = [
        {"type": kind, "parameters": [_parameter(filled, *each) for each in values.items()]}
        for kind, values in parts
        if values
    ]
    sent: dict[str, Any] = {"name": filled.name, "language": {"code": filled.language}}
    return {**sent, "components": components} if components else sent


def _parameter(filled: Filled, name: str, text: str) -> dict[str, str]:
    named = {"parameter_name": name} if filled.is_named else {}
    return {"type": "text", **named, "text": text}


def _read(told: MessageTemplate) -> Template:
    parts = {each.type.upper(): each for each in told.components}
    header, body, footer = (parts.get(each, Component()) for each in ("HEADER", "BODY", "FOOTER"))
    is_named, state = told.parameter_format.upper() == NAMED, told.status.upper()
    return Template(
        name=told.name,
        language=told.language,
        category=str(CATEGORIES.get(told.category.upper(), told.category.capitalize())),
        state=str(STATES[state]) if state in STATES else _("Meta says: %(state)s") % {"state": told.status},
        is_approved=state == APPROVED,
        body=body.text,
        header=header.text,
        footer=footer.text,
        header_blanks=_blanks(header.text, header.examples, is_named=is_named),
        body_blanks=_blanks(body.text, body.examples, is_named=is_named),
        buttons=[each.text for each in parts.get("BUTTONS", Component()).buttons],
        is_named=is_named,
        problem=_problem(told, parts),
    )


def _blanks(text: str, examples: Mapping[str, str], *, is_named: bool) -> list[Blank]:
    """In the order in which Meta wants their values: that of their numbers, or any where they have names."""
    names = blanks_in(text)
    if not is_named:
        names.sort(key=lambda name: (len(name), name))
    return [Blank(name, examples.get(name, "")) for name in names]


def _problem(told: MessageTemplate, parts: Mapping[str, Component]) -> str:
    """Why it cannot be sent from here; empty if it can."""
    if told.category.upper() == "AUTHENTICATION":
        return _("Cannot be sent from here: it is for one-time codes.")
    if set(parts) - PLAIN_PARTS or "BODY" not in parts:
        return _("Cannot be sent from here: it has parts other than text and buttons.")
    if "HEADER" in parts and parts["HEADER"].format.upper() != "TEXT":
        return _("Cannot be sent from here yet, because it begins with a picture, a file or a place.")
    buttons = parts.get("BUTTONS", Component()).buttons
    if any(each.type.upper() not in PLAIN_BUTTONS or "{{" in each.url for each in buttons):
        return _("Cannot be sent from here yet, because one of its buttons needs a value of its own.")
    return ""
