"""The parts of a hosted page that ask who pays: e-mail, billing address, tax id."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sandbox.html import Html, tag
from sandbox.stripe import tax_ids
from sandbox.stripe.hosted import Fields
from sandbox.stripe.store import JsonObject

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
FULL: Final = (
    ("line1", "Address", "billing address-line1"),
    ("city", "City", "billing address-level2"),
    ("state", "State or region (optional)", "billing address-level1"),
)


def known_email(session: JsonObject) -> str | None:
    """The address that the page need not ask for."""
    email: str | None = (session["customer_details"] or {}).get("email") or session["customer_email"]
    return email


def asks_for_address(session: JsonObject) -> bool:
    """Whether the page collects a billing address: wanted always, or for the tax when it is not known."""
    known = (session["customer_details"] or {}).get("address") or {}
    is_taxed = session["automatic_tax"]["enabled"] and not known.get("country")
    return bool(session["billing_address_collection"] == "required" or is_taxed)


def email_field(session: JsonObject, fields: Fields, problem: Html | None) -> Html:
    """The contact: as it is known, or a field."""
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
    """The billing address: whole when the session requires it, else what decides the tax."""
    if not asks_for_address(session):
        return None
    asked = FULL if session["billing_address_collection"] == "required" else ()
    name = [text_field("name", "Name", fields, "billing name")] if asked else []
    inner = [text_field(key, label, fields, hint) for key, label, hint in asked]
    postal = text_field("postal_code", "Postal code", fields, "billing postal-code")
    place = tag("div", select_field("country", "Country", COUNTRIES.items(), fields), postal, class_="pay-pair")
    legend = tag("legend", "Billing address", class_="label")
    return tag("fieldset", legend, problem, *name, *inner, place, class_="stack g3")


def tax_id_fields(session: JsonObject, fields: Fields, problem: Html | None) -> Html | None:
    """A business' name and number, folded away until somebody wants it."""
    if not (session["tax_id_collection"] or {}).get("enabled"):
        return None
    kinds = tax_kinds()
    number = text_field("tax_id", "Tax id", fields, None)
    return tag(
        "details",
        tag("summary", "I buy as a business"),
        tag(
            "div",
            text_field("business_name", "Business name", fields, "billing organization"),
            tag("div", select_field("tax_type", "Kind of tax id", kinds, fields), number, class_="pay-pair"),
            problem,
            class_="stack g3",
        ),
        open=bool(problem or fields.get("tax_id") or fields.get("business_name")),
        class_="pay-more stack g3",
    )


def tax_kinds() -> list[tuple[str, str]]:
    """The kinds of tax ids, with words for people."""
    return [(kind, kind.upper().replace("_", " ")) for kind in tax_ids.FORMS]


def text_field(name: str, label: str, fields: Fields, autocomplete: str | None) -> Html:
    """A line of text with its label."""
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
    """A list to choose from, with its label."""
    chosen = fields.get(name, "")
    choices = [tag("option", text, value=value, selected=value == chosen) for value, text in options]
    return tag(
        "div",
        tag("label", label, for_=name),
        tag("select", *choices, id=name, name=name, class_="input"),
        class_="field",
    )
