"""Stripe is the only source of truth, whatever order its events arrive in."""

import json
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice, permutations

import pytest
import stripe as sdk
from djstripe import models as mirror

from billing.catalogue import EMPLOYEE_MONTH, EMPLOYEE_YEAR
from billing.errors import CardDeclinedError, StripeDownError
from billing.models import Drift, Entitlement, Notice, SyncRequest
from billing.stripe import client, events, ids
from billing.stripe.reading import usd
from billing.subscription import cancellation, checkout
from billing.subscription.base import NotOfferedError, StaleError
from billing.subscription.plan import apply_switch, preview_switch
from billing.subscription.seats import apply_seats, preview_seats
from billing.sync import event_inbox, reconcile
from billing.sync.entitlement import request_sync
from billing.sync.mirror import tenant_of
from billing.tasks import sync_subscription
from tenants.models import AuditEvent
from tenants.scope import tenant_scope
from tests.billing.shop import DAY, Shop
from tests.conftest import Cast
from tests.sandbox.conftest import Sandbox
from tests.waiting import eventually

S = Entitlement.Status
SOMETHING_ELSE = "something_else"
EVENTS_SEEN = 500


def drifts(shop: Shop) -> list[Drift]:
    with tenant_scope(shop.tenant.id):
        return list(Drift.objects.order_by("found_at"))


def notices(shop: Shop) -> list[str]:
    with tenant_scope(shop.tenant.id):
        return list(Notice.objects.order_by("requested_at", "id").values_list("kind", flat=True))


def test_a_subscription_is_read_as_stripe_has_it(shop: Shop) -> None:
    shop.subscribe(3, trial_period_days=14)

    current = shop.sync()

    paid = current.entitlement
    assert (current.status, current.seats, current.plan) == (S.TRIALING, 3, EMPLOYEE_MONTH)
    assert (paid.card_brand, paid.card_last4) == ("visa", "4242")
    assert paid.trial_ends_at == paid.period_end == paid.next_invoice_at
    assert paid.next_invoice_usd == 147
    with tenant_scope(shop.tenant.id):
        changes = AuditEvent.objects.filter(action="subscription.changed").latest("id").changes
    assert changes["seats"] == [0, 3]


def price_of_something_else(api: sdk.StripeClient) -> sdk.Price:
    """A price that isn't in the catalog. It is created once per account, since Stripe never deletes prices."""
    found = api.v1.prices.list({"lookup_keys": [SOMETHING_ELSE]}).data
    if found:
        return found[0]
    new: sdk.params.PriceCreateParams = {
        "product_data": {"name": "Something else"},
        "lookup_key": SOMETHING_ELSE,
        "currency": "usd",
        "unit_amount": 100,
        "recurring": {"interval": "month"},
    }
    return api.v1.prices.create(new)


def test_a_second_sync_changes_and_reports_nothing(shop: Shop) -> None:
    shop.subscribe(3)
    first = shop.sync().entitlement
    with tenant_scope(shop.tenant.id):
        entries = AuditEvent.objects.count()

    second = shop.sync().entitlement

    assert (second.seats, second.status, second.period_end) == (first.seats, first.status, first.period_end)
    with tenant_scope(shop.tenant.id):
        assert AuditEvent.objects.count() == entries


def test_another_workspaces_metadata_is_ignored(shop: Shop, committed_cast: Cast) -> None:
    shop.subscribe(4, metadata={"workspace": committed_cast.globex.slug, "tenant": str(committed_cast.globex.id)})
    shop.sync()

    assert tenant_of(shop.customer_id) == committed_cast.acme.id
    with tenant_scope(committed_cast.globex.id):
        assert not Entitlement.objects.exists()


