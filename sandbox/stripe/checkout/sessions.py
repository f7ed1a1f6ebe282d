"""Checkout sessions that subscribe. https://docs.stripe.com/api/checkout/sessions

A session's stored facts: its `lines`, the `request` that created it, and what the page stores.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe.account.amending import amend
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.api.http import Endpoint, Params
from sandbox.stripe.api.listing import listing
from sandbox.stripe.billing.periods import DAY
from sandbox.stripe.checkout import lines as checkout_lines
from sandbox.stripe.checkout.lines import Amount, Kept
from sandbox.stripe.checkout.params import CREATE, LIST, check, not_open

EXPIRY_SECONDS: Final = 5
TEXTS: Final = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
# The defaults of a new session.
BLANK: Final[JsonObject] = {
    "adaptive_pricing": {"enabled": False},
    "after_expiration": None,
    "allow_promotion_codes": None,
    "amount_subtotal": None,
    "amount_total": None,
    "billing_address_collection": None,
    "cancel_url": None,
    "client_reference_id": None,
    "client_secret": None,
    "collected_information": None,
    "consent": None,
    "consent_collection": None,
    "currency_conversion": None,
    "custom_fields": [],
    "custom_text": dict.fromkeys(TEXTS),
    "customer_account": None,
    "customer_creation": None,
    "customer_email": None,
    "discounts": [],
    "integration_identifier": None,
    "invoice": None,
    "invoice_creation": None,
    "livemode": False,
    "locale": None,
    "managed_payments": {"enabled": False},
    "metadata": {},
    "origin_context": None,
    "payment_intent": None,
    "payment_link": None,
    "payment_method_collection": "always",
    "payment_method_configuration_details": None,
    "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
    "payment_method_types": ["card"],
    "payment_status": "unpaid",
    "permissions": None,
    "phone_number_collection": {"enabled": False},
    "recovered_from": None,
    "saved_payment_method_options": None,
    "setup_intent": None,
    "shipping_address_collection": None,
    "shipping_cost": None,
    "shipping_options": [],
    "status": "open",
    "submit_type": None,
    "subscription": None,
    "total_details": None,
    "ui_mode": "hosted_page",
    "wallet_options": None,
}
AS_GIVEN: Final = (
    "allow_promotion_codes",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "mode",
    "payment_method_collection",
    "payment_method_types",
    "success_url",
)


def create(peer: Stripe, params: Params) -> JsonObject:
    """Create a session, which is open until it is completed or expires."""
    customer = peer.need("customer", params["customer"], "customer")
    check(params, customer)
    lines = checkout_lines.new_lines(peer, params["line_items"])
    session = peer.store.put(_build(peer, params, customer))
    request = {name: params.get(name, {}) for name in ("customer_update", "subscription_data")}
    peer.store.keep(session["id"], lines=lines, request=request)
    return refresh(peer, session)


def _build(peer: Stripe, params: Params, customer: JsonObject) -> JsonObject:
    session_id = peer.store.new_id("cs_test")
    now = peer.store.now()
    is_taxed, tax_ids = params.get("automatic_tax", {}).get("enabled", False), params.get("tax_id_collection")
    return {
        "id": session_id,
        "object": "checkout.session",
        **BLANK,
        **{name: params[name] for name in AS_GIVEN if name in params},
        "automatic_tax": {
            "enabled": is_taxed,
            "liability": {"type": "self"} if is_taxed else None,
            "provider": "stripe" if is_taxed else None,
            "status": "requires_location_inputs" if is_taxed else None,
        },
        "created": now,
        "currency": "usd",
        "customer": customer["id"],
        "customer_details": details(customer),
        "expires_at": now + DAY,
        "tax_id_collection": tax_ids and {"required": "never", **tax_ids},
        "url": f"{peer.base_url}/checkout/{session_id}",
    }


def details(customer: Mapping[str, Any], **more: Any) -> JsonObject:
    """What a session shows about its customer."""
    names = ("address", "business_name", "email", "individual_name", "name", "phone", "tax_exempt")
    return {**{name: customer[name] for name in names}, "tax_ids": None, **more}


def refresh(peer: Stripe, session: JsonObject) -> JsonObject:
    """Recompute the session's amounts after its discounts changed, and store it."""
    shares = due_today(peer, session)
    session["amount_subtotal"] = sum(share.subtotal for share in shares)
    session["amount_total"] = sum(share.total for share in shares)
    off = sum(share.discount for share in shares)
    session["total_details"] = {"amount_discount": off, "amount_shipping": 0, "amount_tax": 0}
    return peer.store.put(session)


