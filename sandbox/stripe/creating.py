"""Beginning a subscription: its trial, its first period and its first invoice.

https://docs.stripe.com/api/subscriptions/create · https://docs.stripe.com/billing/subscriptions/trials

Left out: start dates in the past, anchors by configuration, thresholds, Connect's fees and transfers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.stripe import (
    billing,
    changes,
    collecting,
    customers,
    invoice_items,
    item_changes,
    item_lines,
    periods,
    setups,
    subscription_settings,
    subscription_shapes,
)
from sandbox.stripe.amending import add
from sandbox.stripe.errors import invalid
from sandbox.stripe.forms import Field, Flag, Hash, Listed, Metadata, Moment, Text, Whole, one_of
from sandbox.stripe.item_lines import Span
from sandbox.stripe.peer import Stripe
from sandbox.stripe.periods import DAY, interval_of
from sandbox.stripe.store import JsonObject
from sandbox.stripe.subscription_shapes import items_of

ONE_TIME: Final[dict[str, Field]] = {
    "discountable": Flag(),
    "metadata": Metadata(),
    "price": Text(is_required=True),
    "quantity": Whole(least=0),
}
CREATE: Final[dict[str, Field]] = {
    **subscription_settings.PARAMS,
    "add_invoice_items": Listed(of=Hash(fields=ONE_TIME), most=20),
    "billing_cycle_anchor": Moment(),
    "billing_mode": Hash(
        fields={
            "flexible": Hash(fields={"proration_discounts": one_of("included")}),
            "type": one_of("flexible", is_required=True),
        }
    ),
    "currency": Text(),
    "customer": Text(is_required=True),
    "items": Listed(of=Hash(fields=item_changes.ITEM), is_required=True, most=item_changes.MOST),
    "off_session": Flag(),
    "payment_behavior": one_of(*billing.BEHAVIORS),
    "proration_behavior": one_of(*changes.PRORATIONS),
    "trial_end": Moment(words=("now",)),
    "trial_from_plan": Flag(),
    "trial_period_days": Whole(least=0, most=730),
}
TRIALS: Final = ("trial_end", "trial_from_plan", "trial_period_days")
Params = Mapping[str, Any]


@dataclass(frozen=True)
class Beginning:
    """The first period, the trial's end if it is one, and the anchor of the periods that follow."""

    span: Span
    anchor: int
    trial_end: int | None = None


def create_subscription(peer: Stripe, params: Params) -> JsonObject:
    """A subscription out of what `CREATE` reads; its first invoice is made, and collected as `payment_behavior` says.

    Raises StripeError, 402 among them, for error_if_incomplete. What was stored by then is undone by the caller's
    transaction.
    """
    sub, invoice = draft(peer, params)
    add(peer, sub, "customer.subscription.created")
    behavior = params.get("payment_behavior", "allow_incomplete")
    billing.issue(peer, sub, invoice, behavior, off_session=params.get("off_session", False))
    return peer.store.get(sub["id"])


def draft(peer: Stripe, params: Params) -> tuple[JsonObject, JsonObject]:
    """A subscription that is not stored yet, and the draft of its first invoice, which is. Raises StripeError."""
    customer = peer.need("customer", params["customer"], "customer")
    if params.get("payment_behavior") == "pending_if_incomplete":
        message = "`payment_behavior` cannot be `pending_if_incomplete` when creating a subscription."
        raise invalid("payment_behavior", message)
    sub = _build(peer, customer, params)
    beginning = _begin(peer, sub, params)
    is_trial = beginning.trial_end is not None
    sub.update(billing_cycle_anchor=beginning.anchor, trial_end=beginning.trial_end)
    sub.update(status="trialing" if is_trial else "incomplete", trial_start=sub["created"] if is_trial else None)
    changes.set_period(sub, (beginning.span.start, beginning.span.end))
    settings = {name: value for name, value in params.items() if name != "metadata"}
    subscription_settings.put_on(peer, sub, settings)
    return sub, _first_invoice(peer, sub, params, beginning)


