"""A workspace that is deleted is charged no more, and nothing of it stays in dj-stripe's tables."""

import pytest
from django.db import connection
from djstripe import models as mirror

from billing import leaving
from billing.errors import StripeDownError
from tests.billing.shop import Shop
from tests.sandbox.conftest import Sandbox


def test_the_subscription_ends_at_once_and_the_mirror_goes(shop: Shop) -> None:
    subscription = shop.subscribe(3)
    shop.sync()

    leaving.leave(shop.tenant.id)
    leaving.leave(shop.tenant.id)

    assert shop.api.v1.subscriptions.retrieve(subscription.id).status == "canceled"
    assert not mirror.Customer.objects.filter(id=shop.customer_id).exists()
    assert _mentions(shop.customer_id) == []


def test_while_stripe_is_away_the_deletion_waits(shop: Shop, stripe_process: Sandbox) -> None:
    shop.subscribe(3)
    shop.sync()
    stripe_process.stripe("faults", kind="503", times=9)

    with pytest.raises(StripeDownError):
        leaving.leave(shop.tenant.id)

    stripe_process.stripe("reset")
    assert shop.subscription.status == "active"
    assert mirror.Customer.objects.filter(id=shop.customer_id).exists()


def test_a_subscription_that_is_gone_stops_no_deletion(shop: Shop) -> None:
    subscription = shop.subscribe(3)
    shop.sync()
    shop.api.v1.subscriptions.cancel(subscription.id)

    leaving.leave(shop.tenant.id)

    assert not mirror.Customer.objects.filter(id=shop.customer_id).exists()


def _mentions(word: str) -> list[str]:
    """dj-stripe's tables in which a row has this word anywhere."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'djstripe%'")
        tables = [name for (name,) in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f'SELECT 1 FROM "{table}" t WHERE t::text LIKE %s LIMIT 1', [f"%{word}%"])  # noqa: S608
            found += [table] if cursor.fetchone() else []
    return found