def test_a_foreign_price_leaves_seats_alone_and_blocks_nothing_else(shop: Shop) -> None:
    shop.subscribe(3)
    before = shop.sync().entitlement
    price = price_of_something_else(shop.api)
    item = shop.subscription["items"].data[0]
    shop.api.v1.subscriptions.update(
        before.subscription_id, {"items": [{"id": item.id, "price": price.id, "quantity": 90}]}
    )

    for _ in range(2):
        assert shop.sync().seats == 3
    reconcile.reconcile(shop.tenant.id)

    (found,) = drifts(shop)
    assert price.id in str(found.problem)
    assert found.repaired_at is None
    with pytest.raises(NotOfferedError, match="put one of its plans back"):
        preview_seats(shop.tenant, 4)
    current = cancellation.cancel(shop.tenant)
    assert current.entitlement.cancels_at == current.entitlement.period_end
    assert (cancellation.resume(shop.tenant).entitlement.cancels_at, shop.entitlement.seats) == (None, 3)
    shop.api.v1.subscriptions.update(
        before.subscription_id,
        {"items": [{"id": item.id, "price": ids.price_id(EMPLOYEE_MONTH), "quantity": 4}]},
    )
    assert (shop.sync().seats, shop.entitlement.is_foreign) == (4, False)


def test_a_deleted_customer_leaves_no_entitlement_and_another_can_be_made(shop: Shop) -> None:
    shop.subscribe(3)
    shop.sync()
    shop.api.v1.customers.delete(shop.customer_id)

    current = shop.sync()

    assert (current.status, current.entitlement.customer_id, current.seats) == (S.NONE, "", 1)
    assert checkout.start(shop.tenant, plan=EMPLOYEE_MONTH, seats=2, return_path="/t/acme/billing/")
    assert shop.entitlement.customer_id not in ("", shop.customer_id)


def test_a_new_card_pays_later_if_stripe_was_down(shop: Shop, stripe_process: Sandbox) -> None:
    shop.subscribe(3)
    shop.sync()
    shop.use_card("pm_card_chargeCustomerFail")
    shop.wait(31.5)
    assert shop.sync().status == S.PAST_DUE
    shop.use_card("pm_card_visa")
    stripe_process.stripe("faults", method="POST /v1/invoices/{id}/pay", kind="503", times=2)
    assert shop.sync().status == S.PAST_DUE

    assert shop.sync().status == S.ACTIVE


def test_a_card_chosen_after_the_end_breaks_nothing(shop: Shop) -> None:
    pinned = shop.api.v1.payment_methods.attach("pm_card_mastercard", {"customer": shop.customer_id})
    subscription = shop.subscribe(3, default_payment_method=pinned.id)
    shop.sync()
    shop.api.v1.subscriptions.cancel(subscription.id)
    shop.sync()
    shop.wait(0.1)
    shop.use_card("pm_card_visa")

    for _ in range(2):
        assert shop.sync().status == S.CANCELED
    with tenant_scope(shop.tenant.id):
        assert not SyncRequest.objects.exists()
    assert checkout.start(shop.tenant, plan=EMPLOYEE_MONTH, seats=2, return_path="/t/acme/billing/")


def test_a_subscription_with_a_strange_price_ends_like_any_other(shop: Shop) -> None:
    shop.subscribe(3)
    before = shop.sync().entitlement
    product = shop.api.v1.products.create({"name": "Something else"})
    price = shop.api.v1.prices.create(
        {"product": product.id, "currency": "usd", "unit_amount": 100, "recurring": {"interval": "month"}}
    )
    [item] = shop.subscription["items"].data
    shop.api.v1.subscriptions.update(before.subscription_id, {"items": [{"id": item.id, "price": price.id}]})
    shop.api.v1.subscriptions.cancel(before.subscription_id)

    current = shop.sync()

    assert (current.status, current.seats, set(current.may)) == (S.CANCELED, 0, {"subscribe"})


def test_events_that_arrive_together_need_one_sync(shop: Shop, stripe_process: Sandbox) -> None:
    shop.subscribe(3)
    with tenant_scope(shop.tenant.id):
        for reason in ("customer.subscription.created", "invoice.paid"):
            request_sync(reason)
    stripe_process.stripe("reset")

    for _ in range(3):
        sync_subscription(str(shop.tenant.id))

    calls = stripe_process.http.get("/stripe/control/calls").json()["calls"]
    assert (shop.entitlement.seats, calls["GET /v1/subscriptions"]) == (3, 1)


def test_a_change_that_cannot_be_mirrored_still_applies(shop: Shop, stripe_process: Sandbox) -> None:
    shop.subscribe(3)
    stripe_process.stripe("faults", method="GET /v1/invoices/{id}", kind="500", times=1)

    assert shop.sync().seats == 3

    assert not mirror.Invoice.objects.exists()
    shop.sync()
    assert mirror.Invoice.objects.exists()


