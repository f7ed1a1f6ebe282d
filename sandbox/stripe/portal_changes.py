"""Changes of a plan in the billing portal: cancel it, keep it after all, confirm a change that the shop proposes."""

from __future__ import annotations

from typing import Any, NoReturn

from starlette.requests import Request
from starlette.responses import Response

from sandbox.html import Html, tag
from sandbox.pages import see_other
from sandbox.stripe import changes, ending, portal_view
from sandbox.stripe.errors import StripeError
from sandbox.stripe.hosted import Fields, alert, day, money, per
from sandbox.stripe.peer import Stripe
from sandbox.stripe.portal_view import REASONS, Visit, frame, page
from sandbox.stripe.proration import price_for
from sandbox.stripe.store import JsonObject
from sandbox.stripe.subscription_shapes import is_over, items_of, period_of

CANCEL = "Cancel your plan"
CONFIRM = "Confirm your new plan"
LONGEST_COMMENT = 500


class UndoneError(Exception):
    """Carries what would be due out of the transaction that it undoes."""

    def __init__(self, due: int) -> None:
        super().__init__(due)
        self.due = due


def _subscription(visit: Visit, subscription_id: str) -> JsonObject | None:
    """A subscription of this customer that has not ended."""
    sub = visit.peer.store.find(subscription_id)
    if sub is None or sub.get("customer") != visit.customer["id"] or sub["object"] != "subscription" or is_over(sub):
        return None
    return sub


def ask_to_cancel(visit: Visit, request: Request, fields: Fields) -> Response | None:
    """What canceling means, and perhaps why."""
    sub = _subscription(visit, request.path_params["subscription"])
    return _cancel_page(visit, sub) if sub else None


def cancel(visit: Visit, request: Request, fields: Fields) -> Response | str | None:
    """Cancel at the period's end or at once, as the configuration says.

    In flexible billing mode the period's end is a date, and `cancel_at_period_end` stays false.
    https://docs.stripe.com/billing/subscriptions/billing-mode/compare
    """
    sub = _subscription(visit, request.path_params["subscription"])
    if sub is None:
        return None
    feature = visit.configuration["features"]["subscription_cancel"]
    feedback, comment = fields.get("feedback", ""), fields.get("comment", "")[:LONGEST_COMMENT]
    told = {"feedback": feedback if feedback in feature["cancellation_reason"]["options"] else None}
    details: dict[str, Any] = {"cancellation_details": {**told, "comment": comment or None}}
    try:
        with visit.peer.store.transaction():
            if feature["mode"] == "immediately":
                ending.cancel(visit.peer, sub, {"prorate": feature["proration_behavior"] != "none", **details})
            else:
                changes.update(visit.peer, sub, {"cancel_at": "max_period_end", **details})
    except StripeError as error:
        return _cancel_page(visit, sub, str(error))
    return "canceled"


def resume(visit: Visit, request: Request, fields: Fields) -> str | None:
    """Take a planned end back."""
    sub = _subscription(visit, request.path_params["subscription"])
    if sub is None or not portal_view.may_keep(sub):
        return None
    with visit.peer.store.transaction():
        changes.update(visit.peer, sub, {"cancel_at": None})
    return "resumed"


def _cancel_page(visit: Visit, sub: JsonObject, problem: str = "") -> Response:
    feature = visit.configuration["features"]["subscription_cancel"]
    end = (
        "at once" if feature["mode"] == "immediately" else f"on {day(period_of(sub)[1])}. Until then it stays as it is"
    )
    name = visit.peer.store.get(items_of(sub)[0]["price"]["product"]).get("name", "Your plan")
    words = f"{name}, {portal_view.cost(sub)}, will end {end}."
    keep = tag(
        "a", "Keep plan", href=visit.session["return_url"] if visit.flow else visit.address, class_="btn btn-plain"
    )
    form = tag(
        "form",
        alert(problem, id_="problem"),
        tag("p", words),
        _reasons(feature["cancellation_reason"]),
        tag("div", keep, tag("button", "Cancel plan", class_="btn btn-bad"), class_="row end actions"),
        method="post",
        action=f"{visit.address}/cancel/{sub['id']}",
        class_="card card-pad stack g5",
    )
    return page(visit, CANCEL, frame(visit, CANCEL, form), 400 if problem else 200)


