"""What is planned for the end of the period: fewer seats, as a schedule at Stripe.

https://docs.stripe.com/billing/subscriptions/subscription-schedules
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import stripe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from billing.errors import BillingError, CardDeclinedError, StripeDownError
from billing.stripe import client, items
from tenants.wordings import Wording

PLAN_LOST = Wording(
    "billing.plan_lost",
    ngettext_lazy(
        "Then look here again: you may have to plan the change to %(seats)d seat at the end of the period again.",
        "Then look here again: you may have to plan the change to %(seats)d seats at the end of the period again.",
        "seats",
    ),
)
NOT_PAID = Wording(
    "billing.not_paid",
    _("The payment did not go through, so nothing has changed. Use another card, or ask your bank."),
)
NOT_PAID_YET = Wording(
    "billing.not_paid_yet",
    _(
        "The payment did not go through, so nothing has changed. To confirm it with your bank, or to pay another way, "
        "open %(url)s within 23 hours. Or use another card, or ask your bank."
    ),
)
NOT_PAID_FOR_A_PLAN = Wording(
    "billing.not_paid_for_a_plan",
    _(
        "The payment did not go through, so nothing has changed. If your bank has to confirm it, first take back what "
        "is planned for the end of the period, then try again. Or use another card, or ask your bank."
    ),
)
LASTING = ("active", "not_started")


class PlanLostError(StripeDownError):
    """A change failed, and the plan that it was to replace could not be made again."""

    def __init__(self, because: BillingError, seats: int) -> None:
        super().__init__(PLAN_LOST(seats=seats))
        self.because = because

    def __str__(self) -> str:
        return f"{self.because} {self.reason}"


def plan(api: stripe.StripeClient, subscription: Mapping[str, Any], seats: int) -> None:
    """Keep what is paid until the period ends, then have fewer seats. This replaces an earlier plan for that day."""
    release(api, subscription)
    schedule = api.v1.subscription_schedules.create({"from_subscription": subscription["id"]}).to_dict(for_json=True)
    current = schedule["phases"][0]
    [first, *_] = items.ours(subscription)
    price, mine = first["price"], items.price_ids(items.ours(subscription))
    promotions = _discounts(current)
    wanted: Any = {
        "end_behavior": "release",
        "proration_behavior": "none",
        "phases": [
            {
                "start_date": current["start_date"],
                "end_date": current["end_date"],
                "items": [_same(item) for item in current["items"]],
                **promotions,
                **({"trial_end": current["trial_end"]} if current.get("trial_end") else {}),
            },
            {
                "start_date": current["end_date"],
                "items": [
                    {"price": price["id"], "quantity": seats, **_discounts(_of(current, mine)[0])},
                    *(_same(item) for item in current["items"] if item["price"] not in mine),
                ],
                **promotions,
                "duration": {"interval": price["recurring"]["interval"], "interval_count": 1},
                "proration_behavior": "none",
            },
        ],
    }
    api.v1.subscription_schedules.update(schedule["id"], wanted)


def _same(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item of a phase as it is, whether it is ours or not. What is metered has no quantity."""
    count = {"quantity": item["quantity"]} if item.get("quantity") is not None else {}
    return {"price": item["price"], **count, **_discounts(item)}


def _of(phase: Mapping[str, Any], prices: Collection[str]) -> list[Mapping[str, Any]]:
    """The items of a phase that have one of these prices."""
    return [item for item in phase["items"] if item["price"] in prices]


def _discounts(of: Mapping[str, Any]) -> dict[str, Any]:
    """The discounts of a phase or of an item in it, to be kept: a phase that does not name them has none."""
    known = [{"discount": each["discount"]} for each in of.get("discounts") or () if each.get("discount")]
    return {"discounts": known} if known else {}


def next_phase(subscription: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schedule's phase that follows this period; None if nothing is planned."""
    schedule = subscription.get("schedule")
    counted = items.ours(subscription) or subscription["items"]["data"]
    ends = max((item["current_period_end"] for item in counted), default=None)
    if not isinstance(schedule, Mapping) or schedule["status"] not in LASTING or ends is None:
        return None
    return next((phase for phase in schedule["phases"] if phase["start_date"] >= ends), None)


def seats_of(phase: Mapping[str, Any], prices: Collection[str]) -> int:
    """How many seats a phase has. prices: those of ours that the subscription has."""
    return items.seats(_of(phase, prices))


def release(api: stripe.StripeClient, subscription: Mapping[str, Any]) -> None:
    """Drop what is planned: a schedule would undo the change that is being made.

    https://docs.stripe.com/api/subscription_schedules/release
    """
    schedule = subscription.get("schedule")
    if schedule and schedule["status"] in LASTING:
        api.v1.subscription_schedules.release(schedule["id"])


@contextmanager
def replaced(api: stripe.StripeClient, subscription: Mapping[str, Any]) -> Iterator[None]:
    """Drop what is planned while a change replaces it; if that fails, plan it again."""
    phase = next_phase(subscription)
    release(api, subscription)
    try:
        yield
    except stripe.StripeError as error:
        if phase is not None:
            _plan_again(
                api,
                subscription,
                seats_of(phase, items.price_ids(items.ours(subscription))),
                client.translated(error),
            )
        raise


def _plan_again(api: stripe.StripeClient, subscription: Mapping[str, Any], seats: int, because: BillingError) -> None:
    """Plan again what was dropped for a change that failed. Raises PlanLostError."""
    try:
        plan(api, {**subscription, "schedule": None}, seats)
    except stripe.StripeError as error:
        raise PlanLostError(because, seats) from error


def require_paid(api: stripe.StripeClient, before: Mapping[str, Any], changed: stripe.Subscription) -> None:
    """Raise CardDeclinedError if a change waits for its payment: the bank says no, or the customer has to confirm.

    before: the subscription as it was. It can be paid for 23 hours, unless fewer seats were planned: then the change is
    dropped, and the plan is made again. https://docs.stripe.com/billing/subscriptions/pending-updates
    """
    if not changed.pending_update:
        return
    invoice, planned = changed.latest_invoice, next_phase(before)
    if not isinstance(invoice, stripe.Invoice):
        raise CardDeclinedError(NOT_PAID())
    if planned is not None:
        api.v1.invoices.void_invoice(str(invoice.id))  # which drops the change too
        seats = seats_of(planned, items.price_ids(items.ours(before)))
        _plan_again(api, before, seats, CardDeclinedError(NOT_PAID()))
        raise CardDeclinedError(NOT_PAID_FOR_A_PLAN())
    raise CardDeclinedError(NOT_PAID_YET(url=invoice.hosted_invoice_url))
