"""Subscriptions, their items and test clocks as the API shows them.

https://docs.stripe.com/api/subscriptions/object · https://docs.stripe.com/api/subscription_items/object
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sandbox.stripe.catalog import plan_of
from sandbox.stripe.listing import listing
from sandbox.stripe.store import JsonObject

BILLING_MODE: Final = {"type": "flexible", "flexible": {"proration_discounts": "included"}}
NO_TAX: Final = {"disabled_reason": None, "enabled": False, "liability": None}
CANCELLATION: Final = {"comment": None, "feedback": None, "reason": None}
ENDED: Final = frozenset({"canceled", "incomplete_expired"})
# What a subscription has that nobody has set anything on.
BLANK: Final[JsonObject] = {
    "application": None,
    "application_fee_percent": None,
    "billing_cycle_anchor_config": None,
    "billing_schedules": [],
    "billing_thresholds": None,
    "cancel_at": None,
    "cancel_at_period_end": False,
    "canceled_at": None,
    "cancellation_details": CANCELLATION,
    "currency": "usd",
    "customer_account": None,
    "default_source": None,
    "default_tax_rates": [],
    "discounts": [],
    "ended_at": None,
    "latest_invoice": None,
    "livemode": False,
    "managed_payments": None,
    "next_pending_invoice_item_invoice": None,
    "on_behalf_of": None,
    "pause_collection": None,
    "pending_invoice_item_interval": None,
    "pending_setup_intent": None,
    "pending_update": None,
    "schedule": None,
    "status": "incomplete",
    "transfer_data": None,
    "trial_end": None,
    "trial_start": None,
}


def automatic_tax(values: Mapping[str, Any] | None) -> JsonObject:
    """The setting of a subscription or of a schedule's phase; the account itself is liable."""
    if not values or not values["enabled"]:
        return dict(NO_TAX)
    return {"disabled_reason": None, "enabled": True, "liability": {"type": "self"}}


def invoice_settings(values: Mapping[str, Any] | None) -> JsonObject:
    """What a subscription hands on to its invoices."""
    given = values or {}
    texts = {name: given.get(name) for name in ("description", "footer")}
    return {"account_tax_ids": None, "custom_fields": None, **texts, "issuer": {"type": "self"}}


def payment_settings(values: Mapping[str, Any] | None) -> JsonObject:
    """How a subscription's invoices are paid."""
    given = values or {}
    return {
        "payment_method_options": None,
        "payment_method_types": given.get("payment_method_types"),
        "save_default_payment_method": given.get("save_default_payment_method", "off"),
    }


def trial_settings(values: Mapping[str, Any] | None) -> JsonObject:
    """What happens at the trial's end without a payment method."""
    behavior = (values or {}).get("end_behavior", {}).get("missing_payment_method", "create_invoice")
    return {"end_behavior": {"missing_payment_method": behavior}}


def item(
    item_id: str, price: JsonObject, subscription: str, period: tuple[int, int], values: Mapping[str, Any], created: int
) -> JsonObject:
    """One price of a subscription with its quantity and its current period."""
    return {
        "id": item_id,
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": created,
        "current_period_end": period[1],
        "current_period_start": period[0],
        "discounts": values.get("discounts", []),
        "metadata": values.get("metadata", {}),
        "plan": plan_of(price),
        "price": price,
        "quantity": values.get("quantity", 1),
        "subscription": subscription,
        "tax_rates": [],
    }


def items_list(subscription: str, items: Sequence[JsonObject]) -> JsonObject:
    """The list of items inside a subscription."""
    return listing(items, f"/v1/subscription_items?subscription={subscription}")


def subscription(subscription_id: str, customer: JsonObject, now: int, values: Mapping[str, Any]) -> JsonObject:
    """A new subscription out of a request's values; its items, period, trial and currency are put on it afterwards."""
    given = {name: values.get(name) for name in ("days_until_due", "default_payment_method", "description")}
    return {
        "id": subscription_id,
        "object": "subscription",
        **copy.deepcopy(BLANK),
        **given,
        "automatic_tax": automatic_tax(values.get("automatic_tax")),
        "billing_cycle_anchor": now,
        "billing_mode": {**BILLING_MODE, "updated_at": now},
        "collection_method": values.get("collection_method", "charge_automatically"),
        "created": now,
        "customer": customer["id"],
        "invoice_settings": invoice_settings(values.get("invoice_settings")),
        "metadata": values.get("metadata") or {},
        "payment_settings": payment_settings(values.get("payment_settings")),
        "start_date": now,
        "test_clock": customer["test_clock"],
        "trial_settings": trial_settings(values.get("trial_settings")),
    }


def items_of(sub: Mapping[str, Any]) -> list[JsonObject]:
    """The items of a subscription."""
    items: list[JsonObject] = sub["items"]["data"]
    return items


def period_of(sub: Mapping[str, Any]) -> tuple[int, int]:
    """Start and end of the current period, which all items share here."""
    first = items_of(sub)[0]
    return first["current_period_start"], first["current_period_end"]


def is_over(sub: Mapping[str, Any]) -> bool:
    """Whether it has ended for good."""
    return sub["status"] in ENDED


def test_clock(clock_id: str, created: int, frozen_time: int, name: str | None, deletes_after: int) -> JsonObject:
    """A test clock that stands still. https://docs.stripe.com/api/test_clocks/object"""
    return {
        "id": clock_id,
        "object": "test_helpers.test_clock",
        "created": created,
        "deletes_after": deletes_after,
        "frozen_time": frozen_time,
        "livemode": False,
        "name": name,
        "status": "ready",
        "status_details": {},
    }
