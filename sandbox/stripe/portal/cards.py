"""Cards in the billing portal. A new one becomes the customer's default.

A subscription with its own payment method, as Checkout creates them, keeps that one:
https://docs.stripe.com/customer-management/portal-deep-links
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from sandbox.html import tag
from sandbox.stripe.account.amending import amend
from sandbox.stripe.account.errors import StripeError
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.pages import card_choice, challenge
from sandbox.stripe.pages.card_choice import CardError
from sandbox.stripe.pages.card_fields import payment_fieldset
from sandbox.stripe.pages.hosted import Fields, alert
from sandbox.stripe.payments import methods, saving
from sandbox.stripe.portal.view import Visit, frame, page

TITLE = "Add a card"
ADDED = "card"
FAILED = "We are unable to authenticate your card. Choose another one, or try again."


def ask(visit: Visit, request: Request, fields: Fields) -> Response:
    """The cards to choose from."""
    return _page(visit, fields)


def add(visit: Visit, request: Request, fields: Fields) -> Response | str:
    """Save the chosen card, unless the bank requires 3-D Secure first."""
    try:
        method = card_choice.method_of(visit.peer, fields, None)
    except CardError as error:
        return _page(visit, fields, str(error), 400)
    return _save(visit, fields, method)


def _save(visit: Visit, fields: Fields, method: JsonObject, *, is_authenticated: bool = False) -> Response | str:
    peer = visit.peer
    try:
        with peer.store.transaction():
            if saving.save(peer, method, visit.customer["id"], is_authenticated=is_authenticated):
                _make_default(visit, method["id"])
                return ADDED
    except StripeError as refusal:
        return _page(visit, fields, str(refusal), 402)
    peer.store.keep(visit.session["id"], pending=method["id"])
    return _challenge(visit, method)


def authenticate(visit: Visit, request: Request, fields: Fields) -> Response | str | None:
    """The 3-D Secure page for the new card, and its answer."""
    peer = visit.peer
    method = peer.store.find(peer.store.kept(visit.session["id"]).get("pending") or "")
    if method is None:
        return None
    if request.method == "GET":
        return _challenge(visit, method)
    peer.store.keep(visit.session["id"], pending=None)
    if fields.get("answer") == challenge.COMPLETE:
        return _save(visit, {}, method, is_authenticated=True)
    return _page(visit, {}, FAILED, 402)


def manage(visit: Visit, request: Request, fields: Fields) -> None:
    """Make a saved card the default, or remove one that isn't."""
    method = visit.peer.store.find(request.path_params["method"])
    if method is None or method.get("customer") != visit.customer["id"]:
        return
    is_default = visit.customer["invoice_settings"]["default_payment_method"] == method["id"]
    with visit.peer.store.transaction():
        if fields.get("do") == "default":
            _make_default(visit, method["id"])
        elif fields.get("do") == "remove" and not is_default:
            methods.detach(visit.peer, method)


def _make_default(visit: Visit, method_id: str) -> None:
    customer = visit.peer.store.get(visit.customer["id"])
    settings = {**customer["invoice_settings"], "default_payment_method": method_id}
    amend(visit.peer, customer, {"invoice_settings": settings}, "customer.updated")


def _challenge(visit: Visit, method: JsonObject) -> Response:
    after = (visit.flow or {}).get("after_completion", {}).get("redirect") or {}
    action, last4 = f"{visit.address}/card/authenticate", method["card"]["last4"]
    return challenge.page(visit.shop, "", action, card=last4, leads_to=(after.get("return_url", ""),))


def _page(visit: Visit, fields: Fields, problem: str = "", status: int = 200) -> Response:
    choices, wrong = card_choice.choices(visit.peer, None), alert(problem, id_="card-problem")
    fieldset = payment_fieldset(choices, fields, wrong, legend="Card")
    words = f"{visit.shop} will charge this card from now on, except for plans that have their own card."
    button = tag("button", "Add card", class_="btn btn-primary pay-submit")
    form = tag(
        "form",
        fieldset,
        tag("div", button, tag("p", words, class_="hint"), class_="stack g3"),
        method="post",
        action=f"{visit.address}/card",
        class_="card card-pad stack g5",
    )
    return page(visit, TITLE, frame(visit, TITLE, form), status)
