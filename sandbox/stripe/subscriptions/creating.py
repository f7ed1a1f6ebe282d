"""Creating a subscription: its trial, first period and first invoice.

https://docs.stripe.com/api/subscriptions/create · https://docs.stripe.com/billing/subscriptions/trials
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe.account.amending import add
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.api.forms import Field, Hash, Listed, Text, Whole, merged, one_of
from sandbox.stripe.billing import collecting, issuing, item_lines, periods, subscription_shapes
from sandbox.stripe.billing.item_lines import Span
from sandbox.stripe.billing.periods import DAY, interval_of
from sandbox.stripe.billing.subscription_shapes import items_of
from sandbox.stripe.payments import customers
from sandbox.stripe.subscriptions import changes, item_changes
from sandbox.stripe.subscriptions import settings as subscription_settings

CREATE: Final[dict[str, Field]] = {
    **subscription_settings.PARAMS,
    "customer": Text(is_required=True),
    "items": Listed(of=Hash(fields=item_changes.ITEM), is_required=True, most=item_changes.MOST),
    "payment_behavior": one_of("allow_incomplete", "default_incomplete"),
    "trial_period_days": Whole(least=0, most=730),
}
Params = Mapping[str, Any]


def create_subscription(peer: Stripe, params: Params) -> JsonObject:
    """Create a subscription and its first invoice, and collect it as `payment_behavior` says; `CREATE` reads `params`.

    Raises StripeError; the caller's transaction then rolls everything back.
    """
    behavior = params.get("payment_behavior", "allow_incomplete")
    sub = _build(peer, peer.need("customer", params["customer"], "customer"), params)
    trial_end = _trial_end(sub, params)
    sub.update(billing_cycle_anchor=trial_end or sub["created"], trial_end=trial_end)
    if trial_end is not None:
        sub.update(status="trialing", trial_start=sub["created"])
    end = trial_end or periods.after(sub["created"], interval_of(items_of(sub)[0]["price"]))
    changes.set_period(sub, (sub["created"], end))
    settings = {name: value for name, value in params.items() if name != "metadata"}
    subscription_settings.put_on(peer, sub, settings)
    invoice = _first_invoice(peer, sub, Span.whole(sub["created"], end))
    if behavior == "allow_incomplete" and invoice["amount_due"] and _method_for(peer, sub) is None:
        raise collecting.no_method()
    add(peer, sub, "customer.subscription.created")
    issuing.issue(peer, sub, invoice, behavior)
    return peer.store.get(sub["id"])


def _build(peer: Stripe, customer: JsonObject, params: Params) -> JsonObject:
    """The subscription with its items, whose period isn't known yet."""
    now, sub_id = peer.store.now(customer), peer.store.new_id("sub")
    sub = subscription_shapes.subscription(sub_id, customer, now, merged(None, params.get("metadata")))
    wanted = enumerate(params["items"])
    items = [item_changes.new_item(peer, sub, one, (now, now), f"items[{place}]") for place, one in wanted]
    item_changes.check(items)
    sub["items"] = subscription_shapes.items_list(sub_id, items)
    return sub


def _trial_end(sub: Mapping[str, Any], params: Params) -> int | None:
    """When the trial ends, or None without a trial."""
    days = params.get("trial_period_days", 0)
    return sub["created"] + days * DAY if days else None


def _first_invoice(peer: Stripe, sub: JsonObject, span: Span) -> JsonObject:
    lines = item_lines.lines(peer, sub, span, is_trial=sub["trial_end"] is not None)
    period = (sub["created"], sub["created"])
    return issuing.draft(peer, sub, "subscription_create", period=period, lines=lines)


def _method_for(peer: Stripe, sub: Mapping[str, Any]) -> JsonObject | None:
    """The payment method to charge for the subscription's invoices."""
    own = peer.store.find(sub["default_payment_method"] or "")
    return own or customers.default_method(peer, peer.store.get(sub["customer"]))
