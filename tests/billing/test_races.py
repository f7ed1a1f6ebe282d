"""Simultaneous requests end with one subscription and the right number of seats, whichever comes first."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from urllib.parse import urlsplit

import stripe as sdk
from django.db import connections

from billing.catalogue import EMPLOYEE_MONTH
from billing.errors import BillingError
from billing.models import Entitlement
from billing.subscription import cancellation, checkout, customers
from billing.subscription.base import StaleError
from billing.subscription.seats import apply_seats
from billing.sync import entitlement
from tests.billing.shop import Shop
from tests.conftest import Cast

S = Entitlement.Status


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each call returned, or our error that it raised."""
    gate = Barrier(len(acts))

    def play(act: Callable[[], Any]) -> Any:
        gate.wait(10)
        try:
            return act()
        except BillingError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(play, acts))


def test_two_first_checkouts_at_once_are_one_customer_and_one_open_page(
    stripe_account: sdk.StripeClient, committed_cast: Cast
) -> None:
    tenant = committed_cast.acme

    urls = at_once(
        *(
            lambda: checkout.start(tenant, plan=EMPLOYEE_MONTH, seats=2, return_path="/t/acme/billing/")
            for _ in range(2)
        )
    )

    assert all(urlsplit(url).scheme in ("http", "https") for url in urls)
    shop = Shop(stripe_account, tenant)
    found = stripe_account.v1.checkout.sessions.list({"customer": shop.entitlement.customer_id}).data
    assert sorted(str(each.status) for each in found) == ["expired", "open"]


def test_two_browsers_create_one_customer(stripe_account: sdk.StripeClient, committed_cast: Cast) -> None:
    ids = at_once(*(lambda: customers.ensure(committed_cast.acme) for _ in range(4)))
    assert len(set(ids)) == 1


def test_two_seat_changes_at_once_end_as_one_of_them(shop: Shop) -> None:
    shop.subscribe(2)
    shop.sync()

    shown = shop.shown()

    ended = at_once(*(lambda seats=seats: apply_seats(shop.tenant, seats, shown).seats for seats in (4, 6)))

    current = shop.sync()
    items = shop.subscription["items"].data
    assert current.seats == sum(item.quantity or 0 for item in items)
    assert current.seats in {4, 6}
    assert [type(each) for each in ended if each != current.seats] == [StaleError]  # its amount is outdated
    assert sum(invoice.amount_remaining for invoice in shop.invoices()) == 0


def test_a_sync_during_a_cancel_ends_as_stripe_has_it(shop: Shop) -> None:
    shop.subscribe(2)
    shop.sync()

    at_once(lambda: cancellation.cancel(shop.tenant), *(lambda: entitlement.sync(shop.tenant.id) for _ in range(3)))

    current = shop.sync()
    assert shop.subscription.cancel_at_period_end
    assert current.entitlement.cancels_at == current.entitlement.period_end


def test_two_subscriptions_started_at_once_leave_one(shop: Shop) -> None:
    at_once(*(lambda: shop.subscribe(3) for _ in range(2)))

    at_once(*(shop.sync for _ in range(2)))

    found = shop.api.v1.subscriptions.list({"customer": shop.customer_id, "status": "all"}).data
    assert sorted(each.status for each in found) == ["active", "canceled"]
    assert shop.sync().seats == 3
