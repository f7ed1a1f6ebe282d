"""The page on which the bank asks, before it pays: 3-D Secure. https://docs.stripe.com/testing#authentication-and-setup

`/stripe/authenticate/<intent>` is where a payment or setup intent that requires action leads; Checkout, the portal and
the invoice page show the same questions at addresses of their own.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from sandbox.html import tag
from sandbox.pages import notice_page, see_other
from sandbox.stripe import payments
from sandbox.stripe.hosted import badge, hosted_page, money, read_fields
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject

COMPLETE: Final = "complete"


def page(shop: str, amount: str, action: str, *, card: str = "", leads_to: tuple[str, ...] = ()) -> HTMLResponse:
    """Ask whether the owner of a card agrees; the form sends `answer`: complete or fail."""
    what = f"{shop} asks for {amount}" if amount else f"{shop} wants to save your card"
    with_ = f" from your card ending in {card}" if card and amount else f", ending in {card}" if card else ""
    buttons = tag(
        "div",
        tag("button", "Fail", name="answer", value="fail", class_="btn btn-plain"),
        tag("button", "Complete", name="answer", value=COMPLETE, class_="btn btn-primary"),
        class_="row end actions",
    )
    form = tag(
        "form",
        badge(),
        tag("h1", "Is this you?"),
        tag("p", f"{what}{with_}. Your bank wants to know that it is you (3-D Secure).", class_="soft"),
        tag("p", "Complete agrees, as its owner would. Fail refuses.", class_="hint"),
        buttons,
        method="post",
        action=action,
        class_="card card-pad stack g5",
    )
    return hosted_page("3-D Secure", tag("main", form, class_="pay-one"), leads_to=leads_to)


async def authenticate(request: Request) -> Response:
    """GET asks, POST answers; then the way leads back to the intent's return_url, or says how it ended."""
    peer: Stripe = request.app.state.stripe
    intent = peer.store.find(request.path_params["intent"])
    if intent is None or intent["object"] not in ("payment_intent", "setup_intent"):
        return notice_page("No such payment", "This address belongs to no payment.", status=404)
    if intent["status"] != "requires_action":
        return notice_page("Nothing to confirm", "This payment waits for no confirmation any more.", status=410)
    action = intent["next_action"]
    back = str(action.get("redirect_to_url", {}).get("return_url") or "")
    if request.method == "GET":
        return page(peer.account.name, amount_of(intent), request.url.path, card=_last4(peer, intent), leads_to=(back,))
    is_agreed = (await read_fields(request)).get("answer") == COMPLETE
    with peer.store.transaction():
        settled = payments.authenticate(peer, intent["id"], succeed=is_agreed)
    return see_other(_returning(settled, back)) if back else _ended(settled)


def amount_of(intent: JsonObject) -> str:
    """What an intent is to pay, in words; empty for one that only saves a card."""
    return money(intent["amount"], intent["currency"]) if intent["object"] == "payment_intent" else ""


def _last4(peer: Stripe, intent: JsonObject) -> str:
    method = peer.store.find(intent["payment_method"] or "")
    return str(method["card"]["last4"]) if method else ""


def _returning(intent: JsonObject, url: str) -> str:
    kind = intent["object"]
    answer = {
        kind: intent["id"],
        f"{kind}_client_secret": intent["client_secret"],
        "redirect_status": "succeeded" if intent["status"] == "succeeded" else "failed",
    }
    return f"{url}{'&' if '?' in url else '?'}{urlencode(answer)}"


def _ended(intent: JsonObject) -> Response:
    if intent["status"] == "succeeded":
        return notice_page("Confirmed", "The payment has gone through. You can close this page.")
    return notice_page("Not confirmed", "Nothing was paid. You can close this page and try another card.")


ROUTES: Final = [Route("/{intent}", authenticate, methods=["GET", "POST"])]
