"""The account's page, `/stripe/`: who pays for what, with buttons to advance time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.html import Html, tag
from sandbox.pages import notice_page, see_other
from sandbox.stripe.account.errors import StripeError
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing.periods import DAY
from sandbox.stripe.billing.subscription_shapes import is_over
from sandbox.stripe.pages.hosted import Fields, badge, hosted_page, read_fields
from sandbox.stripe.pages.plan_words import STATUSES, cost, when
from sandbox.stripe.time import by_hand, deadlines
from sandbox.words import day, money

MOST: Final = 50
LATER: Final = ((1, "1 day later"), (7, "1 week later"), (31, "31 days later"))


async def show(request: Request) -> Response:
    """Customers, newest first, each with subscriptions and current time."""
    peer: Stripe = request.app.state.stripe
    found = peer.store.select("customer")
    rows = [_customer(peer, customer) for customer in found[:MOST]] or [_no_customers()]
    more = tag("p", f"The newest {MOST} of {len(found)}.", class_="muted small") if len(found) > MOST else None
    words = f"The account of {peer.account.name} in test mode. Advance a customer's time to see what happens."
    head = tag("div", badge(), tag("h1", "Customers"), tag("p", words, class_="soft"), class_="stack g2")
    return hosted_page("Stripe", tag("main", head, *rows, more, class_="pay-two stack g5"))


def _no_customers() -> Html:
    words = "No customers yet. They appear here when someone subscribes or the API creates them."
    return tag("section", tag("p", words, class_="muted"), class_="card card-pad")


def _customer(peer: Stripe, customer: JsonObject) -> Html:
    now = peer.store.now(customer)
    words = f"Today is {day(now)}" + (". The clock is stopped." if customer["test_clock"] else ".")
    name, number = tag("h2", customer["email"] or customer["id"]), tag("code", customer["id"], class_="small muted")
    title = tag("div", name, number, class_="stack g0 grow")
    subs = [_subscription(sub) for sub in peer.store.select("subscription", customer=customer["id"])]
    return tag(
        "section",
        title,
        *(subs or [tag("p", "No subscription.", class_="muted")]),
        *_due(peer, customer),
        _time(customer, words),
        class_="card card-pad stack",
    )


def _subscription(sub: JsonObject) -> Html:
    word, kind = STATUSES[sub["status"]]
    next_ = tag("p", when(sub), class_="soft small") if not is_over(sub) else None
    head = tag("div", tag("b", cost(sub)), tag("span", word, class_=f"badge {kind}"), class_="row between")
    return tag("div", head, next_, class_="stack g0")


def _due(peer: Stripe, customer: JsonObject) -> list[Html]:
    """Links to unpaid invoices."""
    found = peer.store.select("invoice", customer=customer["id"], status="open")
    words = [(one, f"Invoice over {money(one['amount_remaining'], one['currency'])}") for one in found]
    return [tag("p", tag("a", name, href=one["hosted_invoice_url"]), class_="small") for one, name in words]


def _time(customer: JsonObject, words: str) -> Html:
    buttons = [
        tag("button", label, name="days", value=str(days), class_="btn btn-plain btn-sm") for days, label in LATER
    ]
    next_ = tag("button", "To the next change", name="to", value="next", class_="btn btn-plain btn-sm")
    hidden = tag("input", type="hidden", name="customer", value=customer["id"])
    return tag(
        "form",
        tag("span", words, class_="muted small grow"),
        hidden,
        next_,
        *buttons,
        method="post",
        action="/stripe/advance",
        class_="row wrap pay-time",
    )


def _next_change(peer: Stripe, customer_id: str) -> int:
    """When the next change of the customer is due; tomorrow if nothing is."""
    now = peer.store.now(customer_id)
    alive = [
        *(sub for sub in peer.store.select("subscription", customer=customer_id) if not is_over(sub)),
        *(one for one in peer.store.select("invoice", customer=customer_id) if one["status"] in ("draft", "open")),
        *peer.store.select("subscription_schedule", customer=customer_id, status="active"),
    ]
    times = [deadline.at for one in alive for deadline in deadlines.of(peer, one)]
    return min((at for at in times if at > now), default=now + DAY)


def _advance(peer: Stripe, fields: Fields) -> None:
    """Advance by days, or to the next change."""
    customer = fields.get("customer", "")
    if fields.get("to") == "next":
        by_hand.advance(peer, {"customer": customer, "to": _next_change(peer, customer)})
    elif fields.get("days") in {str(days) for days, _ in LATER}:
        by_hand.advance(peer, {"customer": customer, "days": fields["days"]})


def _form(action: Callable[[Stripe, Fields], None]) -> Callable[[Request], Awaitable[Response]]:
    """A POST: run the action, then show the page again."""

    async def endpoint(request: Request) -> Response:
        fields = await read_fields(request)
        try:
            action(request.app.state.stripe, fields)
        except (StripeError, ValueError) as error:
            return notice_page("That did not work", str(error), status=400)
        return see_other("/stripe/")

    return endpoint


ROUTES: Final = [
    Route("/", show, methods=["GET"]),
    Route("/advance", _form(_advance), methods=["POST"]),
]
