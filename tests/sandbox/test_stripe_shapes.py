"""Every resource of the sandbox Stripe has the keys and types of Stripe's own example; and the check can fail."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import stripe as sdk
from stripe import StripeClient

from tests.sandbox.conftest import Sandbox
from tests.sandbox.stripe_office import DAY, Office, open_office
from tests.sandbox.stripe_shapes import ShapeJudge

ADDRESS: Any = {"line1": "Ring 1", "postal_code": "10115", "city": "Berlin", "country": "DE"}
URLS: Any = {"success_url": "http://127.0.0.1:9/done", "cancel_url": "http://127.0.0.1:9/"}
# Everything that any call or event returns.
RETURNED = {
    *("account", "balance_transaction", "billing_portal.configuration", "billing_portal.session", "charge"),
    *("checkout.session", "coupon", "customer", "deleted_customer", "deleted_product", "deleted_webhook_endpoint"),
    *("discount", "event", "invoice", "invoice_payment", "invoiceitem", "item", "line_item", "payment_intent"),
    *("payment_method", "plan", "price", "product", "promotion_code", "refund", "subscription", "subscription_item"),
    *("subscription_schedule", "test_helpers.test_clock", "webhook_endpoint"),
}


@pytest.fixture(scope="module")
def answers(sandbox: Sandbox, stripe: StripeClient) -> list[Any]:
    """At least one answer of each kind, as sparse and as full as possible."""
    office = open_office(stripe)
    made = [*_catalog(stripe), *_customers(stripe), *_payments(stripe, office), *_billing(office), *_pages(office)]
    return [*made, *_events(stripe, office.clock), stripe.v1.accounts.retrieve_current()]


def _events(stripe: StripeClient, first: str) -> Iterator[Any]:
    """Pages of events, back to the first object's event."""
    wanted: Any = {"limit": 100}
    while True:
        page = stripe.v1.events.list(wanted)
        yield page
        if any(getattr(event.data.object, "id", "") == first for event in page.data):
            return
        wanted["starting_after"] = page.data[-1].id


def _catalog(stripe: StripeClient) -> list[Any]:
    full: Any = {"description": "d", "unit_label": "seat", "tax_code": "txcd_10103001", "metadata": {"a": "b"}}
    product = stripe.v1.products.create(full | {"name": "p"})
    common: Any = {"product": product.id, "currency": "usd", "recurring": {"interval": "month"}}
    monthly = stripe.v1.prices.create(common | {"unit_amount": 4900, "expand": ["product"]})
    percent = stripe.v1.coupons.create({"percent_off": 12.5, "duration": "repeating", "duration_in_months": 2})
    amount = stripe.v1.coupons.create({"amount_off": 100, "currency": "usd"})
    promotion: Any = {"type": "coupon", "coupon": percent.id}
    code = stripe.v1.promotion_codes.create({"promotion": promotion, "expand": ["promotion.coupon"]})
    bare = stripe.v1.products.create({"name": "bare"})
    return [product, monthly, stripe.v1.prices.list(), percent, amount, code, bare, stripe.v1.products.delete(bare.id)]


def _customers(stripe: StripeClient) -> list[Any]:
    bare = stripe.v1.customers.create()
    full = stripe.v1.customers.create(
        {
            "name": "Ada",
            "address": ADDRESS,
            "payment_method": "pm_card_visa",
            "invoice_settings": {"default_payment_method": "pm_card_visa"},
            "expand": ["invoice_settings.default_payment_method", "sources"],
        }
    )
    methods = stripe.v1.customers.payment_methods.list(full.id)
    detached = stripe.v1.payment_methods.detach(methods.data[0].id)
    hook = stripe.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/", "enabled_events": ["price.created"]})
    gone = [stripe.v1.customers.delete(bare.id), stripe.v1.webhook_endpoints.delete(hook.id)]
    return [bare, full, methods, detached, hook, *gone]


