"""What Stripe says about a customer now, as our own columns: the only place that knows Stripe's data structures.

https://docs.stripe.com/api/subscriptions/object
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import stripe
from django.utils import timezone

from billing.catalogue import plan_of_price
from billing.errors import StripeMissingError, StripeRefusedError
from billing.models import Entitlement
from billing.standing import LIVE, PAYING
from billing.stripe import client, items, open_invoices, schedules
from billing.stripe.open_invoices import Debt

Status = Entitlement.Status
EXPANDED = ["data.default_payment_method", "data.schedule", "data.latest_invoice"]
EXPANDED_OF_CUSTOMER = ["test_clock", "invoice_settings.default_payment_method"]
OVER = frozenset({"canceled", "incomplete_expired"})
BEST_FIRST = (*PAYING, Status.PAST_DUE, Status.UNPAID, Status.PAUSED, Status.INCOMPLETE)
"""Of several subscriptions, the paid one counts, whenever it started."""

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Observation:
    """`fields`: the columns of Entitlement as they should be. `subscription`: Stripe's own, if there is one.

    original: the same as the SDK's object, which dj-stripe needs. doubles: further live subscriptions, which nobody
    wants to pay for. debt: what the subscription owes.
    """

    fields: dict[str, Any]
    subscription: Json | None = None
    original: stripe.Subscription | None = None
    doubles: tuple[Json, ...] = ()
    debt: Debt = field(default_factory=Debt)

    @property
    def strange_price(self) -> str:
        """The price that somebody replaced ours with, if `is_foreign`."""
        if self.subscription is None or not self.fields.get("is_foreign"):
            return ""
        return str(self.subscription["items"]["data"][0]["price"]["id"])

    @property
    def forgotten_card(self) -> str:
        """The card that the customer has chosen since, while the subscription still has the one from Checkout.

        Stripe's portal changes only the customer's default, but the subscription's own card takes precedence.
        https://docs.stripe.com/customer-management/portal-deep-links
        """
        if self.subscription is None or self.subscription["status"] in OVER:
            return ""
        own = self.subscription.get("default_payment_method")
        chosen = str(self.fields["payment_method_id"]) if "payment_method_id" in self.fields else ""
        return chosen if isinstance(own, Mapping) and own["id"] != chosen else ""


def observe(last: Entitlement) -> Observation:
    """Ask Stripe. Raises billing.errors.BillingError.

    last: the row with what was seen before, and whose customer to ask about.
    """
    with client.connected() as api:
        customer = _customer(api, last.customer_id)
        if customer is None:
            return Observation({**_nothing(), "customer_id": ""})
        original, doubles = _chosen(_subscriptions(api, last.customer_id), last.subscription_id)
        chosen = original.to_dict(for_json=True) if original else None
        fields = {**_nothing(), **_clock(customer), **_card(customer, chosen, last)}
        if chosen is None:
            return Observation(fields)
        debt = open_invoices.of(api, chosen)
        fields |= read(chosen, last) | debt.columns(chosen) | _next_invoice(api, chosen)
        return Observation(fields, chosen, original, tuple(each.to_dict(for_json=True) for each in doubles), debt)


def _chosen(
    found: Sequence[stripe.Subscription], known: str
) -> tuple[stripe.Subscription | None, Sequence[stripe.Subscription]]:
    """The subscription that counts, and the other live ones: paid ones first, then the oldest.

    known: the one that counted before. It stays ours even if its price was replaced at Stripe. A subscription that
    sells nothing of ours, which somebody may have created for this customer at Stripe, is none of our business.
    """
    its = [each for each in found if each.id == known or items.ours(each.to_dict(for_json=True))]
    alive = [each for each in its if each.status not in OVER]
    if not alive:
        return max(its, key=lambda each: (each.created, each.id), default=None), ()
    sells = {each.id: bool(items.ours(each.to_dict(for_json=True))) for each in alive}
    best, *more = sorted(alive, key=lambda each: (not sells[each.id], _place(each.status), each.created, each.id))
    return best, [each for each in more if not items.others(each.to_dict(for_json=True))]


def _place(status: str) -> int:
    return 0 if status in PAYING else BEST_FIRST.index(Status(status))


def _customer(api: stripe.StripeClient, customer_id: str) -> Json | None:
    """The customer, or None if it was deleted at Stripe."""
    try:
        customer = api.v1.customers.retrieve(customer_id).to_dict(for_json=True)
    except stripe.InvalidRequestError as error:
        if isinstance(client.translated(error), StripeMissingError):
            return None
        raise
    if customer.get("deleted"):  # nothing can be expanded then
        return None
    return api.v1.customers.retrieve(customer_id, {"expand": EXPANDED_OF_CUSTOMER}).to_dict(for_json=True)


def _subscriptions(api: stripe.StripeClient, customer_id: str) -> list[stripe.Subscription]:
    """All subscriptions that the customer has or had."""
    wanted: Any = {"customer": customer_id, "status": "all", "limit": 100, "expand": EXPANDED}
    return list(api.v1.subscriptions.list(wanted).auto_paging_iter())


def _nothing() -> dict[str, Any]:
    """The columns of a customer without a subscription."""
    return {
        "subscription_id": "", "schedule_id": "", "status": Status.NONE, "plan": "", "unit_usd": None, "seats": 0,
        "period_start": None, "period_end": None, "trial_ends_at": None, "cancels_at": None, "ended_at": None,
        "next_seats": None, "next_seats_at": None, "past_due_since": None, "pay_url": "",
        "next_invoice_usd": None, "next_invoice_at": None,
        "collection_pause": "", "collection_resumes_at": None, "other_items": [], "is_foreign": False,
        "payment_method_id": "", "card_brand": "", "card_last4": "", "card_expires": "",
        "customer_card_id": "", "subscription_card_id": "",
        "clock_ahead": timedelta(),
    }  # fmt: skip


def read(subscription: Json, last: Entitlement) -> dict[str, Any]:
    """The columns that follow from a subscription.

    last: the row as it was. If no item of ours is left, because somebody replaced the price at Stripe, seats stay as
    they were and `is_foreign` says so; everything else is taken over.
    """
    mine, status = items.ours(subscription), Status(subscription["status"])
    counted = mine or subscription["items"]["data"]
    ends = max((item["current_period_end"] for item in counted), default=None)
    return {
        "subscription_id": subscription["id"],
        "status": status,
        **(_bought(mine) if mine else _exchanged(subscription, last)),
        "period_start": moment(min((item["current_period_start"] for item in counted), default=None)),
        "period_end": moment(ends),
        "trial_ends_at": moment(subscription.get("trial_end")) if status == Status.TRIALING else None,
        "cancels_at": _end(subscription, ends) if status in LIVE else None,
        "ended_at": moment(subscription.get("ended_at")),
        "other_items": [items.described(each) for each in items.others(subscription)] if status in LIVE else [],
        **_paused(subscription),
        **_planned(subscription),
    }


def _bought(mine: Sequence[Json]) -> dict[str, Any]:
    """Plan and seats. Those who subscribed before a price change keep the former price."""
    cents = mine[0]["price"].get("unit_amount")
    return {
        "plan": plan_of_price(mine[0]["price"]).lookup_key,
        "unit_usd": None if cents is None else usd(cents),
        "seats": items.seats(mine),
        "is_foreign": False,
    }


def _exchanged(subscription: Json, last: Entitlement) -> dict[str, Any]:
    """What we keep while the subscription has a price that is not ours; nothing once it is over."""
    if subscription["status"] in OVER or not subscription["items"]["data"]:
        return {"plan": "", "unit_usd": None, "seats": 0, "is_foreign": False}
    return {"plan": last.plan, "unit_usd": last.unit_usd, "seats": last.seats, "is_foreign": True}


def _paused(subscription: Json) -> dict[str, Any]:
    """Whether collection is paused. The status stays: https://docs.stripe.com/billing/subscriptions/pause-payment"""
    pause = subscription.get("pause_collection") or {}
    return {
        "collection_pause": str(pause.get("behavior") or "")[:20],
        "collection_resumes_at": moment(pause.get("resumes_at")),
    }


