"""Budgets under concurrency: never overspent, all meters or none, settled once, in one statement each."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.conftest import Cast
from usage.ledger import meter
from usage.ledger.meter import BudgetExceededError
from usage.models import Hold, Meter

CALL = Decimal("0.25")


def credit(usd: str = "1", key: str = "trial") -> Meter:
    return Meter(key=key, name=key.title(), cap_usd=Decimal(usd))


def at_once(tenant: Tenant, workers: int, act: Callable[[int], bool]) -> list[bool]:
    """What each worker's act brought, all begun together, each in a transaction of its own."""
    gate = Barrier(workers)

    def work(number: int) -> bool:
        try:
            with tenant_scope(tenant.id):
                gate.wait(20)
                return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, range(workers)))


def may_spend(meters: Sequence[Meter], reference: UUID | None = None) -> bool:
    try:
        meter.reserve(meters, reference or uuid4(), CALL)
    except BudgetExceededError:
        return False
    return True


def may_spend_on(key: str, _: int) -> bool:
    return may_spend([credit(key=key)])


def test_of_twelve_calls_at_once_exactly_those_with_room_may_spend(committed_cast: Cast) -> None:
    for _ in range(3):
        key = str(uuid4())
        allowed = at_once(committed_cast.acme, 12, partial(may_spend_on, key))

        assert allowed.count(True) == 4
        with tenant_scope(committed_cast.acme.id):
            kept = Meter.objects.get(key=key)
            assert (kept.reserved_usd, kept.spent_usd, kept.holds.count()) == (Decimal(1), Decimal(0), 4)
            assert kept.refused_usd == CALL


def test_room_that_others_give_back_meanwhile_is_seen(committed_cast: Cast) -> None:
    with tenant_scope(committed_cast.acme.id):
        references = [uuid4() for _ in range(4)]
        assert all(may_spend([credit()], each) for each in references)

    def end_and_begin(number: int) -> bool:
        return meter.settle(references[number], Decimal(0)) and may_spend([credit()])

    assert at_once(committed_cast.acme, 4, end_and_begin) == [True] * 4
    with tenant_scope(committed_cast.acme.id):
        assert Meter.objects.get().reserved_usd == 1


def test_several_meters_hold_all_or_nothing_in_whichever_order_they_are_named(committed_cast: Cast) -> None:
    with tenant_scope(committed_cast.acme.id):
        both = [meter.ensure("wide", "Wide", Decimal(100)), meter.ensure("narrow", "Narrow", Decimal(1))]

    allowed = at_once(committed_cast.acme, 12, lambda number: may_spend(both if number % 2 else both[::-1]))

    assert allowed.count(True) == 4
    with tenant_scope(committed_cast.acme.id):
        assert dict(Meter.objects.values_list("key", "reserved_usd")) == {"wide": 1, "narrow": 1}
        assert (Hold.objects.count(), Hold.objects.values("reference").distinct().count()) == (8, 4)
        assert Meter.objects.get(key="narrow").refused_usd == CALL
        assert Meter.objects.get(key="wide").refused_usd is None, "it had room"


def test_a_call_is_settled_once_on_all_its_meters_however_many_try(committed_cast: Cast) -> None:
    reference = uuid4()
    with tenant_scope(committed_cast.acme.id):
        assert may_spend([credit("5", "one"), credit("5", "two")], reference)

    settled = at_once(committed_cast.acme, 8, lambda _: meter.settle(reference, Decimal("0.1")))

    assert settled.count(True) == 1
    with tenant_scope(committed_cast.acme.id):
        assert set(Meter.objects.values_list("reserved_usd", "spent_usd")) == {(Decimal(0), Decimal("0.1"))}
        assert set(Hold.objects.values_list("state", flat=True)) == {"settled"}


def test_a_meter_without_a_cap_always_has_room(cast: Cast) -> None:
    with tenant_scope(cast.acme.id):
        unlimited = meter.ensure("all", "All", None)
        meter.reserve([unlimited], uuid4(), Decimal(10**6))
        unlimited.refresh_from_db()
        assert unlimited.reserved_usd == 10**6


def test_no_other_workspaces_meter_counts(cast: Cast) -> None:
    with tenant_scope(cast.globex.id):
        assert may_spend([credit("0.25")])
    with tenant_scope(cast.acme.id):
        assert may_spend([credit("0.25")])
        assert not may_spend([credit("0.25")])
        assert Hold.objects.count() == Meter.objects.count() == 1


@pytest.mark.parametrize("meters", [1, 3])
def test_a_reservation_and_its_settlement_are_a_statement_each(cast: Cast, meters: int) -> None:
    with tenant_scope(cast.acme.id):
        kept = [meter.ensure(f"m{number}", "M", Decimal(1)) for number in range(meters)]
        reference = uuid4()
        with CaptureQueriesContext(
            connection,
        ) as asked:
            meter.reserve(kept, reference, CALL)
            assert meter.settle(reference, CALL)
        assert len(asked) == 2
        assert not meter.settle(reference, CALL)
        assert set(Meter.objects.values_list("reserved_usd", "spent_usd")) == {(Decimal(0), CALL)}
