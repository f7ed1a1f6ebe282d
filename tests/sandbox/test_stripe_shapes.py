"""Every resource of the sandbox Stripe has the keys and types of Stripe's own example; and the judge can fail."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import stripe as sdk
from stripe import StripeClient

from tests.sandbox.conftest import Sandbox
from tests.sandbox.stripe_shapes import ShapeJudge

ADDRESS: Any = {"line1": "Ring 1", "postal_code": "10115", "city": "Berlin", "country": "DE"}
# Everything that a payment alone leaves behind, its cards, its catalog and its customer.
CORE = {
    *("account", "balance_transaction", "charge", "coupon", "customer", "customer_balance_transaction"),
    *("deleted_coupon", "deleted_customer", "deleted_product", "deleted_tax_id", "dispute", "event", "payment_intent"),
    *(
        "payment_method",
        "plan",
        "price",
        "product",
        "promotion_code",
        "refund",
        "setup_attempt",
        "setup_intent",
        "tax_id",
    ),
}


@pytest.fixture(scope="module")
def answers(sandbox: Sandbox, stripe: StripeClient) -> list[Any]:
    """At least one answer of each kind, as sparse and as full as it can be."""
    return [*_catalog(stripe), *_customer(stripe), *_payments(sandbox, stripe)]


def _catalog(stripe: StripeClient) -> list[Any]:
    full: Any = {
        "description": "d",
        "images": ["https://x/y.png"],
        "marketing_features": [{"name": "f"}],
        "unit_label": "seat",
    }
    product = stripe.v1.products.create(full | {"name": "p", "metadata": {"a": "b"}})
    common: Any = {"product": product.id, "currency": "usd", "expand": ["product"]}
    monthly = stripe.v1.prices.create(common | {"unit_amount": 4900, "recurring": {"interval": "month"}})
    once = stripe.v1.prices.create(common | {"unit_amount_decimal": "0.5"})
    percent = stripe.v1.coupons.create({"percent_off": 12.5, "duration": "repeating", "duration_in_months": 2})
    amount = stripe.v1.coupons.create({"amount_off": 100, "currency": "usd", "max_redemptions": 1})
    code = stripe.v1.promotion_codes.create(
        {
            "promotion": {"type": "coupon", "coupon": percent.id},
            "restrictions": {"minimum_amount": 100, "minimum_amount_currency": "usd"},
            "expires_at": 4102444800,
            "expand": ["promotion.coupon"],
        }
    )
    bare = stripe.v1.products.create({"name": "bare"})
    gone = [stripe.v1.coupons.delete(amount.id), stripe.v1.products.delete(bare.id)]
    return [product, monthly, once, percent, amount, code, bare, *gone, stripe.v1.plans.retrieve(monthly.id)]


def _customer(stripe: StripeClient) -> list[Any]:
    bare = stripe.v1.customers.create()
    full = stripe.v1.customers.create(
        {
            "name": "Ada",
            "address": ADDRESS,
            "shipping": {"name": "Ada", "address": ADDRESS},
            "balance": -100,
            "payment_method": "pm_card_visa",
            "invoice_settings": {
                "default_payment_method": "pm_card_visa",
                "custom_fields": [{"name": "PO", "value": "1"}],
                "rendering_options": {"amount_tax_display": "exclude_tax"},
            },
            "tax_id_data": [{"type": "eu_vat", "value": "DE123456789"}],
            "expand": ["tax", "tax_ids", "subscriptions", "invoice_settings.default_payment_method"],
        }
    )
    tax_id = stripe.v1.customers.tax_ids.create(bare.id, {"type": "us_ein", "value": "12-3456789"})
    gone = [stripe.v1.customers.tax_ids.delete(bare.id, tax_id.id), stripe.v1.customers.delete(bare.id)]
    balance = stripe.v1.customers.balance_transactions.list(full.id)
    return [bare, full, tax_id, *gone, balance, stripe.v1.accounts.retrieve_current()]


def _payments(sandbox: Sandbox, stripe: StripeClient) -> list[Any]:
    ada = stripe.v1.customers.create({"email": "ada@example.com"})
    common: Any = {"amount": 1000, "currency": "usd", "confirm": True, "expand": ["latest_charge.balance_transaction"]}
    paid = stripe.v1.payment_intents.create(common | {"payment_method": "pm_card_visa", "customer": ada.id})
    refund = stripe.v1.refunds.create(
        {"payment_intent": paid.id, "amount": 1, "expand": ["charge", "balance_transaction"]}
    )
    disputed = stripe.v1.payment_intents.create(common | {"payment_method": "pm_card_createDispute"})
    with pytest.raises(sdk.CardError) as declined:
        stripe.v1.payment_intents.create(common | {"payment_method": "pm_card_chargeDeclined"})
    waiting = stripe.v1.payment_intents.create(common | {"payment_method": "pm_card_authenticationRequired"})
    saved = stripe.v1.setup_intents.create(
        {"customer": ada.id, "payment_method": "pm_card_authenticationRequired", "confirm": True}
    )
    sandbox.stripe("authenticate", intent=saved.id)
    with pytest.raises(sdk.CardError) as unsaved:
        stripe.v1.setup_intents.create({"payment_method": "pm_card_chargeDeclined", "confirm": True})
    bodies: list[Any] = [declined.value.json_body, unsaved.value.json_body]
    errors = [bodies[0]["error"]["payment_intent"], bodies[1]["error"]["setup_intent"]]
    disputes = stripe.v1.disputes.list({"payment_intent": disputed.id})
    done = stripe.v1.setup_intents.retrieve(saved.id, {"expand": ["latest_attempt", "payment_method"]})
    return [paid, refund, disputed, disputes, waiting, saved, done, *errors, stripe.v1.events.list({"limit": 100})]


def test_every_resource_has_stripes_keys_and_types(answers: list[Any], judge: ShapeJudge) -> None:
    verdict = judge.verdict(*answers)
    print(  # noqa: T201 - what the test is for
        f"{len(verdict.judged)} resources: keys missing {len(verdict.missing)}, types wrong {len(verdict.wrong)}, "
        f"keys unknown {len(verdict.unknown)}"
    )
    assert verdict.is_good, verdict
    assert verdict.judged >= CORE, CORE - verdict.judged


SPOILED: list[tuple[str, Any, str]] = [
    ("default_price", "a key is taken away", "missing"),
    ("active", "yes", "wrong"),
    ("active", None, "wrong"),
    ("created", "1234567890", "wrong"),
    ("created", 1.5, "wrong"),
    ("images", {}, "wrong"),
    ("images", [1], "wrong"),
    ("type", "virtue", "wrong"),
    ("metadata", {"a": 1}, "wrong"),
    ("colour", "red", "unknown"),
]


@pytest.mark.parametrize(("key", "value", "finding"), SPOILED)
def test_the_judge_finds_what_is_spoiled(
    stripe: StripeClient, judge: ShapeJudge, key: str, value: Any, finding: str
) -> None:
    product = stripe.v1.products.create({"name": "p"}).to_dict()
    if finding == "missing":
        del product[key]
    else:
        product[key] = value
    verdict = judge.verdict(product)
    assert getattr(verdict, finding), verdict
    assert key in str(verdict)


def test_the_judge_looks_into_hashes_lists_and_events(stripe: StripeClient, judge: ShapeJudge) -> None:
    customer = stripe.v1.customers.create({"payment_method": "pm_card_visa", "address": ADDRESS})
    method = stripe.v1.customers.payment_methods.list(customer.id).to_dict()
    event = stripe.v1.events.list({"type": "customer.created", "limit": 1}).data[0].to_dict()
    spoiled = [copy.deepcopy(item) for item in (customer.to_dict(), method, event)]
    del spoiled[0]["address"]["line2"]
    spoiled[1]["data"][0]["card"]["checks"]["cvc_check"] = 1
    del spoiled[2]["data"]["object"]["invoice_settings"]["footer"]
    verdict = judge.verdict(*spoiled)
    assert verdict.missing == ["customer.address.line2", "event.data.object.invoice_settings.footer"]
    assert {finding.split(":")[0] for finding in verdict.wrong} == {"list.data.payment_method.card.checks.cvc_check"}