def moment(seconds: int | None) -> datetime | None:
    """A time from Stripe's seconds."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _end(subscription: Json, period_end: int | None) -> datetime | None:
    if subscription.get("cancel_at"):
        return moment(subscription["cancel_at"])
    return moment(period_end) if subscription.get("cancel_at_period_end") else None


def _planned(subscription: Json) -> dict[str, Any]:
    """The number of seats after this period, if a schedule changes it."""
    phase = schedules.next_phase(subscription)
    schedule = subscription.get("schedule")
    known = isinstance(schedule, Mapping) and schedule["status"] in schedules.LASTING
    return {
        "schedule_id": schedule["id"] if known and schedule else "",
        "next_seats": schedules.seats_of(phase, items.price_ids(items.ours(subscription))) if phase else None,
        "next_seats_at": moment(phase["start_date"]) if phase else None,
    }


def _clock(customer: Json) -> dict[str, Any]:
    """How far a test clock is ahead: https://docs.stripe.com/billing/testing/test-clocks"""
    clock = customer.get("test_clock")
    if not isinstance(clock, Mapping):
        return {}
    ahead = datetime.fromtimestamp(clock["frozen_time"], UTC) - timezone.now()
    return {"clock_ahead": timedelta(seconds=round(ahead.total_seconds()))}


