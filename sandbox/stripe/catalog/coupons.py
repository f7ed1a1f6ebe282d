"""Coupons, and the promotion codes that people enter at Checkout to redeem them.

https://docs.stripe.com/api/coupons · https://docs.stripe.com/api/promotion_codes
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from sandbox.stripe.account.amending import add
from sandbox.stripe.account.errors import invalid
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject, random_text
from sandbox.stripe.api.forms import Field, Hash, Number, Text, Whole, one_of, required
from sandbox.stripe.api.http import Endpoint, Params
from sandbox.stripe.catalog.prices import LARGEST_AMOUNT

CREATE: Final[dict[str, Field]] = {
    "amount_off": Whole(least=1, most=LARGEST_AMOUNT),
    "currency": one_of("usd"),
    "duration": one_of("forever", "once", "repeating"),
    "duration_in_months": Whole(least=1),
    "name": Text(longest=40),
    "percent_off": Number(),
}
PROMOTION: Final = {"coupon": Text(is_required=True), "type": one_of("coupon", is_required=True)}
CREATE_CODE: Final[dict[str, Field]] = {
    "code": Text(longest=500),
    "promotion": Hash(fields=PROMOTION, is_required=True),
}


def create(peer: Stripe, params: Params) -> JsonObject:
    """Create a coupon that takes off a percentage or an amount."""
    _check(params)
    percent = params.get("percent_off")
    coupon = {
        "id": random_text(8).upper(),
        "object": "coupon",
        "amount_off": params.get("amount_off"),
        "created": peer.store.now(),
        "currency": params.get("currency") if "amount_off" in params else None,
        "duration": params.get("duration", "once"),
        "duration_in_months": params.get("duration_in_months"),
        "livemode": False,
        "max_redemptions": None,
        "metadata": {},
        "name": params.get("name"),
        "percent_off": None if percent is None else float(percent),
        "redeem_by": None,
        "times_redeemed": 0,
        "valid": True,
    }
    return add(peer, coupon, "coupon.created")


def _check(params: Params) -> None:
    if ("percent_off" in params) == ("amount_off" in params):
        raise invalid("percent_off", "Must provide exactly one of `percent_off` and `amount_off`.")
    if "amount_off" in params and "currency" not in params:
        raise required("currency")
    percent = params.get("percent_off", Decimal(1))
    if not 0 < percent <= 100 or percent != round(percent, 2):
        raise invalid("percent_off", "Invalid percent_off: must be above 0, at most 100, with two decimal places.")
    if (params.get("duration") == "repeating") != ("duration_in_months" in params):
        message = "`duration_in_months` is required if, and only if, `duration` is repeating."
        raise invalid("duration_in_months", message)


def create_code(peer: Stripe, params: Params) -> JsonObject:
    """Create a code for a coupon, which people can type in upper or lower case."""
    coupon = peer.need("coupon", params["promotion"]["coupon"], "promotion[coupon]")
    text = params.get("code") or random_text(8).upper()
    if not all(character.isascii() and (character.isalnum() or character == "-") for character in text):
        raise invalid("code", "The code can only contain letters (a-z, A-Z), digits (0-9), and dashes (-).")
    if code_named(peer, text):
        raise invalid("code", f"An active promotion code with `code: {text}` already exists.")
    code = {
        "id": peer.store.new_id("promo"),
        "object": "promotion_code",
        "active": True,
        "code": text,
        "created": peer.store.now(),
        "customer": None,
        "customer_account": None,
        "expires_at": None,
        "livemode": False,
        "max_redemptions": None,
        "metadata": {},
        "promotion": {"coupon": coupon["id"], "type": "coupon"},
        "restrictions": {
            "first_time_transaction": False,
            "minimum_amount": None,
            "minimum_amount_currency": None,
        },
        "times_redeemed": 0,
    }
    return add(peer, code, "promotion_code.created")


def code_named(peer: Stripe, text: str) -> JsonObject | None:
    """The promotion code that a person typed, ignoring case."""
    found = peer.store.select("promotion_code")
    return next((code for code in found if code["code"].lower() == text.strip().lower()), None)


ROUTES: Final = [
    Endpoint("POST", "/v1/coupons", create, CREATE),
    Endpoint("POST", "/v1/promotion_codes", create_code, CREATE_CODE),
]
