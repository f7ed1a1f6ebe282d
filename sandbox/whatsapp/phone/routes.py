"""The phone, `/whatsapp/`: write to a business's number as one of some people, and see what comes back.

Beside it are the values that an operator copies from Meta when they connect the number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.html import Html, join, tag
from sandbox.pages import avatar, clock, fragment, live, notice_page, page, see_other
from sandbox.whatsapp.state.businesses import Business
from sandbox.whatsapp.state.messages import Message
from sandbox.whatsapp.state.peer import WhatsApp
from sandbox.whatsapp.state.people import BOTH, ID, NUMBER, Person

PNG: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415478da6368f8cf000002830180"
    "5ffd8a700000000049454e44ae426082"
)
OGG: Final = b"OggS\x00\x02" + bytes(20) + b"\x01\x13OpusHead\x01\x01" + bytes(10)
PDF: Final = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"
)
SAMPLES: Final[Mapping[str, tuple[str, str, bytes, dict[str, str]]]] = {
    "photo": ("image", "image/png", PNG, {}),
    "voice": ("audio", "audio/ogg; codecs=opus", OGG, {}),
    "pdf": ("document", "application/pdf", PDF, {"filename": "menu.pdf"}),
}
TICKS: Final = {
    "accepted": "…",
    "sent": "✓ Sent",
    "delivered": "✓✓ Delivered",
    "read": "✓✓ Read",
    "failed": "Not delivered",
}
SHOWN: Final = {
    NUMBER: "shows the phone number only",
    BOTH: "shows number and user id",
    ID: "hides the number, has a username",
}


@dataclass(frozen=True)
class View:
    """Which number, and as whom; both are in the URL."""

    whatsapp: WhatsApp
    business: Business
    person: Person
    text: str

    @classmethod
    def of(cls, whatsapp: WhatsApp, query: Mapping[str, str]) -> View:
        """From a URL's query; anything missing falls back to the newest number and the first person."""
        businesses = {each.phone_id: each for each in whatsapp.businesses.all()}
        people = {each.key: each for each in whatsapp.people.all()}
        business = businesses.get(query.get("number", "")) or next(iter(businesses.values()))
        person = people.get(query.get("person", "")) or next(iter(people.values()))
        return cls(whatsapp, business, person, query.get("text", ""))

    def url(self, path: str = "") -> str:
        """Of a page or an action for the same chat."""
        query = urlencode({"number": self.business.phone_id, "person": self.person.key})
        return f"/whatsapp/{path}?{query}"


def _view(request: Request) -> View:
    return View.of(request.app.state.whatsapp, request.query_params)


async def show(request: Request) -> Response:
    """The page."""
    view = _view(request)
    body = tag("div", _side(view), _main(view), class_="chat")
    return page(f"{view.person.name} and {view.business.name}", body, class_="chat-body")


async def messages(request: Request) -> Response:
    """The chat, for its live region. Who looks at it has read it."""
    view = _view(request)
    view.whatsapp.read(view.business, view.person)
    return fragment(_chat(view))


async def by_link(request: Request) -> Response:
    """`/whatsapp/chat/<number>?text=…`, as https://wa.me/<number> is: the chat with a number, a text typed already."""
    whatsapp: WhatsApp = request.app.state.whatsapp
    digits = request.path_params["number"]
    for business in whatsapp.businesses.all():
        if business.digits == digits:
            view = View.of(whatsapp, {**request.query_params, "number": business.phone_id})
            return see_other(f"{view.url()}&{urlencode({'text': view.text})}")
    return notice_page("Not on WhatsApp", f"Nobody has the number +{digits} here.", status=404)


async def send(request: Request) -> Response:
    """What the person typed, or a file."""
    view, form = _view(request), dict(parse_qsl((await request.body()).decode()))
    text, attached = form.get("text", "").strip(), SAMPLES.get(form.get("attach", ""))
    if attached:
        kind, mime_type, content, more = attached
        caption = {"caption": text} if text and kind != "audio" else {}
        view.whatsapp.send_file(view.business, view.person, kind, mime_type, content, **more, **caption)
    elif text:
        view.whatsapp.say(view.business, view.person, {"type": "text", "text": {"body": text}})
    return see_other(view.url())


async def change_number(request: Request) -> Response:
    """The person gets another number, or, hiding it, another user id."""
    view = _view(request)
    view.whatsapp.change_number(view.business, view.person)
    return see_other(view.url())


async def new_number(request: Request) -> Response:
    """Another business with a number of its own."""
    whatsapp: WhatsApp = request.app.state.whatsapp
    business = whatsapp.businesses.create("Northwind Café")
    return see_other(f"/whatsapp/?{urlencode({'number': business.phone_id})}")


async def revoke(request: Request) -> Response:
    """The business's tokens stop working."""
    view = _view(request)
    view.whatsapp.businesses.revoke(view.business.phone_id)
    return see_other(view.url())