def _card(customer: Json, subscription: Json | None, last: Entitlement) -> dict[str, Any]:
    """The payment method to charge next: the customer's default or the subscription's own, whichever changed last.

    Stripe's portal changes the former, possibly back to an older card, and Checkout the latter. If neither has changed
    since the last sync, the card chosen then stays.
    """
    defaults = {
        "customer_card_id": (customer.get("invoice_settings") or {}).get("default_payment_method"),
        "subscription_card_id": (subscription or {}).get("default_payment_method"),
    }
    there = {name: each for name, each in defaults.items() if isinstance(each, Mapping)}
    seen = {name: each["id"] for name, each in there.items()}
    changed = [each for name, each in there.items() if each["id"] != getattr(last, name)]
    same = [each for each in there.values() if each["id"] == last.payment_method_id]
    method = max(changed or same or there.values(), key=lambda each: int(each["created"]), default=None)
    return {**seen, **_named(method)} if method else {}


def _named(method: Json) -> dict[str, Any]:
    """The columns of a payment method."""
    named = {"payment_method_id": method["id"], "card_brand": str(method["type"])[:20]}
    card = method.get("card")
    if not card:
        return named
    expires = f"{card['exp_month']:02}/{card['exp_year']}"
    return {**named, "card_brand": card["brand"][:20], "card_last4": card["last4"], "card_expires": expires}


def _next_invoice(api: stripe.StripeClient, subscription: Json) -> dict[str, Any]:
    """What is charged when the period ends; nothing if the subscription ends then, or while collection is paused."""
    if (
        subscription["status"] not in PAYING
        or subscription.get("pause_collection")
        or subscription.get("cancel_at_period_end")
        or subscription.get("cancel_at")
    ):
        return {}
    try:
        wanted: Any = {"customer": subscription["customer"], "subscription": subscription["id"]}
        invoice = api.v1.invoices.create_preview(wanted).to_dict(for_json=True)
    except stripe.InvalidRequestError as error:
        if isinstance(client.translated(error), StripeRefusedError):  # such as: it ends before that
            return {}
        raise
    counted = items.ours(subscription) or subscription["items"]["data"]
    ends = max((item["current_period_end"] for item in counted), default=None)
    return {"next_invoice_usd": usd(invoice["amount_due"]), "next_invoice_at": moment(ends)}


def usd(cents: int) -> Decimal:
    """An amount from Stripe's cents."""
    return Decimal(cents).scaleb(-2)
