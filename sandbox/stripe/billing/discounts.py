"""Redeeming coupons and promotion codes into discounts.

https://docs.stripe.com/billing/subscriptions/coupons · https://docs.stripe.com/api/discounts/object
"""

from __future__ import annotations

from sandbox.stripe.account.amending import add, amend
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.billing import periods


def redeem(
    peer: Stripe, coupon: JsonObject, *, customer: JsonObject, subscription: str, promotion_code: JsonObject | None
) -> JsonObject:
    """Count a coupon's redemption and store the subscription's discount; returns the discount."""
    start = peer.store.now(customer)
    discount = {
        "id": peer.store.new_id("di"),
        "object": "discount",
        "checkout_session": None,
        "customer": customer["id"],
        "customer_account": None,
        "end": _end(coupon, start),
        "invoice": None,
        "invoice_item": None,
        "promotion_code": promotion_code["id"] if promotion_code else None,
        "source": {"coupon": coupon["id"], "type": "coupon"},
        "start": start,
        "subscription": subscription,
        "subscription_item": None,
    }
    amend(peer, coupon, {"times_redeemed": coupon["times_redeemed"] + 1}, "coupon.updated")
    if promotion_code is not None:
        used = {"times_redeemed": promotion_code["times_redeemed"] + 1}
        amend(peer, promotion_code, used, "promotion_code.updated")
    return add(peer, discount, "customer.discount.created")


def coupon_of(peer: Stripe, discount: JsonObject) -> JsonObject:
    """A discount's coupon."""
    return peer.store.get(discount["source"]["coupon"])


def _end(coupon: JsonObject, start: int) -> int | None:
    if coupon["duration"] != "repeating":
        return None
    return periods.boundary(start, "month", coupon["duration_in_months"])