def _side(view: View) -> Html:
    head = tag("a", tag("i", "S", aria_hidden="true"), "Sandbox WhatsApp", href="/", class_="logo")
    numbers = [(each.phone_id, f"{each.name}, {each.number}") for each in view.whatsapp.businesses.all()]
    people = [(each.key, each.name) for each in view.whatsapp.people.all()]
    pickers = tag(
        "div",
        _picker("number", "You write to", numbers, view.business.phone_id, {"person": view.person.key}),
        _picker("person", "You are", people, view.person.key, {"number": view.business.phone_id}),
        class_="pickers",
    )
    number = view.person.wa_id if view.person.shows != ID else f"@{view.person.username}"
    about = tag("p", f"{view.person.name} {SHOWN[view.person.shows]}: {number}.", class_="small muted")
    return tag(
        "aside",
        head,
        pickers,
        about,
        _action(view, "change-number", "Change number"),
        _values(view),
        class_="side",
        aria_label="Phone",
    )


def _picker(name: str, label: str, options: list[tuple[str, str]], chosen: str, keep: dict[str, str]) -> Html:
    choices = [tag("option", text, value=value, selected=value == chosen) for value, text in options]
    hidden = [tag("input", type="hidden", name=key, value=value) for key, value in keep.items()]
    select = tag("select", *choices, name=name, id=f"pick-{name}", class_="input")
    button = tag("button", "Go", class_="btn btn-plain btn-sm")
    picked = tag("form", tag("label", label, for_=f"pick-{name}"), tag("div", select, button, class_="row"), *hidden)
    return tag("submit-on-change", picked)


def _values(view: View) -> Html:
    """What Meta's pages show of this number, to be copied into the product."""
    business = view.business
    good, temporary, silent = view.whatsapp.businesses.tokens(business.phone_id)[:3]
    values = (
        ("Access token", good.token),
        ("App secret", business.app_secret),
        ("Phone number ID", business.phone_id),
        ("Account ID", business.account_id),
        ("A token that ends in a day", temporary.token),
        ("A token that may not send", silent.token),
    )
    is_heard = business.is_subscribed and business.callback_url
    state = "Events go to the address that was registered." if is_heard else "No address is registered for events."
    return tag(
        "details",
        tag(
            "summary",
            "For connecting it",
            tag("span", "Connected" if is_heard else "Not connected", class_=f"badge {'b-ok' if is_heard else ''}"),
        ),
        tag("p", state, class_="small muted"),
        *(_copy(label, value) for label, value in values),
        _action(view, "revoke", "Revoke all tokens", "btn-bad"),
        _action(view, "new-number", "Another number"),
        class_="app-panel stack g3",
        open=not is_heard,
    )


def _copy(label: str, value: str) -> Html:
    button = tag(
        "button",
        "Copy",
        tag("span", f" {label}", class_="vh"),
        type="button",
        class_="btn btn-plain btn-sm",
        data_copy=value,
        hidden=True,
    )
    return tag(
        "div",
        tag("span", label, class_="small muted"),
        tag("copy-value", tag("div", tag("code", value), button, class_="copy")),
    )


def _action(view: View, path: str, label: str, kind: str = "btn-plain") -> Html:
    return tag("form", tag("button", label, class_=f"btn btn-sm {kind}"), action=view.url(path), method="post")


def _main(view: View) -> Html:
    head = tag(
        "header",
        avatar(view.business.name, "bot"),
        tag("div", tag("h1", view.business.name), tag("span", view.business.number, class_="muted small")),
        class_="chat-head",
    )
    region = live(view.url("messages"), _chat(view), name="messages", class_="scroll")
    return tag("main", head, region, _composer(view), class_="chat-main")


def _chat(view: View) -> Html:
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


def _composer(view: View) -> Html:
    label = f"Message {view.business.name}"
    field = tag(
        "textarea", view.text, name="text", id="text", rows="2", class_="input", placeholder=label, aria_label=label
    )
    choices = (("", "No file"), ("photo", "With a photo"), ("voice", "With a voice message"), ("pdf", "With a PDF"))
    attach = tag(
        "select",
        *(tag("option", text, value=value) for value, text in choices),
        name="attach",
        class_="input",
        aria_label="File",
    )
    who = tag("span", avatar(view.person.name, "small"), f"as {view.person.name}", class_="row muted small who")
    button = tag("button", "Send", class_="btn btn-primary btn-sm")
    row = tag("div", attach, who, tag("div", button, class_="row push"), class_="row wrap")
    return tag("message-composer", tag("form", field, row, action=view.url("send"), method="post", class_="composer"))


ROUTES: Final = [
    Route("/", show),
    Route("/messages", messages),
    Route("/chat/{number}", by_link),
    Route("/send", send, methods=["POST"]),
    Route("/change-number", change_number, methods=["POST"]),
    Route("/new-number", new_number, methods=["POST"]),
    Route("/revoke", revoke, methods=["POST"]),
]
