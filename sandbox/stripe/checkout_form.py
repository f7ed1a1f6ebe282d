"""What a person enters on Checkout's page, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.stripe import checkout, tax_ids
from sandbox.stripe.contact_fields import COUNTRIES, asks_for_address, known_email
from sandbox.stripe.hosted import Fields, enumerated
from sandbox.stripe.parameters import EMAIL, address
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject

SECRET: Final = ("number", "expiry", "cvc")  # what the page does not remember


@dataclass(frozen=True)
class Form:
    """Who pays. `address` is None when the page did not ask, `tax_id` is its kind and number."""

    email: str
    name: str | None
    address: JsonObject | None
    business_name: str | None
    tax_id: tuple[str, str] | None

    def billing_details(self) -> dict[str, Any]:
        """For the payment method."""
        where = {"address": self.address} if self.address else {}
        return {"email": self.email or None, "name": self.name, **where}


def read(session: JsonObject, fields: Fields) -> Form:
    """The form as it was sent; `problems` says whether it may be used."""
    kind, number = fields.get("tax_type", ""), fields.get("tax_id", "")
    return Form(
        email=known_email(session) or fields.get("email", ""),
        name=fields.get("name") or None,
        address=_address(fields) if asks_for_address(session) else None,
        business_name=fields.get("business_name") or None,
        tax_id=(kind, number) if number else None,
    )


def _address(fields: Fields) -> JsonObject:
    return address({name: value or None for name, value in fields.items()})


def problems(session: JsonObject, form: Form, fields: Fields) -> dict[str, str]:
    """Sentences by the name of the field that is wrong; empty when all is well."""
    found = {}
    if not EMAIL.fullmatch(form.email):
        found["email"] = "Enter your e-mail address, such as you@example.com."
    if form.address is not None and (problem := _address_problem(session, form, form.address)):
        found["address"] = problem
    if form.tax_id is not None and not form.business_name:
        found["tax_id"] = "Enter the name of your business, too."
    elif form.tax_id is not None and form.tax_id[0] not in tax_ids.FORMS:
        found["tax_id"] = "Choose the kind of your tax id."
    terms = (session["consent_collection"] or {}).get("terms_of_service")
    if terms == "required" and "terms" not in fields:
        found["terms"] = "Agree to the terms to go on."
    return found


def _address_problem(session: JsonObject, form: Form, where: Mapping[str, Any]) -> str:
    if where["country"] not in COUNTRIES:
        return "Choose a country."
    if session["billing_address_collection"] != "required":
        return "" if where["postal_code"] else "Enter your postal code."
    missing = [label for label, value in _required(form, where) if not value]
    return f"Enter your {enumerated(missing)}." if missing else ""


def _required(form: Form, where: Mapping[str, Any]) -> list[tuple[str, Any]]:
    parts = [("address", "line1"), ("city", "city"), ("postal code", "postal_code")]
    return [("name", form.name), *((label, where[key]) for label, key in parts)]


def quantities(peer: Stripe, session: JsonObject, fields: Fields) -> tuple[dict[str, int], str]:
    """New quantities by line, from the numbers typed and a button pressed; and a sentence when one is not allowed."""
    line_id, _, by = fields.get("step", "").partition(":")
    chosen: dict[str, int] = {}
    for line in checkout.lines_of(peer, session):
        if not line["adjustable"]:
            continue
        least, most = max(line["adjustable"]["minimum"], 1), line["adjustable"]["maximum"]
        typed = fields.get(f"quantity-{line['id']}", str(line["quantity"]))
        number = int(typed) if typed.isdecimal() and len(typed) < 8 else 0
        number += int(by) if line_id == line["id"] and by in ("1", "-1") else 0
        if not least <= number <= most:
            return {}, f"Choose a number from {least} to {most}."
        chosen[line["id"]] = number
    return chosen, ""
