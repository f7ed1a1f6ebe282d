"""What staff can see and do about a subscription: state, drift, sync again, free seats."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing import quota
from billing.errors import UnknownPriceError
from billing.models import CompSeats, Drift, Entitlement
from tenants.models import AuditEvent
from tenants.scope import tenant_scope
from tenants.wordings import TOLD
from tests.conftest import Cast
from tests.staff.people import Person, make_staff

COMP = "/admin/billing/compseats/"


@pytest.fixture
def staff(committed_cast: Cast) -> Person:
    return make_staff()


def given_until(days: int) -> dict[str, str]:
    until = timezone.now() + timedelta(days=days)
    return {"expires_at_0": f"{until:%Y-%m-%d}", "expires_at_1": f"{until:%H:%M:%S}"}


def test_a_workspaces_page_has_its_subscription_and_drift(committed_cast: Cast, staff: Person) -> None:
    with tenant_scope(committed_cast.acme.id):
        Entitlement.objects.create(status="past_due", seats=7, customer_id="cus_acme", plan="employee_month")
        Drift.objects.create(problem=UnknownPriceError("price_x").reason)

    page = staff.get(f"/admin/tenants/tenant/{committed_cast.acme.id}/change/").content.decode()

    for words in ("past_due", "employee_month", "cus_acme", "price_x", "Free seats"):
        assert words in page, words
    found = staff.get("/admin/tenants/tenant/", q="cus_acme").content.decode()
    assert str(committed_cast.acme.id) in found
    assert str(committed_cast.globex.id) not in found


def test_a_drift_is_found_by_the_price_it_names(committed_cast: Cast, staff: Person) -> None:
    with tenant_scope(committed_cast.acme.id):
        Drift.objects.create(problem=UnknownPriceError("price_x").reason)
        Drift.objects.create(problem=UnknownPriceError("price_y").reason)

    page = staff.get("/admin/billing/drift/", q="price_x").content.decode()

    assert "The price price_x is not one of Roster&#x27;s plans" in page
    assert "price_y" not in page


def test_manual_work_is_closed_and_audited(committed_cast: Cast, staff: Person) -> None:
    with tenant_scope(committed_cast.acme.id):
        drift = Drift.objects.create(
            problem=TOLD(text="in_1 is to be settled by hand"), differences={"double": ["sub_2", ""]}
        )

    staff.post("/admin/billing/drift/", action="settle", _selected_action=str(drift.id))

    with tenant_scope(committed_cast.acme.id):
        assert Drift.objects.get().repaired_at
        entry = AuditEvent.objects.get(action="subscription.drift_settled")
    assert (entry.actor_name, str(entry.detail)) == (staff.user.email, "in_1 is to be settled by hand")


def test_free_seats_have_a_reason_and_an_end_and_the_owner_sees_them(committed_cast: Cast, staff: Person) -> None:
    wanted = {"workspace": "acme", "seats": "3", "reason": "An outage of ours", **given_until(9)}

    answer = staff.post(f"{COMP}add/", **wanted)

    assert answer.status_code == 302, answer.content.decode()[-2000:]
    with tenant_scope(committed_cast.acme.id):
        assert quota.seats() == 4
        [entry] = AuditEvent.objects.filter(action="subscription.comp_seats")
        assert (entry.actor_kind, entry.actor_name, str(entry.detail)) == (
            "staff",
            "sam@roster.example",
            wanted["reason"],
        )
        given = CompSeats.objects.get()
    with tenant_scope(committed_cast.globex.id):
        assert quota.seats() == 1

    ended = staff.post(COMP, action="end_now", _selected_action=str(given.id))

    assert ended.status_code == 302
    with tenant_scope(committed_cast.acme.id):
        assert quota.seats() == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"workspace": "nowhere"}, "no workspace with this address"),
        ({"seats": "0"}, "greater than or equal to 1"),
        ({"seats": "1001"}, "less than or equal to 1000"),
        ({"reason": ""}, "This field is required"),
        (given_until(-1), "That time is in the past"),
    ],
)
def test_bad_input_is_named_and_no_seat_is_given(
    committed_cast: Cast, staff: Person, wrong: dict[str, str], said: str
) -> None:
    wanted = {"workspace": "acme", "seats": "3", "reason": "An outage", **given_until(9), **wrong}

    answer = staff.post(f"{COMP}add/", **wanted)

    assert (answer.status_code, said in answer.content.decode()) == (200, True)
    with tenant_scope(committed_cast.acme.id):
        assert not CompSeats.objects.exists()


def test_staff_cannot_edit_subscriptions(committed_cast: Cast, staff: Person) -> None:
    with tenant_scope(committed_cast.acme.id):
        mine = Entitlement.objects.create(status="active", seats=2)

    assert staff.post(f"/admin/billing/entitlement/{mine.id}/change/", seats="90").status_code == 403
    with tenant_scope(committed_cast.acme.id):
        assert Entitlement.objects.get().seats == 2
