"""Subscriptions, their items and test clocks as the API shows them.

https://docs.stripe.com/api/subscriptions/object · https://docs.stripe.com/api/subscription_items/object
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.api.listing import listing
from sandbox.stripe.catalog.prices import plan_of

BILLING_MODE: Final = {"type": "flexible", "flexible": {"proration_discounts": "included"}}
NO_TAX: Final = {"disabled_reason": None, "enabled": False, "liability": None}
CANCELLATION: Final = {"comment": None, "feedback": None, "reason": None}
ENDED: Final = frozenset({"canceled", "incomplete_expired"})
# The defaults of a new subscription.
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
    "collection_method": "charge_automatically",
    "currency": "usd",
    "customer_account": None,
    "days_until_due": None,
    "default_payment_method": None,
    "default_source": None,
    "default_tax_rates": [],
    "description": None,
    "discounts": [],
    "ended_at": None,
    "invoice_settings": {
        "account_tax_ids": None,
        "custom_fields": None,
        "description": None,
        "footer": None,
        "issuer": {"type": "self"},
    },
    "latest_invoice": None,
    "livemode": False,
    "managed_payments": None,
    "next_pending_invoice_item_invoice": None,
    "on_behalf_of": None,
    "pause_collection": None,
    "payment_settings": {
        "payment_method_options": None,
        "payment_method_types": None,
        "save_default_payment_method": "off",
    },
    "pending_invoice_item_interval": None,
    "pending_setup_intent": None,
    "pending_update": None,
    "schedule": None,
    "status": "incomplete",
    "transfer_data": None,
    "trial_end": None,
    "trial_start": None,
}


def automatic_tax(*, is_enabled: bool) -> JsonObject:
    """A subscription's tax setting; the account itself is liable."""
    return {"disabled_reason": None, "enabled": True, "liability": {"type": "self"}} if is_enabled else dict(NO_TAX)


def trial_settings(values: Mapping[str, Any]) -> JsonObject:
    """What to do when the trial ends without a payment method."""
    behavior = values.get("end_behavior", {}).get("missing_payment_method", "create_invoice")
    return {"end_behavior": {"missing_payment_method": behavior}}


def item(item_id: str, price: JsonObject, subscription: str, period: tuple[int, int], created: int) -> JsonObject:
    """One of a subscription's prices with its current period; the quantity is set afterwards."""
    return {
        "id": item_id,
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": created,
        "current_period_end": period[1],
        "current_period_start": period[0],
        "discounts": [],
        "metadata": {},
        "plan": plan_of(price),
        "price": price,
        "quantity": 1,
        "subscription": subscription,
        "tax_rates": [],
    }


def items_list(subscription: str, items: Sequence[JsonObject]) -> JsonObject:
    """The list of items inside a subscription."""
    return listing(items, f"/v1/subscription_items?subscription={subscription}")


def subscription(subscription_id: str, customer: JsonObject, now: int, metadata: Mapping[str, str]) -> JsonObject:
    """A new subscription; its items, period, trial, currency and settings are set afterwards."""
    return {
        "id": subscription_id,
        "object": "subscription",
        **copy.deepcopy(BLANK),
        "automatic_tax": dict(NO_TAX),
        "billing_cycle_anchor": now,
        "billing_mode": {**BILLING_MODE, "updated_at": now},
        "created": now,
        "customer": customer["id"],
        "metadata": dict(metadata),
        "start_date": now,
        "test_clock": customer["test_clock"],
        "trial_settings": trial_settings({}),
    }


def items_of(sub: Mapping[str, Any]) -> list[JsonObject]:
    """A subscription's items."""
    items: list[JsonObject] = sub["items"]["data"]
    return items


def period_of(sub: Mapping[str, Any]) -> tuple[int, int]:
    """Start and end of the current period, which all items share in the sandbox."""
    first = items_of(sub)[0]
    return first["current_period_start"], first["current_period_end"]


def is_over(sub: Mapping[str, Any]) -> bool:
    """Whether it has ended for good."""
    return sub["status"] in ENDED


def test_clock(clock_id: str, created: int, frozen_time: int, name: str | None, deletes_after: int) -> JsonObject:
    """A test clock that is not advancing. https://docs.stripe.com/api/test_clocks/object"""
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
