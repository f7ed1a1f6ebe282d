"""The contact parts of a hosted page: email and billing address."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sandbox.html import Html, tag
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.pages.hosted import Fields

COUNTRIES: Final = {
    "US": "United States",
    "AT": "Austria",
    "AU": "Australia",
    "BE": "Belgium",
    "BR": "Brazil",
    "CA": "Canada",
    "CH": "Switzerland",
    "DE": "Germany",
    "DK": "Denmark",
    "ES": "Spain",
    "FI": "Finland",
    "FR": "France",
    "GB": "United Kingdom",
    "IE": "Ireland",
    "IN": "India",
    "IT": "Italy",
    "JP": "Japan",
    "MX": "Mexico",
    "NL": "Netherlands",
    "NO": "Norway",
    "NZ": "New Zealand",
    "PL": "Poland",
    "PT": "Portugal",
    "SE": "Sweden",
    "SG": "Singapore",
    "ZA": "South Africa",
}


def known_email(session: JsonObject) -> str | None:
    """The email address, if the page doesn't have to ask for it."""
    email: str | None = session["customer_details"]["email"]
    return email


def asks_for_address(session: JsonObject) -> bool:
    """Whether the page asks for the customer's location, which determines the tax."""
    known = session["customer_details"]["address"] or {}
    return bool(session["automatic_tax"]["enabled"] and not known.get("country"))


def email_field(session: JsonObject, fields: Fields, problem: Html | None) -> Html:
    """The known email address, or a field to enter one."""
    known = known_email(session)
    if known:
        contact = tag("div", tag("dt", "E-mail"), tag("dd", known))
        return tag("dl", contact, class_="pay-contact")
    value = fields.get("email", "")
    email = tag(
        "input",
        id="email",
        name="email",
        type="email",
        value=value,
        class_="input",
        autocomplete="email",
        placeholder="you@example.com",
    )
    return tag("div", tag("label", "E-mail", for_="email"), email, problem, class_="field")


def address_fields(session: JsonObject, fields: Fields, problem: Html | None) -> Html | None:
    """The part of the billing address that determines the tax."""
    if not asks_for_address(session):
        return None
    postal = text_field("postal_code", "Postal code", fields, "billing postal-code")
    place = tag("div", select_field("country", "Country", COUNTRIES.items(), fields), postal, class_="pay-pair")
    legend = tag("legend", "Billing address", class_="label")
    return tag("fieldset", legend, problem, place, class_="stack g3")


def text_field(name: str, label: str, fields: Fields, autocomplete: str | None) -> Html:
    """A text field with its label."""
    field = tag(
        "input",
        id=name,
        name=name,
        value=fields.get(name, ""),
        class_="input",
        autocomplete=autocomplete or "off",
        maxlength="200",
    )
    return tag("div", tag("label", label, for_=name), field, class_="field")


def select_field(name: str, label: str, options: Iterable[tuple[str, str]], fields: Fields) -> Html:
    """A select with its label."""
    chosen = fields.get(name, "")
    choices = [tag("option", text, value=value, selected=value == chosen) for value, text in options]
    return tag(
        "div",
        tag("label", label, for_=name),
        tag("select", *choices, id=name, name=name, class_="input"),
        class_="field",
    )