def _build(peer: Stripe, customer: JsonObject, params: Params) -> JsonObject:
    """The subscription with its items, whose period is not known yet."""
    now = peer.store.now(customer)
    sub = subscription_shapes.subscription(peer.store.new_id("sub"), customer, now, params)
    wanted = enumerate(params["items"])
    items = [item_changes.new_item(peer, sub, one, (now, now), f"items[{place}]") for place, one in wanted]
    item_changes.check(items)
    sub["currency"] = items[0]["price"]["currency"]
    if params.get("currency", sub["currency"]) != sub["currency"]:
        message = f"The price specified only supports `{sub['currency']}`. This doesn't match the expected currency."
        raise invalid("currency", message)
    if customer["currency"] not in (None, sub["currency"]):
        message = (
            "You cannot combine currencies on a single customer. This customer has had a subscription, coupon, or "
            f"invoice item with currency {customer['currency']}"
        )
        raise invalid("currency", message)
    sub["items"] = subscription_shapes.items_list(sub["id"], items)
    return sub


def _begin(peer: Stripe, sub: JsonObject, params: Params) -> Beginning:
    now, interval = sub["created"], interval_of(items_of(sub)[0]["price"])
    trial_end = _trial_end(sub, params)
    anchor = params.get("billing_cycle_anchor")
    if trial_end is not None:
        if anchor is not None:
            message = "The sandbox plays a trial or a billing cycle anchor, not both."
            raise invalid("billing_cycle_anchor", message)
        return Beginning(Span.whole(now, trial_end), trial_end, trial_end)
    end = periods.after(now, *interval)
    if anchor is None:
        return Beginning(Span.whole(now, end), now)
    if not now < anchor <= end:
        message = (
            f"billing_cycle_anchor cannot be in the past, nor later than next natural billing date ({end}) for plan."
        )
        raise invalid("billing_cycle_anchor", message)
    return Beginning(Span(now, anchor, *periods.around(anchor, *interval, now)), anchor)


def _trial_end(sub: Mapping[str, Any], params: Params) -> int | None:
    """When the trial ends, or None without one. Raises StripeError."""
    given = [name for name in TRIALS if params.get(name)]
    if len(given) > 1:
        raise invalid(given[0], f"You may only specify one of these parameters: {', '.join(given)}.")
    now, at = sub["created"], params.get("trial_end")
    if isinstance(at, int):
        changes.check_trial_end(at, now)
        return at
    days = params.get("trial_period_days", 0)
    if params.get("trial_from_plan"):
        days = max(item["price"]["recurring"]["trial_period_days"] or 0 for item in items_of(sub))
    return now + days * DAY if days else None


def _first_invoice(peer: Stripe, sub: JsonObject, params: Params, beginning: Beginning) -> JsonObject:
    """Draft the first invoice. Raises StripeError when it is to be collected and there is no payment method."""
    for one in params.get("add_invoice_items", []):
        invoice_items.new_one_time(peer, sub, one)
    is_trial, span = beginning.trial_end is not None, beginning.span
    is_free = params.get("proration_behavior") == "none" and span != Span.whole(span.start, span.end)
    lines = item_lines.lines(peer, sub, span, is_trial=is_trial)
    period = (sub["created"], sub["created"])
    invoice = billing.draft(peer, sub, "subscription_create", period=period, lines=[] if is_free else lines)
    behavior = params.get("payment_behavior", "allow_incomplete")
    if behavior in ("allow_incomplete", "error_if_incomplete"):
        _check_method(peer, sub, invoice)
    _set_up_later(peer, sub, invoice, behavior)
    if sub["collection_method"] == "send_invoice" and not is_trial:
        sub["status"] = "active"
    return invoice


def _check_method(peer: Stripe, sub: Mapping[str, Any], invoice: JsonObject) -> None:
    is_charged = sub["collection_method"] == "charge_automatically" and invoice["amount_due"]
    if is_charged and _method_for(peer, sub) is None:
        raise collecting.no_method()


def _method_for(peer: Stripe, sub: Mapping[str, Any]) -> JsonObject | None:
    """The payment method that the subscription's invoices would be charged to."""
    own = peer.store.find(sub["default_payment_method"] or "")
    return own or customers.default_method(peer, peer.store.get(sub["customer"]))


def _set_up_later(peer: Stripe, sub: JsonObject, invoice: JsonObject, behavior: str) -> None:
    """Without a first payment, and with the customer at hand: an intent to save a card for the later ones."""
    if behavior == "default_incomplete" and not invoice["amount_due"] and _method_for(peer, sub) is None:
        intent = setups.new_intent(peer, {"usage": "off_session"}, peer.store.get(sub["customer"]))
        sub["pending_setup_intent"] = intent["id"]
