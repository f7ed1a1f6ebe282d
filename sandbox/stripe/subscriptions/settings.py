"""A subscription's settings besides its items: payment, cancellation, paused collection, discounts.

https://docs.stripe.com/api/subscriptions/update
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe.account.errors import invalid
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.api.forms import Field, Flag, Hash, Listed, Metadata, Moment, Text, merged, one_of
from sandbox.stripe.billing import discounting, subscription_shapes
from sandbox.stripe.billing.subscription_shapes import CANCELLATION, period_of
from sandbox.stripe.payments import methods

PERIOD_END: Final = "max_period_end"
DISCOUNTS: Final = Listed(
    of=Hash(fields={"coupon": Text(), "discount": Text(), "promotion_code": Text()}), is_clearable=True
)
AUTOMATIC_TAX: Final = Hash(fields={"enabled": Flag(is_required=True)})
MISSING: Final = one_of("cancel", "create_invoice", "pause", is_required=True)
TRIAL_SETTINGS: Final = Hash(
    fields={"end_behavior": Hash(fields={"missing_payment_method": MISSING}, is_required=True)}
)
# Accepted when creating and updating.
PARAMS: Final[dict[str, Field]] = {
    "automatic_tax": AUTOMATIC_TAX,
    "default_payment_method": Text(is_clearable=True),
    "discounts": DISCOUNTS,
    "metadata": Metadata(),
    "trial_settings": TRIAL_SETTINGS,
}
PAUSE: Final[dict[str, Field]] = {
    "behavior": one_of("keep_as_draft", "mark_uncollectible", "void", is_required=True),
    "resumes_at": Moment(),
}
UPDATE: Final[dict[str, Field]] = {
    **PARAMS,
    "cancel_at": Moment(words=(PERIOD_END,), is_clearable=True),
    "cancel_at_period_end": Flag(),
    "pause_collection": Hash(fields=PAUSE, is_clearable=True),
}
CANCELING: Final = ("cancel_at", "cancel_at_period_end")
Params = Mapping[str, Any]


def put_on(peer: Stripe, sub: JsonObject, params: Params) -> None:
    """Apply a request's values to a subscription that isn't stored yet. Raises StripeError."""
    if "metadata" in params:
        sub["metadata"] = merged(sub["metadata"], params["metadata"])
    if "automatic_tax" in params:
        sub["automatic_tax"] = subscription_shapes.automatic_tax(is_enabled=params["automatic_tax"]["enabled"])
    if "trial_settings" in params:
        sub["trial_settings"] = subscription_shapes.trial_settings(params["trial_settings"])
    if "default_payment_method" in params:
        method = params["default_payment_method"]
        owned = method and methods.owned(peer, method, sub["customer"], "default_payment_method")
        sub["default_payment_method"] = owned["id"] if owned else None
    if "pause_collection" in params:
        sub["pause_collection"] = _pause(peer, sub, params["pause_collection"])
    if "discounts" in params:
        _put_discounts(peer, sub, params["discounts"])
    _put_cancellation(peer, sub, params)


def _pause(peer: Stripe, sub: JsonObject, values: Params | None) -> JsonObject | None:
    if values is None:
        return None
    resumes_at = values.get("resumes_at")
    if resumes_at is not None and resumes_at <= peer.store.now(sub):
        raise invalid("pause_collection[resumes_at]", "Invalid timestamp: must be in the future.")
    return {"behavior": values["behavior"], "resumes_at": resumes_at}


def _put_discounts(peer: Stripe, sub: JsonObject, chosen: discounting.Choices) -> None:
    """Set a subscription's discounts, without storing it; its other discounts end."""
    customer = peer.store.get(sub["customer"])
    kept = discounting.redeem_all(peer, chosen, customer, sub["id"])
    for gone in set(sub["discounts"]) - set(kept):
        discounting.end(peer, gone)
    sub["discounts"] = kept


def _put_cancellation(peer: Stripe, sub: JsonObject, params: Params) -> None:
    """Schedule the cancellation, or undo that."""
    if not any(name in params for name in CANCELING):
        return
    if "cancel_at" not in params and params["cancel_at_period_end"] is sub["cancel_at_period_end"]:
        return  # keeps an end scheduled by date
    if sub["schedule"] is not None:
        message = (
            f"The subscription is managed by the subscription schedule `{sub['schedule']}`, and updating any "
            "cancelation behavior directly is not allowed. Please update the schedule instead."
        )
        raise invalid(None, message)
    if params.get("cancel_at") is not None and params.get("cancel_at_period_end"):
        raise invalid("cancel_at", "You may only specify one of these parameters: cancel_at, cancel_at_period_end.")
    at, is_period_end = _end_of(peer, sub, params), bool(params.get("cancel_at_period_end"))
    sub.update(
        cancel_at=at,
        cancel_at_period_end=is_period_end,
        canceled_at=None if at is None else peer.store.now(sub),
        cancellation_details={**CANCELLATION, "reason": None if at is None else "cancellation_requested"},
    )


def _end_of(peer: Stripe, sub: JsonObject, params: Params) -> int | None:
    if params.get("cancel_at_period_end") or params.get("cancel_at") == PERIOD_END:
        return period_of(sub)[1]
    at: int | None = params.get("cancel_at")
    if at is not None and at <= peer.store.now(sub):
        raise invalid("cancel_at", "Invalid timestamp: `cancel_at` must be in the future.")
    return at
