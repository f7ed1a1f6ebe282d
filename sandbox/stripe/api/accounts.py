"""The one account. https://docs.stripe.com/api/accounts/object"""

from __future__ import annotations

from typing import Final

from sandbox.stripe.account.errors import INVALID, StripeError
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.api.http import Endpoint, Params
from sandbox.stripe.api.listing import listing
from sandbox.stripe.api.parameters import address

CREATED: Final = 1735689600
NOTHING_DUE: Final[JsonObject] = {
    "alternatives": [],
    "current_deadline": None,
    "currently_due": [],
    "disabled_reason": None,
    "errors": [],
    "eventually_due": [],
    "past_due": [],
    "pending_verification": [],
}


def retrieve(peer: Stripe, params: Params, id: str = "") -> JsonObject:
    """The account that the key belongs to. Raises StripeError for any other."""
    if id not in ("", peer.account_id):
        message = f"The provided key does not have access to account '{id}' (or that account does not exist)."
        raise StripeError(403, INVALID, message, "account_invalid")
    return {
        "id": peer.account_id,
        "object": "account",
        "business_profile": _business_profile(peer),
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "controller": {"type": "account"},
        "country": "US",
        "created": CREATED,
        "default_currency": "usd",
        "details_submitted": True,
        "email": "sandbox@example.com",
        "external_accounts": listing([], f"/v1/accounts/{peer.account_id}/external_accounts"),
        "future_requirements": NOTHING_DUE,
        "metadata": {},
        "payouts_enabled": True,
        "requirements": NOTHING_DUE,
        "settings": _settings(peer),
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": "standard",
    }


def _business_profile(peer: Stripe) -> JsonObject:
    unknown = ("estimated_worker_count", "mcc", "minority_owned_business_designation", "product_description")
    support = ("support_email", "support_phone", "support_url", "url")
    return {
        **dict.fromkeys((*unknown, *support)),
        "annual_revenue": {"amount": None, "currency": None, "fiscal_year_end": None},
        "name": peer.account.name,
        "support_address": address(None),
    }


def _settings(peer: Stripe) -> JsonObject:
    descriptor = peer.account.name.upper()[:22]
    return {
        "bacs_debit_payments": {"display_name": None, "service_user_number": None},
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_issuing": {"tos_acceptance": {"date": None, "ip": None}},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            "statement_descriptor_prefix": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "dashboard": {"display_name": peer.account.name, "timezone": "Etc/UTC"},
        "invoices": {"default_account_tax_ids": None, "hosted_payment_method_save": "offer"},
        "payments": {
            "statement_descriptor": descriptor,
            "statement_descriptor_kana": None,
            "statement_descriptor_kanji": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "payouts": {
            "debit_negative_balances": True,
            "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    }


ROUTES: Final = [
    Endpoint("GET", "/v1/account", retrieve),
    Endpoint("GET", "/v1/accounts/{id}", retrieve),
]
