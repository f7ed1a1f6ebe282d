"""What a subscription is told besides its items: descriptions, payment, cancellation, pauses of collection, discounts.

https://docs.stripe.com/api/subscriptions/update
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe import discounting, payment_methods, subscription_shapes
from sandbox.stripe.errors import invalid
from sandbox.stripe.forms import Field, Flag, Hash, Listed, Metadata, Moment, Text, Whole, merged, one_of, required
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject
from sandbox.stripe.subscription_shapes import CANCELLATION, period_of

SELF: Final[dict[str, Field]] = {"type": one_of("self", is_required=True)}
FEEDBACK: Final = (
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
)
PERIOD_ENDS: Final = ("min_period_end", "max_period_end")
CANCELLATION_DETAILS: Final = Hash(
    fields={"comment": Text(is_clearable=True), "feedback": one_of(*FEEDBACK, is_clearable=True)}
)
DISCOUNTS: Final = Listed(
    of=Hash(fields={"coupon": Text(), "discount": Text(), "promotion_code": Text()}), is_clearable=True
)
AUTOMATIC_TAX: Final = Hash(fields={"enabled": Flag(is_required=True), "liability": Hash(fields=SELF)})
TRIAL_SETTINGS: Final = Hash(
    fields={
        "end_behavior": Hash(
            fields={"missing_payment_method": one_of("cancel", "create_invoice", "pause", is_required=True)},
            is_required=True,
        )
    }
)
PAYMENT_SETTINGS: Final = Hash(
    fields={
        "payment_method_types": Listed(of=one_of("card"), is_clearable=True),
        "save_default_payment_method": one_of("off", "on_subscription"),
    }
)
INVOICE_SETTINGS: Final = Hash(
    fields={"description": Text(is_clearable=True), "footer": Text(is_clearable=True), "issuer": Hash(fields=SELF)}
)
# At the creation and at each update.
PARAMS: Final[dict[str, Field]] = {
    "automatic_tax": AUTOMATIC_TAX,
    "cancel_at": Moment(words=PERIOD_ENDS, is_clearable=True),
    "cancel_at_period_end": Flag(),
    "collection_method": one_of("charge_automatically", "send_invoice"),
    "days_until_due": Whole(least=0),
    "default_payment_method": Text(is_clearable=True),
    "description": Text(longest=500, is_clearable=True),
    "discounts": DISCOUNTS,
    "invoice_settings": INVOICE_SETTINGS,
    "metadata": Metadata(),
    "payment_settings": PAYMENT_SETTINGS,
    "trial_settings": TRIAL_SETTINGS,
}
PAUSE: Final = Hash(
    fields={
        "behavior": one_of("keep_as_draft", "mark_uncollectible", "void", is_required=True),
        "resumes_at": Moment(),
    },
    is_clearable=True,
)
UPDATE: Final[dict[str, Field]] = {
    **PARAMS,
    "cancellation_details": CANCELLATION_DETAILS,
    "pause_collection": PAUSE,
}
CANCELING: Final = ("cancel_at", "cancel_at_period_end")
Params = Mapping[str, Any]


def put_on(peer: Stripe, sub: JsonObject, params: Params) -> None:
    """Put the values of a request on a subscription that is not stored yet. Raises StripeError."""
    _put_plain(sub, params)
    _put_payment(peer, sub, params)
    _put_collection(peer, sub, params)
    if "discounts" in params:
        put_discounts(peer, sub, params["discounts"])
    _put_cancellation(peer, sub, params)


def _put_plain(sub: JsonObject, params: Params) -> None:
    if "description" in params:
        sub["description"] = params["description"]
    if "metadata" in params:
        sub["metadata"] = merged(sub["metadata"], params["metadata"])
    if "automatic_tax" in params:
        sub["automatic_tax"] = subscription_shapes.automatic_tax(params["automatic_tax"])
    if "trial_settings" in params:
        sub["trial_settings"] = subscription_shapes.trial_settings(params["trial_settings"])
    if "invoice_settings" in params:
        together = {**sub["invoice_settings"], **params["invoice_settings"]}
        sub["invoice_settings"] = subscription_shapes.invoice_settings(together)


def _put_payment(peer: Stripe, sub: JsonObject, params: Params) -> None:
    if "payment_settings" in params:
        together = {**sub["payment_settings"], **params["payment_settings"]}
        sub["payment_settings"] = subscription_shapes.payment_settings(together)
    if "default_payment_method" in params:
        method = params["default_payment_method"]
        owned = method and payment_methods.owned(peer, method, sub["customer"], "default_payment_method")
        sub["default_payment_method"] = owned["id"] if owned else None


def _put_collection(peer: Stripe, sub: JsonObject, params: Params) -> None:
    """How invoices are collected, and a pause of that."""
    sub["collection_method"] = params.get("collection_method", sub["collection_method"])
    sub["days_until_due"] = params.get("days_until_due", sub["days_until_due"])
    if sub["collection_method"] == "send_invoice" and sub["days_until_due"] is None:
        raise required("days_until_due")
    if sub["collection_method"] == "charge_automatically" and "days_until_due" in params:
        message = "`days_until_due` can only be used with `collection_method` set to `send_invoice`."
        raise invalid("days_until_due", message)
    if sub["collection_method"] == "charge_automatically":
        sub["days_until_due"] = None
    if "pause_collection" in params:
        sub["pause_collection"] = _pause(peer, sub, params["pause_collection"])


def _pause(peer: Stripe, sub: JsonObject, values: Params | None) -> JsonObject | None:
    if values is None:
        return None
    resumes_at = values.get("resumes_at")
    if resumes_at is not None and resumes_at <= peer.store.now(sub):
        raise invalid("pause_collection[resumes_at]", "Invalid timestamp: must be in the future.")
    return {"behavior": values["behavior"], "resumes_at": resumes_at}


def put_discounts(peer: Stripe, sub: JsonObject, chosen: discounting.Choices) -> None:
    """Give a subscription, which is not stored by that, these discounts; others of its own end."""
    customer = peer.store.get(sub["customer"])
    place = {"subscription": sub["id"]}
    kept = discounting.redeem_all(peer, chosen, customer, sub["currency"], **place)
    for gone in set(sub["discounts"]) - set(kept):
        discounting.end(peer, gone)
    sub["discounts"] = kept


def _put_cancellation(peer: Stripe, sub: JsonObject, params: Params) -> None:
    """Plan the end, or take the plan back."""
    if "cancellation_details" in params:
        sub["cancellation_details"] = {**sub["cancellation_details"], **params["cancellation_details"]}
    if not any(name in params for name in CANCELING):
        return
    if "cancel_at" not in params and params["cancel_at_period_end"] is sub["cancel_at_period_end"]:
        return  # so that an end that was planned by its date stays
    if sub["schedule"] is not None:
        message = (
            f"The subscription is managed by the subscription schedule `{sub['schedule']}`, and updating any "
            "cancelation behavior directly is not allowed. Please update the schedule instead."
        )
        raise invalid(None, message)
    if params.get("cancel_at") is not None and params.get("cancel_at_period_end"):
        raise invalid("cancel_at", "You may only specify one of these parameters: cancel_at, cancel_at_period_end.")
    plan_end(peer, sub, _end_of(peer, sub, params), is_period_end=bool(params.get("cancel_at_period_end")))


def _end_of(peer: Stripe, sub: JsonObject, params: Params) -> int | None:
    if params.get("cancel_at_period_end") or params.get("cancel_at") in PERIOD_ENDS:
        return period_of(sub)[1]
    at: int | None = params.get("cancel_at")
    if at is not None and at <= peer.store.now(sub):
        raise invalid("cancel_at", "Invalid timestamp: `cancel_at` must be in the future.")
    return at


def plan_end(peer: Stripe, sub: JsonObject, at: int | None, *, is_period_end: bool) -> None:
    """Let a subscription end at a time, or None for no time; `is_period_end`: at whatever end its period has."""
    now = peer.store.now(sub)
    sub.update(cancel_at=at, cancel_at_period_end=is_period_end, canceled_at=None if at is None else now)
    told = sub["cancellation_details"]
    if at is None:
        sub["cancellation_details"] = dict(CANCELLATION)
    else:
        sub["cancellation_details"] = {**told, "reason": "cancellation_requested"}
