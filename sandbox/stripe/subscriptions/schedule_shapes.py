"""Subscription schedules and their phases as the API shows them. https://docs.stripe.com/api/subscription_schedules/object"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing import subscription_shapes


def item(price: str, quantity: int) -> JsonObject:
    """A price with its quantity during a phase."""
    return {
        "billing_thresholds": None,
        "discounts": [],
        "metadata": {},
        "plan": price,
        "price": price,
        "quantity": quantity,
        "tax_rates": [],
    }


def discount(discount_id: str) -> JsonObject:
    """A subscription's discount that continues in a phase."""
    return {"coupon": None, "discount": discount_id, "promotion_code": None}


def phase(start: int, end: int, items: Sequence[JsonObject], values: Mapping[str, Any]) -> JsonObject:
    """A phase; `values` has the currency and optionally discounts and the rest."""
    return {
        "add_invoice_items": [],
        "application_fee_percent": None,
        "automatic_tax": values.get("automatic_tax") or dict(subscription_shapes.NO_TAX),
        "billing_cycle_anchor": None,
        "billing_thresholds": None,
        "collection_method": None,
        "currency": values["currency"],
        "default_payment_method": values.get("default_payment_method"),
        "default_tax_rates": [],
        "description": None,
        "discounts": values.get("discounts", []),
        "end_date": end,
        "invoice_settings": None,
        "items": list(items),
        "metadata": {},
        "on_behalf_of": None,
        "proration_behavior": values.get("proration_behavior", "create_prorations"),
        "start_date": start,
        "transfer_data": None,
        "trial_end": values.get("trial_end"),
    }


def schedule(schedule_id: str, sub: Mapping[str, Any], now: int, phases: Sequence[JsonObject]) -> JsonObject:
    """A schedule created from a subscription, whose current period is the first phase."""
    return {
        "id": schedule_id,
        "object": "subscription_schedule",
        "application": None,
        "billing_mode": {**subscription_shapes.BILLING_MODE, "updated_at": now},
        "canceled_at": None,
        "completed_at": None,
        "created": now,
        "current_phase": span(phases[0]),
        "customer": sub["customer"],
        "customer_account": None,
        "default_settings": _settings(sub),
        "end_behavior": "release",
        "livemode": False,
        "metadata": {},
        "phases": list(phases),
        "released_at": None,
        "released_subscription": None,
        "status": "active",
        "subscription": sub["id"],
        "test_clock": sub["test_clock"],
    }


def _settings(sub: Mapping[str, Any]) -> JsonObject:
    return {
        "application_fee_percent": None,
        "automatic_tax": dict(sub["automatic_tax"]),
        "billing_cycle_anchor": "automatic",
        "billing_thresholds": None,
        "collection_method": sub["collection_method"],
        "default_payment_method": sub["default_payment_method"],
        "description": sub["description"],
        "invoice_settings": {**sub["invoice_settings"], "days_until_due": sub["days_until_due"]},
        "on_behalf_of": None,
        "transfer_data": None,
    }


def span(one: Mapping[str, Any]) -> JsonObject:
    """A phase's start and end."""
    return {"end_date": one["end_date"], "start_date": one["start_date"]}


def current_phase(schedule: Mapping[str, Any]) -> JsonObject | None:
    """A schedule's current phase."""
    current = schedule["current_phase"]
    return next((one for one in schedule["phases"] if current and one["start_date"] == current["start_date"]), None)


def next_phase(schedule: Mapping[str, Any]) -> JsonObject | None:
    """The phase after the current one."""
    current = schedule["current_phase"]
    return next((one for one in schedule["phases"] if current and one["start_date"] >= current["end_date"]), None)
