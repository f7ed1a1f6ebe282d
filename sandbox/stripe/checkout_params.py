"""What a Checkout session may be created with, and which values do not go together.

https://docs.stripe.com/api/checkout/sessions/create
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from sandbox.stripe import catalog
from sandbox.stripe.errors import StripeError, invalid
from sandbox.stripe.forms import Field, Flag, Hash, Listed, Metadata, Moment, Range, Text, Whole, one_of, required
from sandbox.stripe.http import Params
from sandbox.stripe.parameters import Currency, Email
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject

DAY: Final = 86400
LONGEST: Final = DAY
SHORTEST: Final = 1800
MOST_ITEMS: Final = 20
SELF: Final[dict[str, Field]] = {"type": one_of("self", is_required=True)}
LINE: Final[dict[str, Field]] = {
    "adjustable_quantity": Hash(
        fields={"enabled": Flag(is_required=True), "maximum": Whole(most=999_999), "minimum": Whole(least=0)}
    ),
    "metadata": Metadata(),
    "price": Text(),
    "price_data": Hash(
        fields={
            **catalog.AMOUNT,
            "currency": Currency(is_required=True),
            "product": Text(),
            "product_data": Hash(
                fields={
                    "description": Text(),
                    "metadata": Metadata(),
                    "name": Text(is_required=True),
                    "tax_code": Text(),
                }
            ),
        }
    ),
    "quantity": Whole(least=0, most=999_999),
}
SUBSCRIPTION_DATA: Final[dict[str, Field]] = {
    "description": Text(longest=500),
    "metadata": Metadata(),
    "trial_end": Moment(),
    "trial_period_days": Whole(least=1, most=730),
    "trial_settings": Hash(
        fields={
            "end_behavior": Hash(
                fields={"missing_payment_method": one_of("cancel", "create_invoice", "pause", is_required=True)},
                is_required=True,
            )
        }
    ),
}
MESSAGE: Final = Hash(fields={"message": Text(longest=1200, is_required=True)}, is_clearable=True)
AUTO: Final = one_of("auto", "never")
CREATE: Final[dict[str, Field]] = {
    "allow_promotion_codes": Flag(),
    "automatic_tax": Hash(fields={"enabled": Flag(is_required=True), "liability": Hash(fields=SELF)}),
    "billing_address_collection": one_of("auto", "required"),
    "cancel_url": Text(),
    "client_reference_id": Text(longest=200),
    "consent_collection": Hash(fields={"terms_of_service": one_of("none", "required")}),
    "currency": Currency(),
    "custom_text": Hash(fields={"after_submit": MESSAGE, "submit": MESSAGE, "terms_of_service_acceptance": MESSAGE}),
    "customer": Text(),
    "customer_email": Email(longest=800),
    "customer_update": Hash(fields={"address": AUTO, "name": AUTO, "shipping": AUTO}),
    "discounts": Listed(of=Hash(fields={"coupon": Text(), "promotion_code": Text()}), most=1),
    "expires_at": Moment(),
    "line_items": Listed(of=Hash(fields=LINE), most=MOST_ITEMS),
    "locale": Text(longest=10),
    "metadata": Metadata(),
    "mode": one_of("setup", "subscription", is_required=True),
    "payment_method_collection": one_of("always", "if_required"),
    "payment_method_types": Listed(of=one_of("card", "us_bank_account")),
    "setup_intent_data": Hash(fields={"description": Text(longest=1000), "metadata": Metadata()}),
    "submit_type": one_of("auto", "pay", "subscribe"),
    "subscription_data": Hash(fields=SUBSCRIPTION_DATA),
    "success_url": Text(is_required=True),
    "tax_id_collection": Hash(fields={"enabled": Flag(is_required=True), "required": one_of("if_supported", "never")}),
    "ui_mode": one_of("hosted_page"),
}
UPDATE: Final[dict[str, Field]] = {"metadata": Metadata()}
LIST: Final[dict[str, Field]] = {
    "created": Range(),
    "customer": Text(),
    "customer_details": Hash(fields={"email": Text(is_required=True)}),
    "payment_intent": Text(),
    "status": one_of("complete", "expired", "open"),
    "subscription": Text(),
}
# What only one of the modes takes.
OF_SUBSCRIPTIONS: Final = (
    "allow_promotion_codes",
    "automatic_tax",
    "discounts",
    "line_items",
    "payment_method_collection",
    "submit_type",
    "subscription_data",
    "tax_id_collection",
)
OF_SETUP: Final = ("setup_intent_data",)
EXCLUSIVE: Final = (("allow_promotion_codes", "discounts"), ("customer", "customer_email"))


def check(peer: Stripe, params: Params, customer: JsonObject | None) -> None:
    """Raises StripeError for values that do not go together, or make no sense now."""
    _check_mode(params)
    for one, other in EXCLUSIVE:
        if params.get(one) and params.get(other):
            raise invalid(other, f"You may only specify one of these parameters: {one}, {other}.")
    for name in ("success_url", "cancel_url"):
        parts = urlsplit(params.get(name, "https://example.com"))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise invalid(name, "Not a valid URL", "url_invalid")
    _check_expiry(peer, params)
    _check_customer(params, customer)
    _check_trial(peer, params.get("subscription_data", {}), customer)


def _check_mode(params: Params) -> None:
    mode = params["mode"]
    for name in OF_SETUP if mode == "subscription" else OF_SUBSCRIPTIONS:
        if name in params:
            raise invalid(name, f"You can not pass `{name}` in `{mode}` mode.")
    if mode == "subscription" and not params.get("line_items"):
        raise required("line_items")
    if mode == "setup" and not params.get("payment_method_types") and "currency" not in params:
        raise required("currency")


def _check_expiry(peer: Stripe, params: Params) -> None:
    life = params.get("expires_at", peer.store.now() + LONGEST) - peer.store.now()
    if life < SHORTEST - 5:
        message = "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."
        raise invalid("expires_at", message)
    if life > LONGEST + 5:
        raise invalid(
            "expires_at", "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."
        )


def _check_customer(params: Params, customer: JsonObject | None) -> None:
    updates = params.get("customer_update", {})
    if customer is None:
        if updates:
            raise invalid("customer_update", "`customer_update` can only be used with `customer`.")
        return
    taxed, has_country = params.get("automatic_tax", {}).get("enabled"), (customer["address"] or {}).get("country")
    if taxed and not has_country and "auto" not in (updates.get("address"), updates.get("shipping")):
        raise invalid("automatic_tax", NO_LOCATION, "customer_tax_location_invalid")
    if params.get("tax_id_collection", {}).get("enabled") and updates.get("name") != "auto":
        raise invalid("tax_id_collection", NO_NAME)


NO_LOCATION: Final = (
    "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to the "
    "Customer or set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto' to save the "
    "address entered in Checkout to the Customer."
)
NO_NAME: Final = (
    "Tax ID collection requires updating business name on the customer. To enable tax ID collection for an existing "
    "customer, please set `customer_update[name]` to `auto`."
)


def _check_trial(peer: Stripe, data: Params, customer: JsonObject | None) -> None:
    if "trial_end" in data and "trial_period_days" in data:
        message = "You may only specify one of these parameters: trial_end, trial_period_days."
        raise invalid("subscription_data[trial_end]", message)
    if "trial_end" in data and data["trial_end"] < peer.store.now(customer) + 2 * DAY:
        message = "The `trial_end` date has to be at least 2 days in the future."
        raise invalid("subscription_data[trial_end]", message)
    if "trial_settings" in data and not ("trial_end" in data or "trial_period_days" in data):
        raise invalid("subscription_data[trial_settings]", "`trial_settings` needs a trial.")


def not_open(session: JsonObject, verb: str) -> StripeError:
    """400: what only an open session takes."""
    message = (
        f'Only Checkout Sessions with a status in ["open"] can be {verb}. This Checkout Session has a status of '
        f"`{session['status']}`."
    )
    return invalid(None, message)
