"""Redeeming coupons and promotion codes: whether they may be used, and the discount that comes of it.

https://docs.stripe.com/billing/subscriptions/coupons · https://docs.stripe.com/api/discounts/object
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime

from sandbox.stripe.amending import add, amend
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject


def is_valid(coupon: JsonObject, now: int) -> bool:
    """Whether a coupon may still be redeemed."""
    used_up = coupon["max_redemptions"] is not None and coupon["times_redeemed"] >= coupon["max_redemptions"]
    return not used_up and (coupon["redeem_by"] is None or now < coupon["redeem_by"])


def is_active(peer: Stripe, code: JsonObject, now: int) -> bool:
    """Whether a promotion code may still be redeemed, which its coupon must allow too."""
    used_up = code["max_redemptions"] is not None and code["times_redeemed"] >= code["max_redemptions"]
    is_over = code["expires_at"] is not None and now >= code["expires_at"]
    coupon = peer.store.find(code["promotion"]["coupon"])
    if coupon is None or coupon.get("deleted"):
        return False
    return bool(code["active"] and not used_up and not is_over and is_valid(coupon, now))


def usable_coupon(peer: Stripe, coupon_id: str, customer: JsonObject | None, param: str = "coupon") -> JsonObject:
    """A coupon that a request wants to apply. Raises StripeError when there is none, or no longer."""
    coupon = peer.need("coupon", coupon_id, param)
    if not is_valid(coupon, peer.store.now(customer)):
        raise invalid(param, f"Coupon expired: {coupon_id}", "coupon_expired")
    return coupon


def usable_code(
    peer: Stripe, code_id: str, customer: JsonObject | None, amount: int | None = None, param: str = "promotion_code"
) -> JsonObject:
    """A promotion code that a customer wants to use for an amount. Raises StripeError when it may not be used.

    `customer` is None for one who is not known yet, `amount` for one that is not known or does not matter.
    """
    code = peer.need("promotion_code", code_id, param)
    if not is_active(peer, code, peer.store.now(customer)):
        raise _unusable(param, "because it is expired, used up or not active")
    if code["customer"] is not None and (customer is None or customer["id"] != code["customer"]):
        raise _unusable(param, "because it belongs to another customer")
    restrictions = code["restrictions"]
    if restrictions["first_time_transaction"] and customer is not None and _has_paid(peer, customer):
        raise _unusable(param, "because the associated customer has prior transactions")
    least = restrictions["minimum_amount"]
    if least is not None and amount is not None and amount < least:
        raise _unusable(param, "because the amount is below the minimum of the promotion code")
    return code


def _has_paid(peer: Stripe, customer: JsonObject) -> bool:
    charges = peer.store.select("charge", customer=customer["id"], status="succeeded")
    return bool(charges or peer.store.select("invoice", customer=customer["id"], status="paid"))


def _unusable(param: str, reason: str) -> StripeError:
    return invalid(param, f"This promotion code cannot be redeemed {reason}.")


def code_named(peer: Stripe, text: str, customer: JsonObject | None = None) -> JsonObject | None:
    """The active promotion code that a person typed, in whatever case: the customer's own before one for everybody."""
    found = [code for code in peer.store.select("promotion_code") if code["code"].lower() == text.strip().lower()]
    usable = [code for code in found if is_active(peer, code, peer.store.now(customer))]
    own = [code for code in usable if customer is not None and code["customer"] == customer["id"]]
    open_to_all = [code for code in usable if code["customer"] is None]
    return next(iter([*own, *open_to_all]), None)


def redeem(
    peer: Stripe,
    coupon: JsonObject,
    *,
    customer: JsonObject,
    promotion_code: JsonObject | None = None,
    subscription: str | None = None,
    subscription_item: str | None = None,
    checkout_session: str | None = None,
) -> JsonObject:
    """Count a use of a coupon that may be used, and store the discount that it gives; returns the discount."""
    start = peer.store.now(customer)
    discount = {
        "id": peer.store.new_id("di"),
        "object": "discount",
        "checkout_session": checkout_session,
        "customer": customer["id"],
        "customer_account": None,
        "end": _end(coupon, start),
        "invoice": None,
        "invoice_item": None,
        "promotion_code": promotion_code["id"] if promotion_code else None,
        "source": {"coupon": coupon["id"], "type": "coupon"},
        "start": start,
        "subscription": subscription,
        "subscription_item": subscription_item,
    }
    _count(peer, coupon, start)
    if promotion_code is not None:
        _count_code(peer, promotion_code, start)
    peer.store.keep(discount["id"], coupon=coupon)
    return add(peer, discount, "customer.discount.created")


def coupon_of(peer: Stripe, discount: JsonObject) -> JsonObject:
    """What a discount takes off: its coupon as it was redeemed, also after the coupon was deleted."""
    coupon: JsonObject = peer.store.kept(discount["id"])["coupon"]
    return coupon


def _count(peer: Stripe, coupon: JsonObject, now: int) -> None:
    used = coupon | {"times_redeemed": coupon["times_redeemed"] + 1}
    amend(peer, coupon, {"times_redeemed": used["times_redeemed"], "valid": is_valid(used, now)}, "coupon.updated")


def _count_code(peer: Stripe, code: JsonObject, now: int) -> None:
    used = code | {"times_redeemed": code["times_redeemed"] + 1}
    values = {"times_redeemed": used["times_redeemed"], "active": is_active(peer, used, now)}
    amend(peer, code, values, "promotion_code.updated")


def _end(coupon: JsonObject, start: int) -> int | None:
    if coupon["duration"] != "repeating":
        return None
    return months_later(start, coupon["duration_in_months"])


def months_later(start: int, months: int) -> int:
    """The same time of day some calendar months later, on the month's last day where it has no such day."""
    moment = datetime.fromtimestamp(start, UTC)
    month = moment.month - 1 + months
    year, month = moment.year + month // 12, month % 12 + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return int(moment.replace(year=year, month=month, day=day).timestamp())
