"""Checkout sessions in the modes subscription and setup. https://docs.stripe.com/api/checkout/sessions

The facts beside a session: its `lines`, the `request` that it was made with, and what the page remembers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from sandbox.stripe import bank_accounts, checkout_lines, setups
from sandbox.stripe.amending import amend
from sandbox.stripe.checkout_lines import Amount, Kept
from sandbox.stripe.checkout_params import CREATE, LIST, LONGEST, UPDATE, check, not_open
from sandbox.stripe.forms import merged, within
from sandbox.stripe.http import Endpoint, Params
from sandbox.stripe.listing import listing
from sandbox.stripe.parameters import filled
from sandbox.stripe.peer import Stripe
from sandbox.stripe.store import JsonObject

EXPIRY_SECONDS: Final = 5
TEXTS: Final = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
# What a session has that nobody has asked for anything.
BLANK: Final[JsonObject] = {
    "adaptive_pricing": {"enabled": False},
    "after_expiration": None,
    "amount_subtotal": None,
    "amount_total": None,
    "client_secret": None,
    "collected_information": None,
    "consent": None,
    "currency_conversion": None,
    "custom_fields": [],
    "customer_account": None,
    "customer_creation": None,
    "discounts": None,
    "integration_identifier": None,
    "invoice": None,
    "invoice_creation": None,
    "livemode": False,
    "managed_payments": {"enabled": False},
    "origin_context": None,
    "payment_intent": None,
    "payment_link": None,
    "payment_method_configuration_details": None,
    "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
    "permissions": None,
    "phone_number_collection": {"enabled": False},
    "recovered_from": None,
    "saved_payment_method_options": None,
    "setup_intent": None,
    "shipping_address_collection": None,
    "shipping_cost": None,
    "shipping_options": [],
    "status": "open",
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
    "customer_email",
    "locale",
    "mode",
    "submit_type",
    "success_url",
)


def create(peer: Stripe, params: Params) -> JsonObject:
    """A session, open until it is completed or expires."""
    customer = peer.needs("customer", params, "customer")
    check(peer, params, customer)
    session = _build(peer, params, customer)
    is_subscription = params["mode"] == "subscription"
    lines = checkout_lines.new_lines(peer, params["line_items"]) if is_subscription else []
    if is_subscription:
        session["discounts"] = checkout_lines.chosen_discounts(peer, params, customer)
        session["currency"] = lines[0]["price"]["currency"]
        if session["currency"] == "usd" and not params.get("payment_method_types"):
            session["payment_method_types"] = ["card", bank_accounts.KIND]
    else:
        session["setup_intent"] = _new_setup(peer, params, session, customer)
    peer.store.put(session)
    peer.store.keep(session["id"], lines=lines, request=_kept_request(params))
    return refresh(peer, session)


def _new_setup(peer: Stripe, params: Params, session: JsonObject, customer: JsonObject | None) -> str:
    values = {**params.get("setup_intent_data", {}), "payment_method_types": session["payment_method_types"]}
    return str(setups.new_intent(peer, values, customer)["id"])


def _kept_request(params: Params) -> Kept:
    names = ("customer_update", "subscription_data")
    return {name: params.get(name, {}) for name in names}


def _build(peer: Stripe, params: Params, customer: JsonObject | None) -> JsonObject:
    session_id = peer.store.new_id("cs_test")
    now = peer.store.now()
    return {
        "id": session_id,
        "object": "checkout.session",
        **BLANK,
        **{name: params.get(name) for name in AS_GIVEN},
        **_settings(params),
        "created": now,
        "customer": customer["id"] if customer else None,
        "customer_creation": None if customer else "always",
        "customer_details": details(customer) if customer else None,
        "expires_at": params.get("expires_at", now + LONGEST),
        "metadata": merged(None, params.get("metadata")),
        "url": f"{peer.base_url}/checkout/{session_id}",
    }


def _settings(params: Params) -> JsonObject:
    """What a request sets, with its defaults."""
    is_subscription = params["mode"] == "subscription"
    consent = params.get("consent_collection")
    tax_ids = params.get("tax_id_collection")
    return {
        "automatic_tax": _automatic_tax(params.get("automatic_tax", {}).get("enabled", False)),
        "consent_collection": consent
        and {"payment_method_reuse_agreement": None, "promotions": "none", "terms_of_service": "none", **consent},
        "currency": params.get("currency"),
        "custom_text": filled(TEXTS, params.get("custom_text")),
        "payment_method_collection": params.get("payment_method_collection", "always") if is_subscription else None,
        "payment_method_types": params.get("payment_method_types") or ["card"],
        "payment_status": "unpaid" if is_subscription else "no_payment_required",
        "tax_id_collection": tax_ids and {"required": "never", **tax_ids},
    }


def _automatic_tax(is_enabled: bool) -> JsonObject:
    return {
        "enabled": is_enabled,
        "liability": {"type": "self"} if is_enabled else None,
        "provider": "stripe" if is_enabled else None,
        "status": "requires_location_inputs" if is_enabled else None,
    }


def details(customer: Mapping[str, Any], **more: Any) -> JsonObject:
    """What a session shows of its customer."""
    names = ("business_name", "email", "individual_name", "name", "phone", "tax_exempt")
    return {"address": customer["address"], **{name: customer[name] for name in names}, "tax_ids": None, **more}


def refresh(peer: Stripe, session: JsonObject) -> JsonObject:
    """Compute the session's amounts again, after a change of quantities or discounts, and store it."""
    if session["mode"] == "subscription":
        shares = due_today(peer, session)
        session["amount_subtotal"] = sum(share.subtotal for share in shares)
        session["amount_total"] = sum(share.total for share in shares)
        off = sum(share.discount for share in shares)
        session["total_details"] = {"amount_discount": off, "amount_shipping": 0, "amount_tax": 0}
    return peer.store.put(session)


