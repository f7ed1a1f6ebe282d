"""A customer's billing details in the billing portal, as far as the configuration allows changes."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from sandbox.html import Html, tag
from sandbox.stripe.account.amending import amend
from sandbox.stripe.api.parameters import EMAIL, address
from sandbox.stripe.pages.contact_fields import COUNTRIES, select_field, text_field
from sandbox.stripe.pages.hosted import Fields, alert
from sandbox.stripe.portal.view import Visit, frame, page

TITLE: Final = "Billing details"
PLAIN: Final = {"name": ("Name", "billing name"), "email": ("E-mail", "email"), "phone": ("Phone", "tel")}
STREET: Final = (("line1", "Address"), ("city", "City"), ("state", "State or region"))


def _allowed(visit: Visit) -> list[str]:
    updates: list[str] = visit.configuration["features"]["customer_update"]["allowed_updates"]
    return updates


def ask(visit: Visit, request: Request, fields: Fields) -> Response:
    """A form with the details that may be changed."""
    customer = visit.customer
    known = {**{name: customer[name] for name in PLAIN}, **(customer["address"] or {})}
    return _page(visit, {name: value for name, value in known.items() if value})


def change(visit: Visit, request: Request, fields: Fields) -> Response | str:
    """Save what was entered."""
    allowed = _allowed(visit)
    if "email" in allowed and not EMAIL.fullmatch(fields.get("email", "")):
        return _page(visit, fields, "Enter an e-mail address, such as you@example.com.")
    values: dict[str, Any] = {name: fields.get(name) or None for name in PLAIN if name in allowed}
    if "address" in allowed and fields.get("country") in COUNTRIES:
        values["address"] = address({name: value or None for name, value in fields.items()})
    with visit.peer.store.transaction():
        amend(visit.peer, visit.customer, values, "customer.updated")
    return "details"


def _page(visit: Visit, fields: Fields, problem: str = "") -> Response:
    allowed = _allowed(visit)
    plain = [text_field(name, label, fields, hint) for name, (label, hint) in PLAIN.items() if name in allowed]
    cancel = tag("a", "Cancel", href=visit.address, class_="btn btn-plain")
    form = tag(
        "form",
        alert(problem, id_="problem"),
        *plain,
        *(_address(fields) if "address" in allowed else ()),
        tag("div", cancel, tag("button", "Save", class_="btn btn-primary"), class_="row end actions"),
        method="post",
        action=f"{visit.address}/details",
        class_="card card-pad stack",
    )
    return page(visit, TITLE, frame(visit, TITLE, form), 400 if problem else 200)


def _address(fields: Fields) -> list[Html]:
    street = [text_field(name, label, fields, None) for name, label in STREET]
    country = select_field("country", "Country", COUNTRIES.items(), fields)
    postal = text_field("postal_code", "Postal code", fields, "billing postal-code")
    return [*street, tag("div", country, postal, class_="pay-pair")]
