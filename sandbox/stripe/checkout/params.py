"""The parameters for creating a Checkout session, and which values can't be combined.

https://docs.stripe.com/api/checkout/sessions/create
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from sandbox.stripe.account.errors import StripeError, invalid
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.api.forms import Field, Flag, Hash, Listed, Metadata, Text, Whole, one_of
from sandbox.stripe.api.http import Params
from sandbox.stripe.subscriptions.settings import AUTOMATIC_TAX, TRIAL_SETTINGS

MOST_ITEMS: Final = 20
LINE: Final[dict[str, Field]] = {
    "price": Text(is_required=True),
    "quantity": Whole(least=1, most=999_999, is_required=True),
}
SUBSCRIPTION_DATA: Final[dict[str, Field]] = {
    "metadata": Metadata(),
    "trial_period_days": Whole(least=1, most=730),
    "trial_settings": TRIAL_SETTINGS,
}
AUTO: Final = one_of("auto", "never")
CREATE: Final[dict[str, Field]] = {
    "allow_promotion_codes": Flag(),
    "automatic_tax": AUTOMATIC_TAX,
    "billing_address_collection": one_of("auto"),
    "cancel_url": Text(),
    "client_reference_id": Text(longest=200),
    "customer": Text(is_required=True),
    "customer_update": Hash(fields={"address": AUTO, "name": AUTO}),
    "line_items": Listed(of=Hash(fields=LINE), most=MOST_ITEMS, is_required=True),
    "mode": one_of("subscription", is_required=True),
    "payment_method_collection": one_of("always", "if_required"),
    "payment_method_types": Listed(of=one_of("card")),
    "subscription_data": Hash(fields=SUBSCRIPTION_DATA),
    "success_url": Text(is_required=True),
    "tax_id_collection": Hash(fields={"enabled": Flag(is_required=True)}),
}
LIST: Final[dict[str, Field]] = {"customer": Text(), "status": one_of("complete", "expired", "open")}


def check(params: Params, customer: JsonObject) -> None:
    """Raises StripeError for values that can't be combined."""
    for name in ("success_url", "cancel_url"):
        parts = urlsplit(params.get(name, "https://example.com"))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise invalid(name, "Not a valid URL", "url_invalid")
    updates, data = params.get("customer_update", {}), params.get("subscription_data", {})
    taxed, has_country = params.get("automatic_tax", {}).get("enabled"), (customer["address"] or {}).get("country")
    if taxed and not has_country and updates.get("address") != "auto":
        raise invalid("automatic_tax", NO_LOCATION, "customer_tax_location_invalid")
    if params.get("tax_id_collection", {}).get("enabled") and updates.get("name") != "auto":
        raise invalid("tax_id_collection", NO_NAME)
    if "trial_settings" in data and "trial_period_days" not in data:
        raise invalid("subscription_data[trial_settings]", "`trial_settings` needs a trial.")


NO_LOCATION: Final = (
    "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to the "
    "Customer or set either `customer_update[address]` to 'auto' or `customer_update[shipping]` to 'auto' to save the "
    "address entered in Checkout to the Customer."
)
NO_NAME: Final = (
    "Tax ID collection requires updating business name on the customer. To enable tax ID collection for an existing "
    "customer, please set `customer_update[name]` to `auto`."
)


def not_open(session: JsonObject, verb: str) -> StripeError:
    """400: only open sessions accept this."""
    message = (
        f'Only Checkout Sessions with a status in ["open"] can be {verb}. This Checkout Session has a status of '
        f"`{session['status']}`."
    )
    return invalid(None, message)
