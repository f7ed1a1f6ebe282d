"""Tax ids of customers. https://docs.stripe.com/billing/customer/tax-ids

Their form is checked for the types below; another type is refused. As in Stripe's test mode the numbers 000000000,
111111111 and 222222222 after the country decide how the check with the authorities ends.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe.amending import add
from sandbox.stripe.errors import invalid, missing
from sandbox.stripe.events import emit
from sandbox.stripe.forms import Field, Text, one_of
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject

# Of each type the form, and the country when the number does not begin with it.
FORMS: Final = {
    "au_abn": (r"\d{11}", "AU"),
    "br_cnpj": (r"\d{2}\.?\d{3}\.?\d{3}/?\d{4}-?\d{2}", "BR"),
    "ca_bn": (r"\d{9}", "CA"),
    "ca_gst_hst": (r"\d{9}RT\d{4}", "CA"),
    "ch_vat": (r"CHE-?\d{3}\.?\d{3}\.?\d{3} ?(MWST|TVA|IVA)", "CH"),
    "eu_vat": (r"[A-Z]{2}[A-Z0-9]{2,13}", None),
    "gb_vat": (r"GB\d{9}(\d{3})?", "GB"),
    "in_gst": (r"\d{2}[A-Z]{5}\d{4}[A-Z]\w[A-Z]\w", "IN"),
    "jp_trn": (r"T\d{13}", "JP"),
    "mx_rfc": (r"[A-Z&]{3,4}\d{6}\w{3}", "MX"),
    "no_vat": (r"\d{9}MVA", "NO"),
    "nz_gst": (r"\d{8,9}", "NZ"),
    "sg_gst": (r"[A-Z]?\d{7,8}[A-Z]?", "SG"),
    "us_ein": (r"\d{2}-?\d{7}", "US"),
    "za_vat": (r"4\d{9}", "ZA"),
}
EU: Final = (
    "AT, BE, BG, CY, CZ, DE, DK, EE, EL, ES, FI, FR, HR, HU, IE, IT, LT, LU, LV, MT, NL, PL, PT, RO, SE, SI, SK, XI"
)
VERIFIED: Final = frozenset({"eu_vat", "gb_vat", "au_abn"})
STATUSES: Final = {"111111111": "unverified", "222222222": "pending"}
DATA: Final[dict[str, Field]] = {
    "type": one_of(*FORMS, is_required=True),
    "value": Text(is_required=True),
}


def new(peer: Stripe, customer: JsonObject, values: Mapping[str, Any]) -> JsonObject:
    """Store a tax id of a customer. Raises StripeError for a number that has not the form of its type."""
    kind, value = values["type"], values["value"].strip().upper()
    form, country = FORMS[kind]
    if not re.fullmatch(form, value) or (kind == "eu_vat" and value[:2] not in EU.split(", ")):
        raise invalid("value", f"Invalid value for {kind}.", "tax_id_invalid")
    tax_id = {
        "id": peer.store.new_id("txi"),
        "object": "tax_id",
        "country": country or ("GR" if value.startswith("EL") else value[:2]),
        "created": peer.store.now(customer),
        "customer": customer["id"],
        "customer_account": None,
        "livemode": False,
        "owner": {"customer": customer["id"], "customer_account": None, "type": "customer"},
        "type": kind,
        "value": value,
        "verification": _verification(customer, kind, value),
    }
    return add(peer, tax_id, "customer.tax_id.created")


def _verification(customer: JsonObject, kind: str, value: str) -> JsonObject:
    status = STATUSES.get(value[-9:], "verified") if kind in VERIFIED else "unavailable"
    name = customer["name"] if status == "verified" else None
    return {"status": status, "verified_address": None, "verified_name": name}


def create(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Add a tax id to a customer."""
    return new(peer, peer.need("customer", id), params)


def retrieve(peer: Stripe, params: Params, id: str, tax_id: str) -> JsonObject:
    """A tax id of a customer."""
    found = peer.need("tax_id", tax_id)
    if found["customer"] != id:
        raise missing("tax_id", tax_id)
    return found


def list_all(peer: Stripe, params: Params, id: str) -> list[JsonObject]:
    """All tax ids of a customer."""
    return peer.store.select("tax_id", customer=peer.need("customer", id)["id"])


def delete(peer: Stripe, params: Params, id: str, tax_id: str) -> JsonObject:
    """Take a tax id away from a customer."""
    found = retrieve(peer, params, id, tax_id)
    peer.store.remove(tax_id)
    emit(peer, "customer.tax_id.deleted", found)
    return {"id": tax_id, "object": "tax_id", "deleted": True}


ROUTES: Final = [
    Endpoint("POST", "/v1/customers/{id}/tax_ids", create, DATA),
    Endpoint("GET", "/v1/customers/{id}/tax_ids", list_all, is_list=True),
    Endpoint("GET", "/v1/customers/{id}/tax_ids/{tax_id}", retrieve),
    Endpoint("DELETE", "/v1/customers/{id}/tax_ids/{tax_id}", delete),
]