def test_while_too_many_wait_for_stripe_the_next_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PATIENCE_SECONDS", 0.01)
    with ExitStack() as others:
        for _ in range(client.TURNS):
            others.enter_context(client.turn())
        with pytest.raises(StripeDownError, match="is slow"):
            shop.sync()
    assert shop.sync().seats == 1


def test_every_order_of_six_events_ends_in_one_state(shop: Shop) -> None:
    """Processes Stripe's own events in many orders, each on an empty row. `ORDERS=all` runs all 720."""
    shop.subscribe(3)
    shop.sync()
    apply_seats(shop.tenant, 5, shop.shown())
    cancellation.cancel(shop.tenant)
    last = shop.sync()
    six = eventually(lambda: _six_of(shop), what="six events about the customer")

    orders = list(permutations(six))
    chosen = orders if os.environ.get("ORDERS") == "all" else orders[:: len(orders) // 12]
    states = [_state_after(shop, order) for order in chosen]

    assert {str(state) for state in states} == {str(_state(last.entitlement))}


def _six_of(shop: Shop) -> list[events.EventNotice]:
    """The customer's newest six events of different types; none while there are fewer."""
    found: dict[str, events.EventNotice] = {}
    for event in islice(shop.api.v1.events.list({"limit": 100}).auto_paging_iter(), EVENTS_SEEN):
        notice = events.read(json.dumps(event.to_dict(for_json=True)))
        if notice.customer_id == shop.customer_id and notice.type in events.EVENTS:
            found.setdefault(notice.type, notice)
        if len(found) == 6:
            return list(found.values())
    return []


def _state_after(shop: Shop, order: Sequence[events.EventNotice]) -> dict[str, object]:
    with tenant_scope(shop.tenant.id):
        Entitlement.objects.update(status=S.NONE, seats=0, subscription_id="", plan="", cancels_at=None)
        for notice in order:
            event_inbox.event_kept.send(sender=events.EventNotice, notice=notice)
        assert SyncRequest.objects.count() == 6
    shop.sync()
    with tenant_scope(shop.tenant.id):
        assert not SyncRequest.objects.exists()
    return _state(shop.entitlement)


def _state(entitlement: Entitlement) -> dict[str, object]:
    left_out = {"clock_ahead", "synced_at"}
    columns = [field.attname for field in Entitlement._meta.concrete_fields if field.attname not in left_out]
    return {column: getattr(entitlement, column) for column in columns}


@pytest.mark.parametrize("days", [-100, -1, 1, 29])
def test_nobody_chooses_the_proration_date(shop: Shop, days: int) -> None:
    """With the period's first moment a whole year would be credited; with its last, seats would be free."""
    shop.subscribe(2, EMPLOYEE_YEAR)
    shop.wait(10)
    shop.sync()
    forged = replace(shop.shown(), at=shop.now() + days * DAY)

    with pytest.raises(StaleError, match="look at the price again"):
        apply_switch(shop.tenant, EMPLOYEE_MONTH, forged)
    with pytest.raises(StaleError):
        apply_seats(shop.tenant, 100, forged)

    current = shop.sync()
    assert (current.plan, current.seats, len(shop.invoices())) == (EMPLOYEE_YEAR, 2, 1)


def test_what_was_shown_before_a_colleagues_change_or_a_renewal_is_not_charged(shop: Shop) -> None:
    """Three yearly seats cost a different amount than fifty, and a full month differs from its last minutes."""
    shop.subscribe(3)
    shop.sync()
    shown = preview_switch(shop.tenant, EMPLOYEE_YEAR).shown
    apply_seats(shop.tenant, 50, preview_seats(shop.tenant, 50).shown)
    with pytest.raises(StaleError, match="has changed since"):
        apply_switch(shop.tenant, EMPLOYEE_YEAR, shown)

    renewal = shop.entitlement.period_end
    assert renewal
    shop.wait((renewal.timestamp() - shop.now() - 60) / DAY)
    shop.sync()
    shown = preview_seats(shop.tenant, 60).shown
    shop.wait(120 / DAY)
    with pytest.raises(StaleError):
        apply_seats(shop.tenant, 60, shown)

    assert (shop.sync().seats, shop.entitlement.plan) == (50, EMPLOYEE_MONTH.lookup_key)


def test_month_to_year_costs_what_the_preview_says(shop: Shop) -> None:
    shop.subscribe(2)
    shop.sync()
    shop.wait(10)
    shop.sync()

    shown = preview_switch(shop.tenant, EMPLOYEE_YEAR)
    current = apply_switch(shop.tenant, EMPLOYEE_YEAR, shown.shown)

    assert current.plan == EMPLOYEE_YEAR
    assert usd(shop.invoices()[0].amount_paid) == shown.due_now_usd > 800
    assert shop.subscription.billing_cycle_anchor == shown.shown.at  # a whole year starts and is billed now


def test_cancel_resume_cancel_and_the_end(shop: Shop) -> None:
    shop.subscribe(3)
    shop.sync()

    ending = cancellation.cancel(shop.tenant)
    assert (ending.status, ending.seats) == (S.ACTIVE, 3)
    assert ending.entitlement.cancels_at == ending.entitlement.period_end
    with pytest.raises(NotOfferedError, match="You cannot cancel now"):
        cancellation.cancel(shop.tenant)
    assert cancellation.resume(shop.tenant).entitlement.cancels_at is None
    apply_seats(shop.tenant, 1, shop.shown())
    cancellation.cancel(shop.tenant)
    shop.wait(32)
    over = shop.sync()

    assert (over.status, over.seats, set(over.may)) == (S.CANCELED, 0, {"subscribe"})
    assert notices(shop) == [Notice.Kind.CANCELED]


def test_a_cancellation_by_date_from_stripes_portal_is_shown_and_can_be_undone(shop: Shop) -> None:
    subscription = shop.subscribe(3)
    end = subscription["items"].data[0].current_period_end
    shop.api.v1.subscriptions.update(subscription.id, {"cancel_at": end})

    ending = shop.sync()
    assert ending.entitlement.cancels_at == ending.entitlement.period_end
    assert ending.entitlement.next_invoice_usd is None
    assert "resume" in ending.may

    assert cancellation.resume(shop.tenant).entitlement.cancels_at is None
    assert shop.subscription.cancel_at is None


def test_a_failed_renewal_is_grace_then_pause_then_paid_again(shop: Shop) -> None:
    shop.subscribe(3)
    shop.sync()
    shop.use_card("pm_card_chargeCustomerFail")
    shop.wait(31.5)

    due = shop.sync()
    assert (due.status, due.seats) == (S.PAST_DUE, 3)
    assert due.entitlement.pay_url.startswith("http")
    assert Notice.Kind.PAYMENT_FAILED in notices(shop)
    shop.wait(7)
    over = shop.sync()
    assert (over.seats, over.is_working) == (0, False)

    shop.use_card("pm_card_visa")
    shop.api.v1.invoices.pay(shop.invoices()[0].id)
    back = shop.sync()
    assert (back.status, back.seats, back.entitlement.pay_url) == (S.ACTIVE, 3, "")


def test_a_new_card_takes_over_from_the_one_of_checkout_and_pays_what_is_owed(shop: Shop) -> None:
    shop.api.v1.customers.update(shop.customer_id, {"invoice_settings": {"default_payment_method": ""}})
    pinned = shop.api.v1.payment_methods.attach("pm_card_mastercard", {"customer": shop.customer_id})
    subscription = shop.subscribe(3, default_payment_method=pinned.id)
    shop.sync()
    bad = shop.api.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": shop.customer_id})
    shop.api.v1.subscriptions.update(subscription.id, {"default_payment_method": bad.id})
    shop.sync()
    shop.wait(31.5)
    assert shop.sync().status == S.PAST_DUE

    shop.use_card("pm_card_visa")
    back = shop.sync()

    assert (back.status, back.entitlement.card_brand, back.entitlement.card_last4) == (S.ACTIVE, "visa", "4242")
    assert shop.subscription.default_payment_method == back.entitlement.payment_method_id


def test_a_trial_without_a_card_pauses_and_sends_one_mail(shop: Shop, mailoutbox: list[object]) -> None:
    end: sdk.params.SubscriptionCreateParamsTrialSettings = {"end_behavior": {"missing_payment_method": "pause"}}
    shop.api.v1.customers.update(shop.customer_id, {"invoice_settings": {"default_payment_method": ""}})
    for method in shop.api.v1.customers.payment_methods.list(shop.customer_id).data:
        shop.api.v1.payment_methods.detach(method.id)
    shop.subscribe(2, trial_period_days=14, trial_settings=end)
    shop.sync()
    assert notices(shop) == []

    shop.wait(11.5)
    shop.sync()
    shop.sync()
    assert notices(shop) == [Notice.Kind.TRIAL_ENDING]
    assert len(mailoutbox) == 1

    shop.wait(4)
    assert (shop.sync().status, set(shop.sync().may)) == (S.PAUSED, {"update_card", "cancel"})


def paused(shop: Shop) -> Shop:
    """A trial that ended without a card."""
    end: sdk.params.SubscriptionCreateParamsTrialSettings = {"end_behavior": {"missing_payment_method": "pause"}}
    shop.subscribe(2, trial_period_days=14, trial_settings=end)
    shop.wait(15)
    assert shop.sync().status == S.PAUSED
    return shop


@pytest.fixture
def cardless(stripe_account: sdk.StripeClient, committed_cast: Cast) -> Shop:
    return Shop(stripe_account, committed_cast.acme).open(card="")


def test_a_pause_ends_with_a_card_and_what_it_pays(cardless: Shop) -> None:
    shop = paused(cardless)
    with pytest.raises(NotOfferedError, match="You cannot resume now"):
        cancellation.resume(shop.tenant)
    shop.use_card("pm_card_visa")
    assert "resume" in shop.sync().may

    current = cancellation.resume(shop.tenant)

    assert (current.status, current.seats) == (S.ACTIVE, 2)
    assert shop.invoices()[0].amount_paid == 9800


def test_a_bad_card_during_a_pause_is_reported_and_a_good_one_ends_it(cardless: Shop) -> None:
    shop = paused(cardless)
    shop.use_card("pm_card_chargeCustomerFail")
    shop.sync()

    with pytest.raises(CardDeclinedError):
        cancellation.resume(shop.tenant)

    current = shop.sync()
    assert {"pay", "update_card"} <= current.may
    shop.use_card("pm_card_visa")
    assert (shop.sync().status, shop.sync().seats) == (S.ACTIVE, 2)


def test_a_resumption_started_without_a_card_is_paid_by_the_first_card(cardless: Shop) -> None:
    shop = paused(cardless)
    shop.api.v1.subscriptions.resume(shop.entitlement.subscription_id, {"billing_cycle_anchor": "now"})
    shop.sync()

    shop.use_card("pm_card_visa")

    assert (shop.sync().status, shop.sync().seats) == (S.ACTIVE, 2)


def test_a_bank_that_requires_confirmation_sends_a_different_mail_than_a_decline(shop: Shop) -> None:
    shop.subscribe(3)
    shop.sync()
    shop.use_card("pm_card_authenticationRequired")
    shop.wait(31.5)

    current = shop.sync()

    assert current.status == S.PAST_DUE
    assert notices(shop) == [Notice.Kind.ACTION_REQUIRED]


def test_drift_planted_in_three_ways_is_found_and_repaired(shop: Shop) -> None:
    shop.subscribe(3)
    shop.sync()
    plants: list[dict[str, object]] = [
        {"seats": 30},
        {"status": S.CANCELED, "plan": ""},
        {"subscription_id": "sub_of_nobody", "period_end": None},
    ]
    for planted in plants:
        with tenant_scope(shop.tenant.id):
            Entitlement.objects.update(**planted)

        found = reconcile.reconcile(shop.tenant.id)

        assert set(found) == set(planted)
        assert (shop.entitlement.status, shop.entitlement.seats) == (S.ACTIVE, 3)
    assert [set(each.differences) for each in drifts(shop)] == [set(planted) for planted in plants]
    assert reconcile.reconcile(shop.tenant.id) == {}
    assert shop.tenant.id in reconcile.customers()
