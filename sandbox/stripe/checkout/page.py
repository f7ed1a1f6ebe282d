"""Checkout's hosted page, `/stripe/checkout/<session>`, where a person pays and then returns to the shop.

Facts it stores with a session: what was `entered`, and `pending`: the card waiting for 3-D Secure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.html import tag
from sandbox.pages import notice_page, see_other
from sandbox.stripe.account.errors import StripeError
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.catalog import coupons
from sandbox.stripe.checkout import sessions
from sandbox.stripe.checkout import view as checkout_view
from sandbox.stripe.checkout.bill import bill_of
from sandbox.stripe.checkout.completion import AuthenticationNeeded, RefusedError, complete
from sandbox.stripe.checkout.form import SECRET, problems, read
from sandbox.stripe.checkout.view import View
from sandbox.stripe.pages import card_choice, challenge
from sandbox.stripe.pages.card_choice import CardError
from sandbox.stripe.pages.hosted import Fields, hosted_page, read_fields
from sandbox.words import money

REFUSED: Final = 402
WRONG: Final = 400
FAILED: Final = (
    "We are unable to authenticate your payment method. Please choose a different payment method and try again."
)


def _session(request: Request) -> JsonObject | None:
    """The session in the URL, in its current state, or None. Read the form first, since that takes time."""
    peer: Stripe = request.app.state.stripe
    try:
        with peer.store.transaction():
            return sessions.current(peer, request.path_params["session"])
    except StripeError:
        return None


async def show(request: Request) -> Response:
    """The page, with what was entered before."""
    session = _session(request)
    if session is None or session["status"] != "open":
        return _closed(request, session)
    peer: Stripe = request.app.state.stripe
    return _page(peer, session, peer.store.kept(session["id"]).get("entered", {}))


async def pay(request: Request) -> Response:
    """Complete the session with what was entered, or show what is wrong."""
    fields = await read_fields(request)
    session = _session(request)
    if session is None or session["status"] != "open":
        return _closed(request, session)
    peer: Stripe = request.app.state.stripe
    wrong = problems(read(session, fields))
    method = None
    if not wrong and _asks_for_card(session):
        try:
            method = card_choice.method_of(peer, fields, session["customer"])
        except CardError as error:
            wrong = {"card": str(error)}
    return _page(peer, session, fields, wrong, WRONG) if wrong else _complete(peer, session, fields, method)


def _complete(
    peer: Stripe, session: JsonObject, fields: Fields, method: JsonObject | None, *, is_authenticated: bool = False
) -> Response:
    try:
        done = complete(peer, session, read(session, fields), method, is_authenticated=is_authenticated)
    except RefusedError as error:
        return _page(peer, session, fields, {error.field: str(error)}, REFUSED)
    except AuthenticationNeeded:
        entered = _without_secrets(fields)
        peer.store.keep(session["id"], entered=entered, pending={"method": method and method["id"]})
        return see_other(f"/stripe/checkout/{session['id']}/authenticate")
    return see_other(success_url(done))


def success_url(session: JsonObject) -> str:
    """Where a completed session leads, with its id in the URL's placeholder if there is one."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


async def authenticate(request: Request) -> Response:
    """The 3-D Secure page for the chosen card, and its answer."""
    fields = await read_fields(request)
    session = _session(request)
    if session is None or session["status"] != "open":
        return _closed(request, session)
    peer: Stripe = request.app.state.stripe
    facts = peer.store.kept(session["id"])
    method = peer.store.find((facts.get("pending") or {}).get("method") or "")
    if method is None:
        return see_other(f"/stripe/checkout/{session['id']}")
    if request.method == "GET":
        return _challenge(peer, session, method, request.url.path)
    peer.store.keep(session["id"], pending=None)
    if fields.get("answer") == challenge.COMPLETE:
        return _complete(peer, session, facts["entered"], method, is_authenticated=True)
    return _page(peer, session, facts["entered"], {"card": FAILED}, REFUSED)


