"""The AI employees page: who works and in which order, hiring, pausing, reactivating, moving."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from agents.employees import hiring
from agents.models import Agent
from billing.models import CompSeats, Entitlement, Seat
from tenants.models import AuditEvent, Role, Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.billing.people import Member, colleague, member, words_of
from tests.conftest import Cast

PROFILE = {"name": "Otto", "job_title": "Sales", "instructions": "Sell.", "unavailable_text": "Later."}


@pytest.fixture
def owner(cast: Cast) -> Member:
    return member(cast.alice, cast.acme)


def team(tenant: Tenant, *names: str, seats: int = 0) -> list[Agent]:
    """Hire these, with a channel and a seat each; afterwards set the number of seats, if given."""
    with tenant_scope(tenant.id):
        factories.make_connection("T0TEAM")
        paid = Entitlement.objects.create(status="active", plan="employee_month", seats=len(names))
        hired = [factories.make_agent(name) for name in names]
        if seats:
            Entitlement.objects.filter(id=paid.id).update(seats=seats)
    return hired


def badges(page: str) -> list[str]:
    """The badge next to each name, from top to bottom."""
    words = {"On duty</span>": "on duty", "No seat</span>": "no seat", "Paused</span>": "paused"}
    found = sorted((page.index(word, at), name) for word, name in words.items() for at in _all(page, word))
    return [name for _, name in found]


def _all(page: str, word: str) -> list[int]:
    return [at for at in range(len(page)) if page.startswith(word, at)]


def order(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.id):
        return list(Seat.objects.order_by("position").values_list("holder_name", flat=True))


def deeds(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.id):
        return list(AuditEvent.objects.order_by("at", "id").values_list("action", flat=True))


def test_they_are_listed_in_seat_order_with_their_jobs(owner: Member) -> None:
    _maya, leo, _nora = team(owner.tenant, "Maya", "Leo", "Nora", seats=1)
    with tenant_scope(owner.tenant.id):
        hiring.pause(leo)

    page = owner.read("employees/")

    assert page.index(">Maya<") < page.index(">Nora<") < page.index(">Leo<")
    assert badges(page) == ["on duty", "no seat", "paused"]
    assert "Nora has no seat" in page
    assert "1 of 1 seat taken" in page


def test_pausing_frees_the_seat_for_another_employee(owner: Member) -> None:
    maya, _leo = team(owner.tenant, "Maya", "Leo", seats=1)

    answer = owner.post(f"employees/{maya.id}/pause/")

    assert answer.headers["Location"] == "/t/acme/employees/"
    assert badges(owner.read("employees/")) == ["on duty", "paused"]
    assert order(owner.tenant) == ["Leo"]
    assert deeds(owner.tenant)[-1] == "employee.paused"


def test_the_api_shows_who_is_paused(owner: Member) -> None:
    [maya] = team(owner.tenant, "Maya")
    owner.post(f"employees/{maya.id}/pause/")
    answer = owner.client.get(f"/api/v1/agents/{maya.id}/", headers={"Roster-Workspace": "acme"})
    assert answer.json()["paused_at"]


def test_pausing_twice_is_pausing_once(owner: Member) -> None:
    [maya] = team(owner.tenant, "Maya")

    owner.post(f"employees/{maya.id}/pause/")
    owner.post(f"employees/{maya.id}/pause/")

    assert deeds(owner.tenant).count("employee.paused") == 1


def test_a_reactivated_employee_comes_last(owner: Member) -> None:
    maya, _leo = team(owner.tenant, "Maya", "Leo")
    owner.post(f"employees/{maya.id}/pause/")

    owner.post(f"employees/{maya.id}/reactivate/")

    assert order(owner.tenant) == ["Leo", "Maya"]
    assert badges(owner.read("employees/")) == ["on duty", "on duty"]
    assert deeds(owner.tenant)[-1] == "employee.reactivated"


def test_reactivating_without_a_free_seat_is_refused_with_a_link_to_the_fix(owner: Member) -> None:
    maya, _leo = team(owner.tenant, "Maya", "Leo")
    owner.post(f"employees/{maya.id}/pause/")
    with tenant_scope(owner.tenant.id):
        Entitlement.objects.update(seats=1)

    answer = owner.post(f"employees/{maya.id}/reactivate/")

    assert answer.status_code == 402
    page = words_of(answer)
    assert "No seat is free" in page
    assert "There is no seat for Maya: this workspace has 1 seat, and it is taken." in page
    assert 'href="/t/acme/billing/seats/?seats=2"' in page
    assert badges(owner.read("employees/")) == ["on duty", "paused"]


@pytest.mark.parametrize(
    ("moved", "way", "after"),
    [
        (2, "up", ["Maya", "Nora", "Leo"]),
        (0, "down", ["Leo", "Maya", "Nora"]),
        (0, "up", ["Maya", "Leo", "Nora"]),
        (2, "down", ["Maya", "Leo", "Nora"]),
    ],
)
def test_an_employee_moves_by_one_place(owner: Member, moved: int, way: str, after: list[str]) -> None:
    agent = team(owner.tenant, "Maya", "Leo", "Nora")[moved]

    answer = owner.post(f"employees/{agent.id}/move/", way=way)

    assert answer.headers["Location"] == "/t/acme/employees/"
    assert order(owner.tenant) == after


def test_moving_up_puts_an_employee_without_a_seat_to_work(owner: Member) -> None:
    _maya, leo = team(owner.tenant, "Maya", "Leo", seats=1)

    owner.post(f"employees/{leo.id}/move/", way="up")

    page = owner.read("employees/")
    assert page.index(">Leo<") < page.index(">Maya<")
    assert badges(page) == ["on duty", "no seat"]


def test_moving_a_paused_employee_changes_nothing(owner: Member) -> None:
    _maya, leo = team(owner.tenant, "Maya", "Leo")
    owner.post(f"employees/{leo.id}/pause/")

    owner.post(f"employees/{leo.id}/move/", way="up")

    assert order(owner.tenant) == ["Maya"]


def test_without_a_free_seat_there_is_no_hiring_form(owner: Member) -> None:
    team(owner.tenant, "Maya")

    answer = owner.get("employees/new/")

    assert answer.status_code == 402
    page = words_of(answer)
    assert "No seat is free" in page
    assert 'href="/t/acme/billing/seats/?seats=2&amp;next=%2Ft%2Facme%2Femployees%2Fnew%2F"' in page


def test_typed_text_is_kept_when_the_seat_is_taken_meanwhile(owner: Member) -> None:
    team(owner.tenant, "Maya")

    answer = owner.post("employees/new/", **PROFILE)

    assert answer.status_code == 402
    page = words_of(answer)
    assert "There is no seat for Otto" in page
    assert 'value="Otto"' in page
    with tenant_scope(owner.tenant.id):
        assert Agent.objects.count() == 1


def test_a_free_workspace_is_sent_to_subscribe(owner: Member) -> None:
    with tenant_scope(owner.tenant.id):
        factories.make_agent("Maya")

    page = words_of(owner.get("employees/new/"))

    assert 'href="/t/acme/billing/?next=%2Ft%2Facme%2Femployees%2Fnew%2F">Subscribe</a>' in page


def test_an_operator_is_told_who_may_buy(cast: Cast) -> None:
    with tenant_scope(cast.acme.id):
        factories.make_agent("Maya")

    answer = colleague(cast.acme, Role.OPERATOR).get("employees/new/")

    assert answer.status_code == 402
    assert "Owners and admins of this workspace can do that." in words_of(answer)
    assert "/billing/?next" not in words_of(answer)


def test_without_subscriptions_on_this_installation_no_offer_is_shown(owner: Member, settings: Settings) -> None:
    settings.STRIPE_KEY = ""
    with tenant_scope(owner.tenant.id):
        factories.make_agent("Maya")

    page = words_of(owner.get("employees/new/"))

    assert "and it is taken. Pause or let another AI employee go." in page
    assert "billing" not in page.lower().replace("css/billing.css", "")


def test_free_seats_count(owner: Member) -> None:
    with tenant_scope(owner.tenant.id):
        factories.make_agent("Maya")
        CompSeats.objects.create(seats=1, reason="A beta test", expires_at=timezone.now() + timedelta(days=1))

    assert owner.get("employees/new/").status_code == 200


@pytest.mark.parametrize("deed", ["pause", "reactivate", "move", "let-go"])
def test_a_viewer_sees_the_list_and_changes_nothing(cast: Cast, deed: str) -> None:
    [maya] = team(cast.acme, "Maya")
    viewer = colleague(cast.acme, Role.VIEWER)

    assert f"/employees/{maya.id}/{deed}/" not in viewer.read("employees/")
    assert viewer.post(f"employees/{maya.id}/{deed}/").status_code == 403
