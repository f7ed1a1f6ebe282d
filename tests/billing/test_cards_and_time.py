"""Every card and period in facts-billing, as a workspace sees it: state, seats, mails, links."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import stripe as sdk

from billing.errors import CardDeclinedError
from billing.models import Entitlement, Notice
from billing.subscription import cancellation
from billing.subscription.seats import apply_seats
from tenants.scope import tenant_scope
from tests.billing.shop import Shop
from tests.conftest import Cast
from tests.sandbox.conftest import Sandbox

S, Kind = Entitlement.Status, Notice.Kind
HOUR = 1 / 24
FAILING = "pm_card_chargeCustomerFail"
ASKS_ONCE = "pm_card_authenticationRequiredOnSetup"
ASKS_ALWAYS = "pm_card_authenticationRequired"


def mails(shop: Shop) -> list[str]:
    with tenant_scope(shop.tenant.id):
        return list(Notice.objects.order_by("requested_at", "id").values_list("kind", flat=True))


def confirm(shop: Shop, sandbox: Sandbox) -> None:
    """The customer completes 3-D Secure on the newest open invoice's page."""
    invoice = next(each for each in shop.invoices() if each.status == "open")
    payments = shop.api.v1.invoice_payments.list({"invoice": str(invoice.id)}).data
    sandbox.stripe("authenticate", intent=str(payments[-1].payment.payment_intent))


@pytest.fixture
def cardless(stripe_account: sdk.StripeClient, committed_cast: Cast) -> Shop:
    """Acme without a card."""
    return Shop(stripe_account, committed_cast.acme).open(card="")


def test_4242_pays(shop: Shop) -> None:
    shop.subscribe(3)
    current = shop.sync()
    assert (current.status, current.seats, mails(shop)) == (S.ACTIVE, 3, [])


def test_0002_is_not_even_saved_and_nothing_changes(shop: Shop) -> None:
    shop.subscribe(3)
    before = shop.sync().entitlement

    with pytest.raises(sdk.CardError, match="declined"):
        shop.use_card("pm_card_chargeDeclined")

    after = shop.sync().entitlement
    assert (after.status, after.payment_method_id) == (S.ACTIVE, before.payment_method_id)


def test_0341_is_saved_and_the_subscription_is_past_due_after_the_trial(cardless: Shop) -> None:
    cardless.use_card(FAILING)
    cardless.subscribe(3, trial_period_days=14)
    assert cardless.sync().status == S.TRIALING

    cardless.wait(14.1)
    current = cardless.sync()

    assert (current.status, current.seats, current.is_working) == (S.PAST_DUE, 3, True)
    assert {"pay", "update_card"} <= current.may
    assert Kind.PAYMENT_FAILED in mails(cardless)


def test_3155_asks_once_and_renews_automatically(cardless: Shop, stripe_process: Sandbox) -> None:
    cardless.use_card(ASKS_ONCE)
    cardless.subscribe(3)
    assert (cardless.sync().status, mails(cardless)) == (S.INCOMPLETE, [Kind.ACTION_REQUIRED])

    confirm(cardless, stripe_process)

    current = cardless.sync()
    assert (current.status, current.seats, current.entitlement.pay_url) == (S.ACTIVE, 3, "")


def test_3184_asks_at_each_payment_including_more_seats(cardless: Shop, stripe_process: Sandbox) -> None:
    cardless.use_card(ASKS_ALWAYS)
    cardless.subscribe(3)
    cardless.sync()
    confirm(cardless, stripe_process)
    assert cardless.sync().seats == 3

    with pytest.raises(CardDeclinedError, match=r"To confirm it with your bank.* open http.* within 23 hours"):
        apply_seats(cardless.tenant, 5, cardless.shown())
    assert cardless.sync().seats == 3
    confirm(cardless, stripe_process)

    assert cardless.sync().seats == 5


def test_3184_without_confirmation_leaves_the_seats_unchanged(cardless: Shop, stripe_process: Sandbox) -> None:
    cardless.use_card(ASKS_ALWAYS)
    cardless.subscribe(3)
    cardless.sync()
    confirm(cardless, stripe_process)
    cardless.sync()
    with pytest.raises(CardDeclinedError):
        apply_seats(cardless.tenant, 5, cardless.shown())

    cardless.wait(1)

    current = cardless.sync()
    assert (current.status, current.seats) == (S.ACTIVE, 3)
    assert cardless.subscription.pending_update is None


def test_a_trial_with_a_card_becomes_paid(shop: Shop) -> None:
    shop.subscribe(3, trial_period_days=14)
    shop.sync()
    shop.wait(14.1)
    current = shop.sync()
    assert (current.status, current.seats, mails(shop)) == (S.ACTIVE, 3, [])
    assert shop.invoices()[0].amount_paid == 3 * 4900


@pytest.mark.parametrize(
    ("ending", "status", "seats"),
    [("pause", S.PAUSED, 0), ("cancel", S.CANCELED, 0), ("create_invoice", S.PAST_DUE, 3)],
)
def test_a_trial_without_a_card_ends_as_configured(cardless: Shop, ending: str, status: str, seats: int) -> None:
    settings = {"end_behavior": {"missing_payment_method": ending}}
    cardless.subscribe(3, trial_period_days=14, trial_settings=settings)
    cardless.sync()
    cardless.wait(14.1)
    current = cardless.sync()
    assert (current.status, current.seats) == (status, seats)


