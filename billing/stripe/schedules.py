"""What is planned for the period's end: fewer seats, by a schedule of Stripe's.

https://docs.stripe.com/billing/subscriptions/subscription-schedules
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import stripe

from billing.errors import BillingError, CardDeclinedError, StripeDownError
from billing.stripe import client, items

LASTING = ("active", "not_started")


class PlanLostError(StripeDownError):
    """A change failed, and what it was to replace could not be planned again."""

    def __init__(self, because: BillingError, seats: int) -> None:
        count = f"{seats} seat{'' if seats == 1 else 's'}"
        way = f"look here again then, for the change to {count} at the period's end may have to be planned anew."
        BillingError.__init__(self, f"{because} Please {way}")


def plan(api: stripe.StripeClient, subscription: Mapping[str, Any], seats: int) -> None:
    """Keep what is paid until the period's end, then have fewer seats; an earlier plan for that day is replaced."""
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
    """An item of a phase as it is, also one of something that is not ours. What is metered has no quantity."""
    count = {"quantity": item["quantity"]} if item.get("quantity") is not None else {}
    return {"price": item["price"], **count, **_discounts(item)}


def _of(phase: Mapping[str, Any], prices: Collection[str]) -> list[Mapping[str, Any]]:
    """The items of a phase that have one of these prices."""
    return [item for item in phase["items"] if item["price"] in prices]


def _discounts(of: Mapping[str, Any]) -> dict[str, Any]:
    """The discounts of a phase or of an item in it, to go on as they are: a phase that does not name them has none."""
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
    """How many seats there are in a phase. prices: those of ours that the subscription has."""
    return items.seats(_of(phase, prices))


def release(api: stripe.StripeClient, subscription: Mapping[str, Any]) -> None:
    """Drop what is planned: a schedule would undo the change that is made now.

    https://docs.stripe.com/api/subscription_schedules/release
    """
    schedule = subscription.get("schedule")
    if schedule and schedule["status"] in LASTING:
        api.v1.subscription_schedules.release(schedule["id"])


@contextmanager
def replaced(api: stripe.StripeClient, subscription: Mapping[str, Any]) -> Iterator[None]:
    """Drop what is planned while a change is made in its place; if that fails, plan it again."""
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
    """Plan what was dropped for a change that came to nothing. Raises PlanLostError."""
    try:
        plan(api, {**subscription, "schedule": None}, seats)
    except stripe.StripeError as error:
        raise PlanLostError(because, seats) from error


def require_paid(
    api: stripe.StripeClient, before: Mapping[str, Any], changed: stripe.Subscription, change: str
) -> None:
    """Raise CardDeclinedError if a change waits for its payment: a bank says no, or wants to see the customer first.

    before: the subscription as it was. It can be paid for 23 hours, unless fewer seats were planned: then the change is
    given up, and the plan made again. https://docs.stripe.com/billing/subscriptions/pending-updates
    """
    if not changed.pending_update:
        return
    sentence = f"The payment for {change} was not taken, so nothing has changed."
    invoice, planned = changed.latest_invoice, next_phase(before)
    if not isinstance(invoice, stripe.Invoice):
        raise CardDeclinedError(sentence)
    if planned is not None:
        api.v1.invoices.void_invoice(str(invoice.id))  # and with it the change
        seats = seats_of(planned, items.price_ids(items.ours(before)))
        _plan_again(api, before, seats, CardDeclinedError(sentence))
        way = "If your bank has to confirm it, take back first what is planned for the period's end, then try again."
        raise CardDeclinedError(f"{sentence} {way}")
    way = f"To confirm it with your bank, or to pay it otherwise, open {invoice.hosted_invoice_url} within 23 hours."
    raise CardDeclinedError(f"{sentence} {way}")