def lines_of(peer: Stripe, session: JsonObject) -> list[Kept]:
    """A session's stored lines."""
    lines: list[Kept] = peer.store.kept(session["id"])["lines"]
    return lines


def request_of(peer: Stripe, session: JsonObject, name: str) -> Kept:
    """A hash from the request that created the session."""
    given: Kept = peer.store.kept(session["id"])["request"][name]
    return given


def due_today(peer: Stripe, session: JsonObject) -> list[Amount]:
    """What each line costs now."""
    coupon = checkout_lines.coupon_of(peer, session)
    return checkout_lines.amounts(lines_of(peer, session), coupon, in_trial=has_trial(peer, session))


def has_trial(peer: Stripe, session: JsonObject) -> bool:
    """Whether the subscription will start with a trial."""
    return "trial_period_days" in request_of(peer, session, "subscription_data")


def current(peer: Stripe, session_id: str) -> JsonObject:
    """A session in its current state: expired if its time is over. Raises StripeError."""
    session = peer.need("checkout.session", session_id)
    is_over = session["status"] == "open" and session["expires_at"] <= peer.store.now()
    return _close(peer, session) if is_over else session


def _close(peer: Stripe, session: JsonObject) -> JsonObject:
    """Expire a session, so that it can't be completed."""
    return amend(peer, session, {"status": "expired", "url": None}, "checkout.session.expired")


def expire_due(peer: Stripe) -> None:
    """Expire all sessions whose time is over."""
    for session in peer.store.select("checkout.session", status="open"):
        current(peer, session["id"])


async def keep_expiring(peer: Stripe) -> None:
    """Keep expiring sessions, even if nobody requests them."""
    while True:
        with peer.store.transaction():
            expire_due(peer)
        await asyncio.sleep(EXPIRY_SECONDS)


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A session."""
    return current(peer, id)


def expire(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Expire an open session now."""
    session = current(peer, id)
    if session["status"] != "open":
        raise not_open(session, "expired")
    return _close(peer, session)


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Sessions that match the filters."""
    expire_due(peer)
    return peer.store.select("checkout.session", **params)


def _line_items(peer: Stripe, session: JsonObject) -> JsonObject:
    items = checkout_lines.as_items(peer, lines_of(peer, session), due_today(peer, session))
    return listing(items, f"/v1/checkout/sessions/{session['id']}/line_items", limit=10)


def _breakdown(peer: Stripe, session: JsonObject) -> JsonObject:
    """All discounts together. There is no tax."""
    return {"discounts": _taken_off(peer, session, session["total_details"]["amount_discount"]), "taxes": []}


def _item_discounts(peer: Stripe, item: JsonObject) -> list[JsonObject]:
    """A line item's discounts."""
    sessions = peer.store.select("checkout.session")
    session = next(each for each in sessions if any(line["id"] == item["id"] for line in lines_of(peer, each)))
    return _taken_off(peer, session, item["amount_discount"])


def _taken_off(peer: Stripe, session: JsonObject, amount: int) -> list[JsonObject]:
    """The discount that takes off the amount: at most one, and none before the session is paid."""
    redeemed = peer.store.select("discount", checkout_session=session["id"])[:1]
    return [{"amount": amount, "discount": discount} for discount in redeemed]


EXPANDERS: Final = {
    ("checkout.session", "line_items"): _line_items,
    ("checkout.session", "total_details.breakdown"): _breakdown,
    ("item", "discounts"): _item_discounts,
}
ROUTES: Final = [
    Endpoint("POST", "/v1/checkout/sessions", create, CREATE),
    Endpoint("GET", "/v1/checkout/sessions", list_all, LIST, is_list=True),
    Endpoint("GET", "/v1/checkout/sessions/{id}", retrieve),
    Endpoint("POST", "/v1/checkout/sessions/{id}/expire", expire),
]
