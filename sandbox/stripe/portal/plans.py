"""Plan changes in the billing portal: cancel it, or keep it after all."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from sandbox.html import tag
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing.subscription_shapes import is_over, items_of, period_of
from sandbox.stripe.pages.hosted import Fields
from sandbox.stripe.pages.plan_words import cost
from sandbox.stripe.portal import view
from sandbox.stripe.portal.view import Visit, frame, page
from sandbox.stripe.subscriptions import changes
from sandbox.words import day

CANCEL = "Cancel your plan"


def _subscription(visit: Visit, request: Request) -> JsonObject | None:
    """A subscription of this customer that has not ended."""
    sub = visit.peer.store.find(request.path_params["subscription"])
    if sub is None or sub.get("customer") != visit.customer["id"] or sub["object"] != "subscription" or is_over(sub):
        return None
    return sub


def ask_to_cancel(visit: Visit, request: Request, fields: Fields) -> Response | None:
    """What canceling means."""
    sub = _subscription(visit, request)
    if sub is None:
        return None
    name = visit.peer.store.get(items_of(sub)[0]["price"]["product"]).get("name", "Your plan")
    end = day(period_of(sub)[1])
    words = f"{name}, {cost(sub)}, will end on {end}. Nothing changes until then."
    keep = tag("a", "Keep plan", href=visit.address, class_="btn btn-plain")
    form = tag(
        "form",
        tag("p", words),
        tag("div", keep, tag("button", "Cancel plan", class_="btn btn-bad"), class_="row end actions"),
        method="post",
        action=f"{visit.address}/cancel/{sub['id']}",
        class_="card card-pad stack g5",
    )
    return page(visit, CANCEL, frame(visit, CANCEL, form))


def cancel(visit: Visit, request: Request, fields: Fields) -> str | None:
    """Cancel at the period's end. In flexible billing mode that is a date, and `cancel_at_period_end` stays false.

    https://docs.stripe.com/billing/subscriptions/billing-mode/compare
    """
    sub = _subscription(visit, request)
    if sub is None:
        return None
    with visit.peer.store.transaction():
        changes.update(visit.peer, sub, {"cancel_at": "max_period_end"})
    return "canceled"


def resume(visit: Visit, request: Request, fields: Fields) -> str | None:
    """Undo a scheduled cancellation."""
    sub = _subscription(visit, request)
    if sub is None or not view.may_keep(sub):
        return None
    with visit.peer.store.transaction():
        changes.update(visit.peer, sub, {"cancel_at": None})
    return "resumed"
