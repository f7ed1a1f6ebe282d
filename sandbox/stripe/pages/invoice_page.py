"""The hosted invoice page, `/stripe/invoice/<invoice>`: shows what is due and takes the payment.

https://docs.stripe.com/invoicing/hosted-invoice-page
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.pages import notice_page, see_other
from sandbox.stripe.account.errors import StripeError
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing import collecting, invoicing
from sandbox.stripe.pages import card_choice, challenge, invoice_pdf, invoice_view
from sandbox.stripe.pages.card_choice import CardError
from sandbox.stripe.pages.hosted import Fields, hosted_page, read_fields
from sandbox.stripe.payments import intents
from sandbox.words import money

FAILED: Final = "We are unable to authenticate your card. Choose another one, or try again."
PAYABLE: Final = ("open", "uncollectible")


def _invoice(request: Request) -> JsonObject | None:
    """The finalized invoice in the URL."""
    peer: Stripe = request.app.state.stripe
    found = peer.store.find(request.path_params["invoice"])
    return found if found and found["object"] == "invoice" and found.get("status", "draft") != "draft" else None


def _nothing() -> Response:
    return notice_page("No such invoice", "There is no invoice to show at this address.", status=404)


async def show(request: Request) -> Response:
    """The invoice, with a payment form while it is open."""
    invoice = _invoice(request)
    return _page(request.app.state.stripe, invoice, {}) if invoice else _nothing()


async def pay(request: Request) -> Response:
    """Pay with the chosen card."""
    fields = await read_fields(request)
    invoice = _invoice(request)
    if invoice is None:
        return _nothing()
    peer: Stripe = request.app.state.stripe
    if invoice["status"] not in PAYABLE:
        return see_other(request.url.path)
    try:
        method = card_choice.method_of(peer, fields, invoice["customer"])
    except CardError as error:
        return _page(peer, invoice, fields, str(error), 400)
    return _collect(peer, invoice, method, fields)


def _collect(peer: Stripe, invoice: JsonObject, method: JsonObject, fields: Fields) -> Response:
    try:
        with peer.store.transaction():
            outcome = collecting.collect(peer, invoice, method=method, off_session=False)
    except StripeError as error:
        return _page(peer, peer.store.get(invoice["id"]), fields, str(error), 402)
    if outcome is not None and outcome.error is not None:
        return _page(peer, peer.store.get(invoice["id"]), fields, str(outcome.error), 402)
    waits = outcome is not None and outcome.status == "requires_action"
    return see_other(f"/stripe/invoice/{invoice['id']}{'/authenticate' if waits else ''}")


async def authenticate(request: Request) -> Response:
    """The 3-D Secure page for the payment, and its answer."""
    fields = await read_fields(request)
    invoice = _invoice(request)
    if invoice is None:
        return _nothing()
    peer: Stripe = request.app.state.stripe
    intent = invoicing.intent_of(peer, invoice)
    if intent is None or intent["status"] != "requires_action":
        return see_other(f"/stripe/invoice/{invoice['id']}")
    if request.method == "GET":
        method = peer.store.get(intent["payment_method"])
        amount = money(intent["amount"], intent["currency"])
        return challenge.page(peer.account.name, amount, request.url.path, card=method["card"]["last4"])
    with peer.store.transaction():
        settled = intents.authenticate(peer, intent["id"], succeed=fields.get("answer") == challenge.COMPLETE)
    if settled["status"] == "succeeded":
        return see_other(f"/stripe/invoice/{invoice['id']}")
    problem = FAILED if fields.get("answer") != challenge.COMPLETE else settled["last_payment_error"]["message"]
    return _page(peer, peer.store.get(invoice["id"]), {}, problem, 402)


async def pdf(request: Request) -> Response:
    """The invoice as a PDF."""
    invoice = _invoice(request)
    if invoice is None:
        return _nothing()
    peer: Stripe = request.app.state.stripe
    name = f'attachment; filename="Invoice-{invoice["number"]}.pdf"'
    content = invoice_pdf.document(invoice_view.as_text(peer.account.name, invoice))
    return Response(content, media_type="application/pdf", headers={"Content-Disposition": name})


def _page(peer: Stripe, invoice: JsonObject, fields: Fields, problem: str = "", status: int = 200) -> Response:
    choices = card_choice.choices(peer, invoice["customer"]) if invoice["status"] in PAYABLE else []
    body = invoice_view.body(peer.account.name, invoice, choices, fields, problem)
    return hosted_page(f"Invoice {invoice['number']}", body, status=status)


ROUTES: Final = [
    Route("/{invoice}", show, methods=["GET"]),
    Route("/{invoice}", pay, methods=["POST"]),
    Route("/{invoice}/authenticate", authenticate, methods=["GET", "POST"]),
    Route("/{invoice}/pdf", pdf, methods=["GET"]),
]