def lines_of(peer: Stripe, session: JsonObject) -> list[Kept]:
    """The kept lines of a session."""
    lines: list[Kept] = peer.store.kept(session["id"])["lines"]
    return lines


def request_of(peer: Stripe, session: JsonObject, name: str) -> Kept:
    """A hash of the request that the session was made with."""
    given: Kept = peer.store.kept(session["id"])["request"][name]
    return given


def due_today(peer: Stripe, session: JsonObject) -> list[Amount]:
    """What each line comes to now."""
    coupon = checkout_lines.coupon_of(peer, session)
    return checkout_lines.amounts(peer, lines_of(peer, session), coupon, in_trial=has_trial(peer, session))


def has_trial(peer: Stripe, session: JsonObject) -> bool:
    """Whether the subscription will begin with a trial."""
    return bool({"trial_end", "trial_period_days"} & request_of(peer, session, "subscription_data").keys())


def current(peer: Stripe, session_id: str) -> JsonObject:
    """A session as it is by now: expired when its time is over. Raises StripeError."""
    session = peer.need("checkout.session", session_id)
    is_over = session["status"] == "open" and session["expires_at"] <= peer.store.now()
    return close(peer, session) if is_over else session


def close(peer: Stripe, session: JsonObject) -> JsonObject:
    """Expire a session: nobody can complete it any more."""
    intent = peer.store.find(session["setup_intent"] or "")
    if intent is not None and intent["status"] not in ("succeeded", "canceled"):
        setups.cancel(peer, intent)
    return amend(peer, session, {"status": "expired", "url": None}, "checkout.session.expired")


def expire_due(peer: Stripe) -> None:
    """Expire every session whose time is over."""
    for session in peer.store.select("checkout.session", status="open"):
        current(peer, session["id"])


async def keep_expiring(peer: Stripe) -> None:
    """Expire sessions for ever, whether or not anybody asks for them."""
    while True:
        with peer.store.transaction():
            expire_due(peer)
        await asyncio.sleep(EXPIRY_SECONDS)


def retrieve(peer: Stripe, params: Params, id: str) -> JsonObject:
    """A session."""
    return current(peer, id)


def update(peer: Stripe, params: Params, id: str) -> JsonObject:
    """New metadata."""
    session = current(peer, id)
    values = {"metadata": merged(session["metadata"], params["metadata"])} if "metadata" in params else {}
    return amend(peer, session, values, None)


def expire(peer: Stripe, params: Params, id: str) -> JsonObject:
    """Expire an open session at once."""
    session = current(peer, id)
    if session["status"] != "open":
        raise not_open(session, "expired")
    return close(peer, session)


def list_all(peer: Stripe, params: Params) -> list[JsonObject]:
    """Sessions that pass the filters."""
    expire_due(peer)
    created, email = params.pop("created", None), params.pop("customer_details", {}).get("email")
    found = peer.store.select("checkout.session", **params, **({"customer_details__email": email} if email else {}))
    return [session for session in found if within(created, session["created"])]


def line_items(peer: Stripe, params: Params, id: str) -> list[JsonObject]:
    """The line items of a session."""
    return _items(peer, peer.need("checkout.session", id))


def _items(peer: Stripe, session: JsonObject) -> list[JsonObject]:
    lines = lines_of(peer, session)
    names = {line["price"]["product"]: peer.store.get(line["price"]["product"]).get("name", "") for line in lines}
    return checkout_lines.as_items(lines, due_today(peer, session), names) if lines else []


def _expanded_items(peer: Stripe, session: JsonObject) -> JsonObject:
    return listing(_items(peer, session), f"/v1/checkout/sessions/{session['id']}/line_items", limit=10)


def _breakdown(peer: Stripe, session: JsonObject) -> JsonObject:
    """What is taken off altogether. Nothing is taxed."""
    return {"discounts": _taken_off(peer, session, session["total_details"]["amount_discount"]), "taxes": []}


def _item_discounts(peer: Stripe, item: JsonObject) -> list[JsonObject]:
    """What is taken off a line item."""
    sessions = peer.store.select("checkout.session")
    session = next(each for each in sessions if any(line["id"] == item["id"] for line in lines_of(peer, each)))
    return _taken_off(peer, session, item["amount_discount"])


def _taken_off(peer: Stripe, session: JsonObject, amount: int) -> list[JsonObject]:
    """By which discount; there is one at most, and none before somebody has paid."""
    redeemed = peer.store.select("discount", checkout_session=session["id"])[:1]
    return [{"amount": amount, "discount": discount} for discount in redeemed]


ROUTES: Final = [
    Endpoint("POST", "/v1/checkout/sessions", create, CREATE),
    Endpoint("GET", "/v1/checkout/sessions", list_all, LIST, is_list=True),
    Endpoint("GET", "/v1/checkout/sessions/{id}", retrieve),
    Endpoint("POST", "/v1/checkout/sessions/{id}", update, UPDATE),
    Endpoint("POST", "/v1/checkout/sessions/{id}/expire", expire),
    Endpoint("GET", "/v1/checkout/sessions/{id}/line_items", line_items, is_list=True),
]
EXPANDERS: Final = {
    ("checkout.session", "line_items"): _expanded_items,
    ("checkout.session", "total_details.breakdown"): _breakdown,
    ("item", "discounts"): _item_discounts,
}
