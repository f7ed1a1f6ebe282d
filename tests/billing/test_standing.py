"""Every state of a subscription: its badge, its buttons, and who may work. The table of facts-billing's “Access”."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from agents.employees import hiring
from agents.models import Agent
from billing import quota, standing
from billing.models import CompSeats, Entitlement
from tenants.scope import tenant_scope
from tests import factories
from tests.conftest import Cast

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
S = Entitlement.Status

# state: (seats of five paid, works, buttons)
ACCESS = {
    S.NONE: (1, True, {"subscribe"}),
    S.TRIALING: (5, True, {"change_seats", "switch_plan", "update_card", "cancel"}),
    S.ACTIVE: (5, True, {"change_seats", "switch_plan", "update_card", "cancel"}),
    S.PAST_DUE: (5, True, {"update_card", "pay", "cancel"}),
    S.UNPAID: (0, False, {"update_card", "pay", "cancel"}),
    S.INCOMPLETE: (0, False, {"pay", "cancel"}),
    S.INCOMPLETE_EXPIRED: (0, False, {"subscribe"}),
    S.CANCELED: (0, False, {"subscribe"}),
    S.PAUSED: (0, False, {"update_card", "cancel"}),
}


def row(status: str, **fields: Any) -> Entitlement:
    seats = 0 if status == S.NONE else 5
    return Entitlement(tenant_id=uuid4(), status=status, seats=seats, past_due_since=NOW, **fields)


def test_the_table_has_every_state() -> None:
    assert set(ACCESS) == set(S)


@pytest.mark.parametrize("status", list(S))
def test_each_state_has_its_seats_and_its_buttons(status: str) -> None:
    seats, works, buttons = ACCESS[S(status)]

    now = standing.of(row(status), 0, NOW)

    assert (now.seats, now.is_working, set(now.may)) == (seats, works, buttons)
    assert bool(now.reason) is not works


def test_a_paused_subscription_resumes_with_a_card_and_after_an_attempt_by_paying() -> None:
    with_card = standing.of(row(S.PAUSED, payment_method_id="pm_1"), 0, NOW)
    tried = standing.of(row(S.PAUSED, payment_method_id="pm_1", pay_url="https://pay.example/in_1"), 0, NOW)

    assert with_card.may == {"update_card", "resume", "cancel"}
    assert tried.may == {"update_card", "pay", "cancel"}


@pytest.mark.parametrize("status", list(S))
def test_no_state_offers_a_second_subscription(status: str) -> None:
    now = standing.of(row(status), 0, NOW)
    assert not (now.is_live and standing.SUBSCRIBE in now.may)


@pytest.mark.parametrize("status", [S.TRIALING, S.ACTIVE, S.PAST_DUE])
def test_an_ending_subscription_can_be_resumed_but_not_cancelled_again(status: str) -> None:
    now = standing.of(row(status, cancels_at=NOW + timedelta(days=9)), 0, NOW)

    assert standing.RESUME in now.may
    assert not now.may & {standing.CANCEL, standing.CHANGE_SEATS, standing.SWITCH_PLAN}
    assert now.seats == 5, "paid seats stay until the end"


def test_grace_lasts_seven_days_to_the_second() -> None:
    last = standing.of(row(S.PAST_DUE), 0, NOW + timedelta(days=7, seconds=-1))
    over = standing.of(row(S.PAST_DUE), 0, NOW + timedelta(days=7))

    assert (last.seats, last.grace_ends_at) == (5, NOW + timedelta(days=7))
    assert (over.seats, over.is_working) == (0, False)
    assert "update the card under Billing" in str(over.reason)


@pytest.mark.parametrize("status", list(S))
def test_seats_given_by_staff_work_in_every_state(status: str) -> None:
    now = standing.of(row(status), 2, NOW)
    assert (now.seats, now.is_working) == (ACCESS[S(status)][0] + 2, True)


@pytest.mark.parametrize("status", list(S))
def test_every_enforcement_point_obeys(cast: Cast, status: str) -> None:
    """Running, hiring, reactivating and publishing, by the same table."""
    _, works, _ = ACCESS[S(status)]
    with tenant_scope(cast.acme.id):
        maya = factories.make_agent("Maya")
        Entitlement.objects.create(status=status, seats=0 if status == S.NONE else 5, past_due_since=_now())
        assert quota.is_seated(maya.id) is works

        maya.instructions = "Answer in rhymes."
        if works:
            assert hiring.change(maya).revision_number == 2
        else:
            with pytest.raises(quota.NotEntitledError, match="under Billing"):
                hiring.change(maya)
            with pytest.raises(quota.NotEntitledError, match="under Billing"):
                factories.make_agent("Ben")
        hiring.pause(maya)
        if works:
            assert hiring.reactivate(maya).paused_at is None
        else:
            with pytest.raises(quota.NotEntitledError):
                hiring.reactivate(maya)


def test_each_refusal_at_run_time_names_its_own_fix(cast: Cast) -> None:
    with tenant_scope(cast.acme.id):
        Entitlement.objects.create(status=S.ACTIVE, seats=2)
        ada, ben = factories.make_agent("Ada"), factories.make_agent("Ben")
        hiring.pause(ada)
        with pytest.raises(quota.PausedError, match="Ada is paused: reactivate it under AI employees"):
            reserve(ada)
        reserve(ben)
        Entitlement.objects.update(seats=0)
        with pytest.raises(quota.NoSeatError, match="this workspace has 0 seats, all taken"):
            reserve(ben)
        Entitlement.objects.update(status=S.CANCELED)
        with pytest.raises(quota.NotEntitledError, match="subscribe again under Billing"):
            reserve(ben)


def reserve(agent: Agent) -> None:
    quota.reserve(agent.id, agent.name, uuid4(), Decimal("0.01"))


def _now() -> datetime:
    return datetime.now(UTC)


def test_free_seats_expire_by_themselves(cast: Cast) -> None:
    with tenant_scope(cast.acme.id):
        given = CompSeats.objects.create(seats=3, reason="An outage of ours", expires_at=_now() + timedelta(days=1))
        assert quota.seats() == 4
        CompSeats.objects.filter(id=given.id).update(expires_at=_now())
        assert quota.seats() == 1


def test_moving_a_seat_decides_who_works(cast: Cast) -> None:
    with tenant_scope(cast.acme.id):
        Entitlement.objects.create(status=S.ACTIVE, seats=3)
        ada, ben, chloe = (factories.make_agent(name) for name in ("Ada", "Ben", "Chloe"))
        Entitlement.objects.update(seats=1)
        assert [quota.is_seated(each.id) for each in (ada, ben, chloe)] == [True, False, False]

        quota.move_seat(chloe.id, 0)

        assert [quota.is_seated(each.id) for each in (ada, ben, chloe)] == [False, False, True]
        assert quota.who_returns(3) == ("Ada", "Ben")
        assert quota.who_pauses(0) == ("Chloe",)