def test_an_unfinished_payment_expires_after_23_hours_and_can_be_restarted(cardless: Shop) -> None:
    cardless.use_card(FAILING)
    cardless.subscribe(3)
    assert (cardless.sync().status, cardless.sync().seats) == (S.INCOMPLETE, 0)
    cardless.wait(22 * HOUR)
    assert cardless.sync().status == S.INCOMPLETE
    cardless.wait(1.1 * HOUR)

    current = cardless.sync()

    assert (current.status, set(current.may), current.entitlement.pay_url) == (S.INCOMPLETE_EXPIRED, {"subscribe"}, "")


def test_a_renewal_advances_the_period_and_charges_the_card(shop: Shop) -> None:
    shop.subscribe(3)
    first = shop.sync().entitlement
    shop.wait(31.5)
    second = shop.sync().entitlement
    assert (second.status, second.period_start, second.seats) == (S.ACTIVE, first.period_end, 3)
    assert [invoice.amount_paid for invoice in shop.invoices()] == [3 * 4900] * 2


@pytest.fixture
def dunning(stripe_process: Sandbox) -> Iterator[Callable[[str], object]]:
    """Sets what happens to a subscription after the last failed retry, which is an account setting."""
    yield lambda ending: stripe_process.stripe("settings", ending=ending)
    stripe_process.stripe("settings", ending="cancel")


def test_dunning_ends_in_a_cancellation_and_a_mail(shop: Shop) -> None:
    shop.subscribe(3)
    shop.sync()
    shop.use_card(FAILING)
    shop.wait(31.5)
    shop.sync()
    shop.wait(20)

    current = shop.sync()

    assert (current.status, current.seats, set(current.may)) == (S.CANCELED, 0, {"subscribe"})
    assert mails(shop) == [Kind.PAYMENT_FAILED, Kind.CANCELED]


def test_dunning_ends_unpaid_and_a_new_card_pays_everything_due(shop: Shop, dunning: Callable[[str], object]) -> None:
    """The following months' invoices stay drafts and are not collected."""
    dunning("unpaid")
    shop.subscribe(3)
    shop.sync()
    shop.use_card(FAILING)
    shop.wait(31.5)
    shop.sync()
    shop.wait(31)  # two months in a row may have 31 days each
    current = shop.sync()
    assert (current.status, current.seats, {"pay", "update_card"} <= current.may) == (S.UNPAID, 0, True)
    assert current.entitlement.pay_url
    assert [invoice.status for invoice in shop.invoices()] == ["draft", "open", "paid"]

    shop.use_card("pm_card_visa")

    back = shop.sync()
    assert (back.status, back.seats, back.entitlement.pay_url) == (S.ACTIVE, 3, "")
    assert [invoice.status for invoice in shop.invoices()] == ["paid"] * 3


def test_an_older_card_that_is_made_the_default_again_pays_what_is_owed(shop: Shop) -> None:
    """As in Stripe's portal, where people choose among their saved cards."""
    older = shop.sync().entitlement.payment_method_id
    shop.subscribe(3, default_payment_method=older)
    shop.sync()
    shop.use_card("pm_card_chargeCustomerFail")
    shop.sync()
    assert shop.subscription.default_payment_method != older
    shop.wait(31.5)
    assert shop.sync().status == S.PAST_DUE

    shop.api.v1.customers.update(shop.customer_id, {"invoice_settings": {"default_payment_method": older}})
    back = shop.sync()

    assert (back.status, back.entitlement.payment_method_id) == (S.ACTIVE, older)
    assert shop.subscription.default_payment_method == older
    assert shop.sync().entitlement.payment_method_id == older


def test_grace_does_not_restart_with_the_next_month(shop: Shop, dunning: Callable[[str], object]) -> None:
    dunning("past_due")
    shop.subscribe(3)
    shop.sync()
    shop.use_card(FAILING)
    shop.wait(31.5)
    first = shop.sync().entitlement.past_due_since

    shop.wait(31)

    current = shop.sync()
    assert [invoice.status for invoice in shop.invoices()] == ["open", "open", "paid"]
    assert (current.status, current.seats, current.entitlement.past_due_since) == (S.PAST_DUE, 0, first)


def test_cancelled_at_the_period_s_end_works_until_then_and_no_longer(shop: Shop) -> None:
    shop.subscribe(3)
    shop.sync()
    ends = cancellation.cancel(shop.tenant).entitlement.cancels_at
    shop.wait(27)
    assert shop.sync().seats == 3
    shop.wait(5)
    over = shop.sync()
    assert ends
    assert (over.status, over.seats) == (S.CANCELED, 0)
    assert over.entitlement.ended_at
    assert abs(over.entitlement.ended_at - ends) < timedelta(minutes=1)


def test_a_cancellation_undone_before_the_end_renews(shop: Shop) -> None:
    shop.subscribe(3)
    shop.sync()
    cancellation.cancel(shop.tenant)
    cancellation.resume(shop.tenant)
    shop.wait(31.5)
    current = shop.sync()
    assert (current.status, current.seats) == (S.ACTIVE, 3)
