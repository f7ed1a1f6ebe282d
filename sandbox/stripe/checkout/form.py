"""The form on Checkout's page: reading and checking it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.api.parameters import EMAIL, address
from sandbox.stripe.pages.contact_fields import COUNTRIES, asks_for_address, known_email
from sandbox.stripe.pages.hosted import Fields

SECRET: Final = ("number", "expiry", "cvc")  # never stored by the page


@dataclass(frozen=True)
class Form:
    """Who pays. `address` is None when the page didn't ask for it."""

    email: str
    address: JsonObject | None

    def billing_details(self) -> dict[str, Any]:
        """For the payment method."""
        return {"email": self.email or None, **({"address": self.address} if self.address else {})}


def read(session: JsonObject, fields: Fields) -> Form:
    """The form as sent; `problems` checks it."""
    where = {name: value or None for name, value in fields.items()}
    return Form(
        email=known_email(session) or fields.get("email", ""),
        address=address(where) if asks_for_address(session) else None,
    )


def problems(form: Form) -> dict[str, str]:
    """Error sentences by field name; empty when the form is valid."""
    found = {}
    if not EMAIL.fullmatch(form.email):
        found["email"] = "Enter your e-mail address, such as you@example.com."
    if form.address is not None and form.address["country"] not in COUNTRIES:
        found["address"] = "Choose a country."
    elif form.address is not None and not form.address["postal_code"]:
        found["address"] = "Enter your postal code."
    return found