def _reasons(feature: JsonObject) -> Html | None:
    if not feature["enabled"]:
        return None
    choices = [
        tag("label", tag("input", type="radio", name="feedback", value=one), tag("span", REASONS[one]), class_="check")
        for one in feature["options"]
    ]
    comment = tag("textarea", id="comment", name="comment", rows="2", class_="input", maxlength=str(LONGEST_COMMENT))
    field = tag("div", tag("label", "Anything else? (optional)", for_="comment"), comment, class_="field")
    legend = tag("legend", "Why do you cancel? (optional)", class_="label")
    return tag("div", tag("fieldset", legend, *choices), field, class_="stack g3")


def ask_to_confirm(visit: Visit, request: Request, fields: Fields) -> Response | None:
    """The change that the flow proposes, and what is due."""
    sub = _proposed(visit)
    return _confirm_page(visit, sub) if sub else None


def confirm(visit: Visit, request: Request, fields: Fields) -> Response | str | None:
    """Carry the change out. An invoice that cannot be paid at once is left open: its page takes the payment."""
    sub = _proposed(visit)
    if sub is None:
        return None
    try:
        with visit.peer.store.transaction():
            changed = changes.update(visit.peer, sub, _terms(visit, sub))
    except StripeError as error:
        return _confirm_page(visit, sub, str(error))
    if changed["pending_update"] is None:
        return "changed"
    return see_other(visit.peer.store.get(changed["latest_invoice"])["hosted_invoice_url"])


def _proposed(visit: Visit) -> JsonObject | None:
    flow = visit.flow
    if not flow or flow["type"] != "subscription_update_confirm":
        return None
    sub = _subscription(visit, flow["subscription_update_confirm"]["subscription"])
    has_item = sub is not None and any(item["id"] == _wanted(visit)["id"] for item in items_of(sub))
    return sub if has_item else None


def _wanted(visit: Visit) -> JsonObject:
    """The item as the flow wants it."""
    item: JsonObject = visit.session["flow"]["subscription_update_confirm"]["items"][0]
    return item


def _terms(visit: Visit, sub: JsonObject) -> dict[str, Any]:
    """The change as a request on the subscription."""
    feature = visit.configuration["features"]["subscription_update"]
    terms: dict[str, Any] = {
        "items": [_wanted(visit)],
        "proration_behavior": feature["proration_behavior"],
    }
    if sub["status"] == "trialing" and feature["trial_update_behavior"] == "end_trial":
        terms["trial_end"] = "now"
    if feature["proration_behavior"] == "always_invoice":
        terms["payment_behavior"] = "pending_if_incomplete"
    return terms


def _confirm_page(visit: Visit, sub: JsonObject, problem: str = "") -> Response:
    peer, wanted = visit.peer, _wanted(visit)
    item = next(one for one in items_of(sub) if one["id"] == wanted["id"])
    new = peer.store.get(wanted["price"])
    rows = [("Now", _words(peer, item["price"], item["quantity"])), ("New", _words(peer, new, wanted["quantity"]))]
    due = _due(visit, sub)
    rows.append(("Due today", money(due, sub["currency"])))
    facts = [tag("div", tag("dt", name), tag("dd", words)) for name, words in rows]
    back = tag("a", "Back", href=visit.session["return_url"] or visit.address, class_="btn btn-plain")
    form = tag(
        "form",
        alert(problem, id_="problem"),
        tag("dl", *facts, class_="facts pay-facts"),
        tag("div", back, tag("button", "Confirm", class_="btn btn-primary"), class_="row end actions"),
        method="post",
        action=f"{visit.address}/confirm",
        class_="card card-pad stack g5",
    )
    return page(visit, CONFIRM, frame(visit, CONFIRM, form), 400 if problem else 200)


def _words(peer: Stripe, price: JsonObject, quantity: int) -> str:
    name = peer.store.get(price["product"]).get("name", "A product")
    recurring = price["recurring"]
    every = per(recurring["interval"], recurring["interval_count"])
    return f"{name} \N{MULTIPLICATION SIGN} {quantity}, {money(price_for(price, quantity), price['currency'])} {every}"


def _due(visit: Visit, sub: JsonObject) -> int:
    """What the change would invoice at once: it is carried out, and undone."""
    try:
        _try_and_undo(visit, sub)
    except UndoneError as undone:
        return undone.due


def _try_and_undo(visit: Visit, sub: JsonObject) -> NoReturn:
    with visit.peer.store.transaction():
        invoice = changes.carry_out(visit.peer, sub, _terms(visit, sub)).invoice
        raise UndoneError(invoice["amount_due"] if invoice else 0)
