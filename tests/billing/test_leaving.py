"""A deleted workspace is no longer charged, and none of its rows stay in dj-stripe's tables."""

import json

import pytest
import stripe as sdk
from django.db import connection, transaction
from djstripe import models as mirror
from djstripe.models import WebhookEndpoint

from billing.catalogue import EMPLOYEE_MONTH
from billing.errors import StripeDownError
from billing.models import Entitlement
from billing.stripe import events, setup
from billing.stripe.events import EVENTS
from billing.subscription import checkout, close_account
from billing.subscription.seats import apply_seats
from billing.sync import event_inbox
from tenants.scope import tenant_scope
from tests.billing.shop import Shop
from tests.conftest import Cast
from tests.sandbox.conftest import Sandbox


def test_the_subscription_ends_at_once_and_the_mirror_goes(shop: Shop) -> None:
    subscription = shop.subscribe(3)
    shop.sync()

    close_account.leave(shop.tenant.id)
    close_account.leave(shop.tenant.id)

    assert shop.api.v1.subscriptions.retrieve(subscription.id).status == "canceled"
    assert not mirror.Customer.objects.filter(id=shop.customer_id).exists()
    assert _mentions(shop.customer_id) == []


def test_while_stripe_is_down_the_deletion_waits(shop: Shop, stripe_process: Sandbox) -> None:
    shop.subscribe(3)
    shop.sync()
    stripe_process.stripe("faults", kind="503", times=9)

    with pytest.raises(StripeDownError):
        close_account.leave(shop.tenant.id)

    stripe_process.stripe("reset")
    assert shop.subscription.status == "active"
    assert mirror.Customer.objects.filter(id=shop.customer_id).exists()


def test_a_missing_subscription_does_not_block_the_deletion(shop: Shop) -> None:
    subscription = shop.subscribe(3)
    shop.sync()
    shop.api.v1.subscriptions.cancel(subscription.id)

    close_account.leave(shop.tenant.id)

    assert not mirror.Customer.objects.filter(id=shop.customer_id).exists()


def test_a_subscription_that_was_never_synced_ends_too(shop: Shop) -> None:
    subscription = shop.subscribe(3)

    close_account.leave(shop.tenant.id)

    assert shop.api.v1.subscriptions.retrieve(subscription.id).status == "canceled"


def test_an_open_checkout_page_can_no_longer_be_paid(stripe_account: sdk.StripeClient, committed_cast: Cast) -> None:
    tenant = committed_cast.acme
    checkout.start(tenant, plan=EMPLOYEE_MONTH, seats=2, return_path="/t/acme/billing/")
    with tenant_scope(tenant.id):
        session = Entitlement.objects.get().checkout_session_id

    close_account.leave(tenant.id)

    assert stripe_account.v1.checkout.sessions.retrieve(session).status == "expired"


def test_cards_and_address_are_deleted_at_stripe_and_invoices_stay(shop: Shop) -> None:
    shop.subscribe(3)
    shop.sync()

    close_account.leave(shop.tenant.id)

    assert shop.api.v1.customers.retrieve(shop.customer_id).deleted
    assert [invoice.status for invoice in shop.invoices()] == ["paid"]


def test_nothing_stays_after_a_long_history_and_nothing_comes_back(shop: Shop) -> None:
    """All events are mirrored as webhooks would; then, after the deletion, sent once more."""
    shop.use_card("pm_card_mastercard")
    subscription = shop.subscribe(3)
    shop.sync()
    apply_seats(shop.tenant, 5, shop.shown())
    apply_seats(shop.tenant, 2, shop.shown())
    [payment] = shop.api.v1.invoice_payments.list({"invoice": shop.invoices()[0].id, "status": "paid"}).data
    shop.api.v1.refunds.create({"payment_intent": str(payment.payment.payment_intent)})
    shop.wait(32)
    take_in_all(shop)
    words = [shop.customer_id, subscription.id, *(str(invoice.id) for invoice in shop.invoices())]
    assert {"djstripe_invoice", "djstripe_charge", "djstripe_paymentmethod", "djstripe_event"} <= set(
        _mentions(shop.customer_id)
    )

    close_account.leave(shop.tenant.id)

    assert [word for word in words if _mentions(word)] == []
    take_in_all(shop)
    assert [word for word in words if _mentions(word)] == []


def take_in_all(shop: Shop) -> None:
    """Process every event the endpoint subscribes to, as if all arrived now."""
    setup.set_up(lambda sentence: None)
    endpoint = WebhookEndpoint.objects.get()
    for event in reversed(shop.api.v1.events.list({"limit": 100}).data):
        if event.type not in EVENTS:
            continue
        body = json.dumps(event.to_dict(for_json=True))
        with transaction.atomic():
            arrival = event_inbox.keep(events.read(body), body, endpoint, "127.0.0.1")
        assert event_inbox.mirror(arrival)
    assert not event_inbox.waiting().exists()


def _mentions(word: str) -> list[str]:
    """dj-stripe's tables that have a row containing this word."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'djstripe%'")
        tables = [name for (name,) in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f'SELECT 1 FROM "{table}" t WHERE t::text LIKE %s LIMIT 1', [f"%{word}%"])  # noqa: S608
            found += [table] if cursor.fetchone() else []
    return found
