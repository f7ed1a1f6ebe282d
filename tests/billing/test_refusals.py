"""While nobody may work, actions that need a subscription are refused early; reading and ending still work."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from agents.employees import hiring
from agents.models import Agent
from billing.models import CompSeats, Entitlement
from tenants.models import Role, Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.api.conftest import Caller, TokenOf
from tests.api.conftest import token_of as token_of  # noqa: PLC0414 - a fixture
from tests.billing.people import Member, colleague, member, words_of
from tests.conftest import Cast

S = Entitlement.Status
STOPPED = [S.UNPAID, S.INCOMPLETE, S.INCOMPLETE_EXPIRED, S.CANCELED, S.PAUSED]
PROFILE = {"name": "Otto", "job_title": "Sales", "instructions": "Sell.", "unavailable_text": "Later."}


@pytest.fixture
def owner(cast: Cast) -> Member:
    return member(cast.alice, cast.acme)


def employ(tenant: Tenant, status: str, **fields: object) -> tuple[Agent, Agent]:
    """An active and a paused employee, hired before the subscription reached this state."""
    with tenant_scope(tenant.id):
        Entitlement.objects.create(status=S.ACTIVE, plan="employee_month", seats=5)
        works, rests = factories.make_agent("Maya"), hiring.pause(factories.make_agent("Leo"))
        Entitlement.objects.update(status=status, **fields)
    return works, rests


Call = Callable[[Member, Agent, Agent], int]
MAKING_WORK: dict[str, Call] = {
    "hire": lambda who, works, rests: who.post("employees/new/", **PROFILE).status_code,
    "change": lambda who, works, rests: who.post(f"employees/{works.id}/", **PROFILE).status_code,
    "reactivate": lambda who, works, rests: who.post(f"employees/{rests.id}/reactivate/").status_code,
    "begin to hire": lambda who, works, rests: who.get("employees/new/").status_code,
}
GOING_ON: dict[str, Call] = {
    "read": lambda who, works, rests: who.get("employees/").status_code,
    "read one": lambda who, works, rests: who.get(f"employees/{works.id}/").status_code,
    "conversations": lambda who, works, rests: who.get("conversations/").status_code,
    "usage": lambda who, works, rests: who.get("usage/").status_code,
    "billing": lambda who, works, rests: who.get("billing/").status_code,
    "pause": lambda who, works, rests: who.post(f"employees/{works.id}/pause/").status_code,
    "move": lambda who, works, rests: who.post(f"employees/{works.id}/move/", way="up").status_code,
    "let go": lambda who, works, rests: who.post(f"employees/{works.id}/let-go/").status_code,
}


@pytest.mark.parametrize("call", MAKING_WORK)
@pytest.mark.parametrize("status", STOPPED)
def test_putting_employees_to_work_is_refused(owner: Member, status: str, call: str) -> None:
    assert MAKING_WORK[call](owner, *employ(owner.tenant, status)) == 402
    with tenant_scope(owner.tenant.id):
        assert set(Agent.objects.values_list("name", "revision_number")) == {("Maya", 1), ("Leo", 1)}


@pytest.mark.parametrize("call", GOING_ON)
@pytest.mark.parametrize("status", STOPPED)
def test_reading_and_ending_still_work(owner: Member, status: str, call: str) -> None:
    assert GOING_ON[call](owner, *employ(owner.tenant, status)) in {200, 302}


@pytest.mark.parametrize("call", MAKING_WORK)
def test_within_the_grace_everything_works_and_afterwards_it_does_not(owner: Member, call: str) -> None:
    now = timezone.now()
    team = employ(owner.tenant, S.PAST_DUE, past_due_since=now - timedelta(days=7, seconds=1))
    assert MAKING_WORK[call](owner, *team) == 402

    with tenant_scope(owner.tenant.id):
        Entitlement.objects.update(past_due_since=now - timedelta(days=6))
    assert MAKING_WORK[call](owner, *team) in {200, 302}


def test_the_page_says_what_is_missing_and_leads_to_it(owner: Member) -> None:
    _, rests = employ(owner.tenant, S.CANCELED)

    page = words_of(owner.post(f"employees/{rests.id}/reactivate/"))

    assert "AI employees are paused" in page
    assert "The subscription has ended: subscribe again under Billing." in page
    assert 'href="/t/acme/billing/">Subscribe</a>' in page


def test_typed_text_is_not_lost_when_a_payment_is_missing(owner: Member) -> None:
    works, _ = employ(owner.tenant, S.CANCELED)

    for path in (f"employees/{works.id}/", "employees/new/"):
        answer = owner.post(path, **{**PROFILE, "instructions": "Answer in rhymes."})
        page = words_of(answer)
        assert answer.status_code == 402
        assert "Answer in rhymes.</textarea>" in page
        assert "The subscription has ended: subscribe again under Billing." in page
        assert 'href="/t/acme/billing/' in page


def test_members_who_may_not_hire_are_told_that_instead(cast: Cast) -> None:
    employ(cast.acme, S.CANCELED)
    assert colleague(cast.acme, Role.VIEWER).post("employees/new/", **PROFILE).status_code == 403


def test_free_seats_let_employees_work_whatever_is_owed(owner: Member) -> None:
    works, _ = employ(owner.tenant, S.UNPAID)
    with tenant_scope(owner.tenant.id):
        CompSeats.objects.create(seats=2, reason="A mistake of ours", expires_at=timezone.now() + timedelta(days=1))

    assert owner.post(f"employees/{works.id}/", **PROFILE).status_code == 302


@pytest.fixture
def program(cast: Cast, token_of: TokenOf) -> Caller:
    return token_of(cast.acme, Role.OPERATOR)


@pytest.mark.parametrize("status", STOPPED)
def test_the_api_answers_with_a_problem_that_links_to_the_fix(cast: Cast, program: Caller, status: str) -> None:
    works, _ = employ(cast.acme, status)

    for answer in (
        program.post("agents/", PROFILE),
        program.patch(f"agents/{works.id}/", {"name": "Mia"}),
        program.post(f"channels/{works.id}/test"),
    ):
        problem = answer.problem(402)
        assert problem["billing_url"] == "http://testserver/t/acme/billing/"
        assert problem["title"] == "Payment Required"
        assert problem["request_id"]
        assert "under Billing" in problem["detail"]
    assert program.get(f"agents/{works.id}/").status == 200
    assert program.delete(f"agents/{works.id}/").status == 204


def test_the_api_refuses_to_hire_without_a_seat_and_links_to_the_fix(cast: Cast, program: Caller) -> None:
    assert program.post("agents/", PROFILE).status == 201

    problem = program.post("agents/", PROFILE).problem(402)

    assert "There is no seat for Otto: this workspace has 1 seat, and it is taken." in problem["detail"]
    assert problem["billing_url"] == "http://testserver/t/acme/billing/"
    with tenant_scope(cast.acme.id):
        assert Agent.objects.count() == 1


def test_a_key_is_free_again_after_a_refusal(cast: Cast, program: Caller) -> None:
    employ(cast.acme, S.UNPAID)
    key = {"headers": {"Idempotency-Key": "once"}}
    program.call("POST", "agents/", PROFILE, **key).problem(402)

    with tenant_scope(cast.acme.id):
        Entitlement.objects.update(status=S.ACTIVE)
    assert program.call("POST", "agents/", PROFILE, **key).status == 201


@pytest.mark.parametrize("page", ["", "employees/", "channels/", "usage/", "settings/", "onboarding/employee/"])
def test_the_banner_says_on_every_page_what_stops_and_when(owner: Member, page: str) -> None:
    Tenant.objects.filter(id=owner.tenant.id).update(time_zone="Asia/Tokyo")
    employ(owner.tenant, S.PAST_DUE, past_due_since=datetime(2041, 5, 30, 20, tzinfo=UTC))

    text = owner.read(page)

    assert "A payment failed: AI employees stop on 7 June, 05:00 (Asia/Tokyo)" in text
    assert "If it is not paid by then, Maya pauses" in text
    assert 'href="/t/acme/billing/"' in text


@pytest.mark.parametrize("status", STOPPED)
def test_while_nobody_works_every_page_says_so(owner: Member, status: str) -> None:
    employ(owner.tenant, status)

    page = owner.read("employees/")

    assert "AI employees are paused:" in page
    assert "People who write to Maya get the unavailable message." in page
    assert "Nobody is on duty." in page
    assert '<span class="mark-bad">!' in page


@pytest.mark.parametrize("status", [S.NONE, S.TRIALING, S.ACTIVE])
def test_while_payments_are_fine_no_page_mentions_them(owner: Member, status: str) -> None:
    employ(owner.tenant, status)

    page = owner.read("employees/")

    assert "paused:" not in page
    assert "mark-bad" not in page


def test_members_who_may_not_buy_are_told_whom_to_ask(cast: Cast) -> None:
    employ(cast.acme, S.PAST_DUE, past_due_since=timezone.now())
    page = colleague(cast.acme, Role.VIEWER).read("usage/")
    assert "Tell an owner or an admin of this workspace." in page


def test_the_sidebar_shows_seats_and_state(owner: Member) -> None:
    employ(owner.tenant, S.ACTIVE)
    assert "5 seats · Active" in owner.read("")