def _challenge(peer: Stripe, session: JsonObject, method: JsonObject, action: str) -> Response:
    amount = money(session["amount_total"], session["currency"]) if session["amount_total"] else ""
    last4, leads_to = method["card"]["last4"], _leads_to(session)
    return challenge.page(peer.account.name, amount, action, card=last4, leads_to=leads_to)


async def update(request: Request) -> Response:
    """Apply or remove a promotion code, then show the page again with what was entered."""
    fields = await read_fields(request)
    session = _session(request)
    if session is None or session["status"] != "open":
        return _closed(request, session)
    peer: Stripe = request.app.state.stripe
    wrong = _change_promotion(peer, session, fields)
    if wrong:
        return _page(peer, session, fields, wrong, WRONG)
    peer.store.keep(session["id"], entered=_without_secrets(fields))
    return see_other(f"/stripe/checkout/{session['id']}")


def _change_promotion(peer: Stripe, session: JsonObject, fields: Fields) -> dict[str, str]:
    change, text = fields.get("change"), fields.get("promotion", "")
    if not session["allow_promotion_codes"] or change not in ("apply", "remove"):
        return {}
    if change == "remove":
        return _set_discounts(peer, session, [])
    code = coupons.code_named(peer, text)
    if code is None:
        return {"promotion": "This code is invalid."}
    return _set_discounts(peer, session, [{"coupon": None, "promotion_code": code["id"]}])


def _set_discounts(peer: Stripe, session: JsonObject, chosen: list[JsonObject]) -> dict[str, str]:
    session["discounts"] = chosen
    with peer.store.transaction():
        sessions.refresh(peer, session)
    return {}


def _without_secrets(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if name not in SECRET}


def _page(
    peer: Stripe, session: JsonObject, fields: Fields, wrong: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    code = _own_promotion(peer, session)
    view = View(
        shop=peer.account.name,
        session=session,
        bill=bill_of(peer, session),
        choices=card_choice.choices(peer, session["customer"]),
        asks_for_card=_asks_for_card(session),
        is_promotion_removable=bool(code),
        fields={**fields, "promotion": code} if code else fields,
        problems=wrong or {},
    )
    return hosted_page("Checkout", checkout_view.body(view), status=status, leads_to=_leads_to(session))


def _own_promotion(peer: Stripe, session: JsonObject) -> str:
    """The code that the person applied."""
    if not session["discounts"]:
        return ""
    return str(peer.store.get(session["discounts"][0]["promotion_code"])["code"])


def _asks_for_card(session: JsonObject) -> bool:
    return session["payment_method_collection"] != "if_required" or bool(session["amount_total"])


def _leads_to(session: JsonObject) -> tuple[str, ...]:
    return (session["success_url"], session["cancel_url"] or "")


def _closed(request: Request, session: JsonObject | None) -> Response:
    """A page that can't be used: it doesn't exist, was completed, or has expired."""
    if session is None:
        text = "There is no Checkout session at this address. Go back to the shop and start again."
        return notice_page("No such page", text, status=404)
    shop = request.app.state.stripe.account.name
    if session["status"] == "complete":
        link = tag("a", f"Continue to {shop}", href=success_url(session), class_="btn btn-primary")
        words = "You already completed this. You were not charged again."
        return notice_page("All done", words, tag("div", link, class_="row"), status=410)
    back = session["cancel_url"]
    links = [tag("a", f"Back to {shop}", href=back, class_="btn btn-primary")] if back else []
    text = f"This page has expired. Nothing was charged. Start again at {shop}."
    return notice_page("This page has expired", text, tag("div", *links, class_="row"), status=410)


ROUTES: Final = [
    Route("/{session}", show, methods=["GET"]),
    Route("/{session}", pay, methods=["POST"]),
    Route("/{session}/update", update, methods=["POST"]),
    Route("/{session}/authenticate", authenticate, methods=["GET", "POST"]),
]
