"""The phone, `/whatsapp/`: write to a business's number as one of some people, and see what comes back.

Beside it are the values that an operator copies from Meta when they connect the number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.pages import fragment, notice_page, page, see_other
from sandbox.whatsapp.phone.chat import chat
from sandbox.whatsapp.phone.page import body
from sandbox.whatsapp.phone.view import View
from sandbox.whatsapp.state.peer import WhatsApp

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


def _view(request: Request) -> View:
    return View.of(request.app.state.whatsapp, request.query_params)


async def show(request: Request) -> Response:
    """The page."""
    view = _view(request)
    return page(f"{view.person.name} and {view.business.name}", body(view), class_="chat-body")


async def messages(request: Request) -> Response:
    """The chat, for its live region. Who looks at it has read it."""
    view = _view(request)
    view.whatsapp.read(view.business, view.person)
    return fragment(chat(view))


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


ROUTES: Final = [
    Route("/", show),
    Route("/messages", messages),
    Route("/chat/{number}", by_link),
    Route("/send", send, methods=["POST"]),
    Route("/change-number", change_number, methods=["POST"]),
    Route("/new-number", new_number, methods=["POST"]),
    Route("/revoke", revoke, methods=["POST"]),
]