def _payments(stripe: StripeClient, office: Office) -> list[Any]:
    """A refunded payment, a declined one, and one that needs 3-D Secure."""
    paid = _intent(office, office.subscribe())
    refund = stripe.v1.refunds.create({"payment_intent": paid.id, "expand": ["charge", "balance_transaction"]})
    found = [paid, refund, stripe.v1.charges.retrieve(str(paid.latest_charge), {"expand": ["balance_transaction"]})]
    for card in ("pm_card_chargeCustomerFail", "pm_card_authenticationRequired"):
        office.pays_with(card)
        sub = office.subscribe()
        found += [_intent(office, sub), stripe.v1.invoice_payments.list({"invoice": str(sub.latest_invoice)})]
    office.pays_with("pm_card_visa")
    return found


def _intent(office: Office, sub: sdk.Subscription) -> sdk.PaymentIntent:
    payments = office.stripe.v1.invoice_payments.list({"invoice": str(sub.latest_invoice)})
    intent = str(payments.data[0].payment.payment_intent)
    return office.stripe.v1.payment_intents.retrieve(intent)


def _billing(office: Office) -> list[Any]:
    """A subscription with every option set, its invoices, a preview, and a schedule."""
    api = office.stripe.v1
    coupon = api.coupons.create({"percent_off": 12.5, "duration": "repeating", "duration_in_months": 3})
    sub = office.subscribe(2, discounts=[{"coupon": coupon.id}], automatic_tax={"enabled": True}, metadata={"a": "b"})
    office.wait(DAY)
    office.change(sub, 3)
    office.change(sub, 4, proration_behavior="always_invoice")
    office.update(sub, pause_collection={"behavior": "void"})
    trial = office.subscribe(trial_period_days=9)
    expand: Any = ["discounts", "latest_invoice.discounts", "schedule", "test_clock"]
    return [
        api.subscriptions.retrieve(sub.id, {"expand": expand}),
        office.preview(sub),
        trial,
        api.subscription_schedules.create({"from_subscription": trial.id}),
        api.invoices.list({"subscription": sub.id}),
        api.subscriptions.list({"customer": office.customer.id}),
        api.subscriptions.cancel(sub.id),
        api.test_helpers.test_clocks.retrieve(office.clock),
    ]


def _pages(office: Office) -> list[Any]:
    """Checkout and portal sessions as the product requests them."""
    api, customer = office.stripe.v1, office.customer.id
    asked: Any = {
        "mode": "subscription",
        "customer": customer,
        "client_reference_id": "acme",
        "line_items": [{"price": office.monthly.id, "quantity": 3}],
        "payment_method_types": ["card"],
        "subscription_data": {
            "metadata": {"a": "b"},
            "trial_period_days": 14,
            "trial_settings": {"end_behavior": {"missing_payment_method": "pause"}},
        },
        "payment_method_collection": "if_required",
        "allow_promotion_codes": True,
        "tax_id_collection": {"enabled": True},
        "customer_update": {"name": "auto", "address": "auto"},
        "billing_address_collection": "auto",
        "automatic_tax": {"enabled": True},
        **URLS,
    }
    made = api.checkout.sessions.create(asked)
    features: Any = {"payment_method_update": {"enabled": True}, "subscription_update": {"enabled": False}}
    portal = api.billing_portal.configurations.create({"features": features, "metadata": {"a": "b"}})
    flow: Any = {
        "type": "payment_method_update",
        "after_completion": {"type": "redirect", "redirect": {"return_url": URLS["success_url"]}},
    }
    session: Any = {"customer": customer, "configuration": portal.id, "return_url": URLS["cancel_url"]}
    return [
        api.checkout.sessions.retrieve(made.id, {"expand": ["line_items", "total_details.breakdown", "customer"]}),
        api.checkout.sessions.list({"customer": customer}),
        api.checkout.sessions.expire(made.id),
        portal,
        api.billing_portal.sessions.create(session),
        api.billing_portal.sessions.create(session | {"flow_data": flow}),
    ]


def test_every_resource_has_stripes_keys_and_types(answers: list[Any], judge: ShapeJudge) -> None:
    verdict = judge.verdict(*answers)
    print(  # noqa: T201 - what the test is for
        f"{len(verdict.judged)} resources: keys missing {len(verdict.missing)}, types wrong {len(verdict.wrong)}, "
        f"keys unknown {len(verdict.unknown)}"
    )
    assert verdict.is_good, verdict
    assert verdict.judged == RETURNED, verdict.judged ^ RETURNED


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
def test_the_check_finds_broken_objects(
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
