"""Parameters and hashes that several resources share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.stripe.errors import invalid
from sandbox.stripe.forms import Field, Hash, Raw, Text

ADDRESS_KEYS: Final = ("city", "country", "line1", "line2", "postal_code", "state")
ADDRESS: Final = {name: Text(is_clearable=True) for name in ADDRESS_KEYS}
SHIPPING: Final = {
    "address": Hash(fields=ADDRESS, is_required=True),
    "name": Text(is_required=True),
    "phone": Text(is_clearable=True),
}
CURRENCIES: Final = (
    "aed, aud, bgn, brl, cad, chf, clp, cny, czk, dkk, eur, gbp, hkd, huf, idr, ils, inr, jpy, krw, mxn, myr, nok, "
    "nzd, pen, php, pln, ron, sek, sgd, thb, try, twd, usd, zar"
)
LARGEST_AMOUNT: Final = 99_999_999
EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


@dataclass(frozen=True, kw_only=True)
class Currency(Field):
    """A currency's three letters, in lower case."""

    def parse(self, raw: Raw, name: str) -> str:
        """The currency. Raises StripeError for one that Stripe does not know."""
        currency = raw.lower() if isinstance(raw, str) else ""
        if currency not in CURRENCIES.split(", "):
            raise invalid(name, f"Invalid currency: {raw}. Stripe currently supports these currencies: {CURRENCIES}")
        return currency


@dataclass(frozen=True, kw_only=True)
class Email(Text):
    """An email address."""

    def parse(self, raw: Raw, name: str) -> str:
        """The address. Raises StripeError."""
        text = super().parse(raw, name)
        if not EMAIL.fullmatch(text):
            raise invalid(name, f"Invalid email address: {text}", "email_invalid")
        return text


def address(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """An address with all its keys."""
    return {key: (values or {}).get(key) for key in ADDRESS_KEYS}


def shipping(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Where something is sent, with all keys; None without it."""
    if values is None:
        return None
    return {"address": address(values["address"]), "name": values["name"], "phone": values.get("phone")}


def filled(keys: tuple[str, ...], values: Mapping[str, Any] | None) -> dict[str, Any]:
    """A hash with all these keys, null where nothing is given."""
    return {key: (values or {}).get(key) for key in keys}
