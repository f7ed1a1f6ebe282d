"""What support can do in the admin: find a workspace, see its state, replay, close accounts; all of it audited."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.formats import localize

from channels.models import Delivery, InboxEvent
from tenants import incidents
from tenants.models import AccountEvent, ActorKind, AuditEvent, SupportGrant, Tenant, User
from tenants.scope import tenant_scope
from tenants.team import support
from tenants.wordings import TOLD
from tests.conftest import Cast
from tests.factories import make_tenant
from tests.staff.people import Person, make_staff, person
from tests.staff.workplace import fill

TENANTS, USERS = "/admin/tenants/tenant/", "/admin/tenants/user/"
LIST = "/admin/channels/connection/"
EVENTS, DELIVERIES = "/admin/channels/inboxevent/", "/admin/channels/delivery/"


def in_trail(tenant: Tenant) -> list[AuditEvent]:
    """The entries about staff that this workspace's members see."""
    with tenant_scope(tenant.id):
        return list(AuditEvent.objects.filter(actor_kind=ActorKind.STAFF).order_by("at"))


def in_accounts(action: str) -> list[AccountEvent]:
    return list(AccountEvent.objects.filter(action=action, actor_kind=ActorKind.STAFF).order_by("at"))


@pytest.mark.parametrize("words", ["acme", "Acme", "alice@acme", "T0ACME", "Northwind T0ACME"])
def test_a_workspace_is_found_by_what_customers_know(committed_cast: Cast, staff: Person, words: str) -> None:
    fill(committed_cast.acme, "T0ACME")
    fill(committed_cast.globex, "T0GLOBEX")
    page = staff.get(TENANTS, q=words).content.decode()
    assert str(committed_cast.acme.id) in page
    assert str(committed_cast.globex.id) not in page
    assert str(in_accounts("staff.listed")[-1].detail) == f"tenants: q={words}"


def test_the_list_of_workspaces_shows_each_state(committed_cast: Cast, staff: Person) -> None:
    work = fill(committed_cast.acme, "T0ACME")
    with tenant_scope(committed_cast.acme.id):
        since = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
        InboxEvent.objects.filter(id=work.event.id).update(state=InboxEvent.State.PENDING, received_at=since)
        until = support.grant(committed_cast.alice, 4).expires_at
    page = staff.get(TENANTS, q="acme").content.decode()
    for cell in ("Northwind T0ACME (active)", "Jan. 2, 2026, 3:04 a.m.", "channel_not_found", "5.00", localize(until)):
        assert cell in page


def test_more_workspaces_take_no_more_queries(committed_cast: Cast, staff: Person) -> None:
    fill(committed_cast.acme, "T0ACME")
    few = _queries(staff)
    for number in range(6):
        fill(make_tenant(f"more-{number}"), f"T0MORE{number}")
    assert _queries(staff) == few


def test_a_workspaces_page_shows_the_apps_panels(committed_cast: Cast, staff: Person) -> None:
    fill(committed_cast.acme, "T0ACME")
    page = staff.get(f"{TENANTS}{committed_cast.acme.id}/change/").content.decode()
    for words in (
        "alice@acme.example", "new@acme.example", "Customer support", "T0ACME", "channel_not_found", "Trial credit",
        "gpt-4.1-mini", "Latest in the audit trail", "no owner has let support look",
    ):  # fmt: skip
        assert words in page, words
    assert "Open portal" not in page


def test_the_portal_is_a_link_away_once_an_owner_allows_it(committed_cast: Cast, staff: Person) -> None:
    with tenant_scope(committed_cast.acme.id):
        support.grant(committed_cast.alice, 4)
    page = staff.get(f"{TENANTS}{committed_cast.acme.id}/change/").content.decode()
    assert '<a href="/t/acme/">Open portal</a>' in page
    with tenant_scope(committed_cast.acme.id):
        SupportGrant.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "Open portal" not in staff.get(f"{TENANTS}{committed_cast.acme.id}/change/").content.decode()


def test_members_see_in_their_trail_that_staff_looked(committed_cast: Cast, staff: Person) -> None:
    work = fill(committed_cast.acme, "T0ACME")
    staff.get(f"{TENANTS}{committed_cast.acme.id}/change/")
    staff.get(f"/admin/channels/connection/{work.connection.id}/change/")
    staff.get(f"/admin/channels/connection/{work.connection.id}/history/")
    staff.get(EVENTS, tenant__id__exact=str(committed_cast.acme.id))

    seen = in_trail(committed_cast.acme)
    assert [(each.action, each.target_kind) for each in seen] == [
        ("staff.viewed", "tenant"),
        ("staff.viewed", "connection"),
        ("staff.viewed", "connection"),
        ("staff.listed", ""),
    ]
    assert {(each.actor_name, each.ip, each.user_agent) for each in seen} == {
        ("sam@roster.example", "127.0.0.1", "Firefox of a test")
    }
    assert all(each.request_id for each in seen)
    assert in_trail(committed_cast.globex) == []


def test_looking_at_a_person_is_in_that_accounts_trail(committed_cast: Cast, staff: Person) -> None:
    assert staff.get(f"{USERS}{committed_cast.bob.id}/change/").status_code == 200
    [entry] = in_accounts("staff.viewed")
    assert (entry.account_id, entry.actor_name) == (committed_cast.bob.id, "sam@roster.example")


def test_read_only_fields_cannot_be_changed(committed_cast: Cast, superuser: Person) -> None:
    work = fill(committed_cast.acme, "T0ACME")
    base = f"{LIST}{work.connection.id}/"
    assert superuser.post(f"{base}change/", name="Mine").status_code == 403
    for address in (
        f"{base}delete/",
        f"{LIST}add/",
        "/admin/password_change/",
        "/admin/autocomplete/",
    ):
        assert superuser.get(address).status_code in {302, 404}, address
        assert superuser.post(address).status_code in {302, 404}, address
    with tenant_scope(committed_cast.acme.id):
        work.connection.refresh_from_db()
    assert work.connection.name == "Northwind T0ACME"


@pytest.mark.parametrize("listed", ["events", "deliveries"])
def test_failures_are_replayed_in_their_own_workspace(committed_cast: Cast, staff: Person, listed: str) -> None:
    work, other = fill(committed_cast.acme, "T0ACME"), fill(committed_cast.globex, "T0GLOBEX")
    chosen = [work.event.id] if listed == "events" else [work.delivery.id]
    _act(staff, EVENTS if listed == "events" else DELIVERIES, "replay", chosen)

    with tenant_scope(committed_cast.acme.id):
        assert Delivery.objects.get().state == Delivery.State.PENDING
        assert InboxEvent.objects.get().state == InboxEvent.State.ANSWERED
    with tenant_scope(committed_cast.globex.id):
        assert Delivery.objects.get(id=other.delivery.id).state == Delivery.State.FAILED
    [entry] = in_trail(committed_cast.acme)
    assert (entry.action, entry.actor_name) == ("message.replayed", "sam@roster.example")


def test_replaying_twice_does_it_once(committed_cast: Cast, staff: Person) -> None:
    work = fill(committed_cast.acme, "T0ACME")
    _act(staff, EVENTS, "replay", [work.event.id])
    _act(staff, EVENTS, "replay", [work.event.id])
    assert [each.action for each in in_trail(committed_cast.acme)].count("message.replayed") == 1


def test_a_closed_account_is_logged_out_immediately(committed_cast: Cast, staff: Person, alice: Person) -> None:
    assert alice.get("/t/acme/").status_code == 200
    _act(staff, USERS, "deactivate_accounts", [committed_cast.alice.id])
    assert alice.get("/t/acme/").status_code == 302
    assert not alice.client.session.exists(str(alice.client.session.session_key))
    [entry] = in_accounts("account.deactivated")
    assert (entry.account_id, entry.changes) == (committed_cast.alice.id, {"is_active": [True, False]})

    _act(staff, USERS, "reactivate_accounts", [committed_cast.alice.id])
    alice.log_in()
    assert alice.get("/t/acme/").status_code == 200


def test_support_cannot_close_accounts_of_staff_nor_their_own(committed_cast: Cast, staff: Person) -> None:
    colleague = make_staff("colleague@roster.example")
    _act(staff, USERS, "deactivate_accounts", [colleague.user.id, staff.user.id])
    assert set(User.objects.filter(is_staff=True).values_list("is_active", flat=True)) == {True}
    assert in_accounts("account.deactivated") == []


def test_only_superusers_decide_who_is_staff(committed_cast: Cast, staff: Person, superuser: Person) -> None:
    bobs = f"{USERS}{committed_cast.bob.id}/change/"
    assert staff.post(bobs, is_staff="on").status_code == 403
    assert not User.objects.get(id=committed_cast.bob.id).is_staff

    assert superuser.post(bobs, is_staff="on", email="else@x.example", is_active="").status_code == 302
    bob = User.objects.get(id=committed_cast.bob.id)
    assert (bob.is_staff, bob.is_superuser, bob.is_active, bob.email) == (True, False, True, "bob@globex.example")
    [entry] = in_accounts("staff.changed")
    assert (entry.account_id, entry.changes) == (bob.id, {"is_staff": [False, True]})


def test_superusers_do_not_change_their_own_flags(committed_cast: Cast, superuser: Person) -> None:
    own = f"{USERS}{superuser.user.id}/change/"
    assert superuser.get(own).status_code == 200
    assert superuser.post(own, is_staff="").status_code == 403
    assert User.objects.get(id=superuser.user.id).is_superuser


def test_a_persons_page_shows_sessions_and_second_steps(committed_cast: Cast, staff: Person) -> None:
    person(committed_cast.bob, second_step=True).log_in()
    page = staff.get(f"{USERS}{committed_cast.bob.id}/change/").content.decode()
    for words in ("Globex", "totp", "Firefox of a test", "127.0.0.1"):
        assert words in page


def test_no_change_without_its_audit_entry(
    committed_cast: Cast, superuser: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the audit trail can't be written, nothing is changed either."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no trail")

    monkeypatch.setattr("tenants.staff.rows.note", refuse)
    superuser.client.raise_request_exception = False
    assert superuser.post(f"{USERS}{committed_cast.bob.id}/change/", is_staff="on").status_code == 500
    assert not User.objects.get(id=committed_cast.bob.id).is_staff


def _act(person: Person, address: str, action: str, chosen: Sequence[object]) -> None:
    answer = person.post(address, action=action, _selected_action=[str(each) for each in chosen])
    assert answer.status_code == 302, answer.status_code


def _queries(staff: Person) -> int:
    with CaptureQueriesContext(connections["staff"]) as asked:
        assert staff.get(TENANTS).status_code == 200
    return len(asked)


def test_an_incident_is_found_by_what_it_says(committed_cast: Cast, staff: Person) -> None:
    incidents.report("llm_refused", TOLD(text="OpenAI does not accept the API key."))
    found = staff.get("/admin/tenants/incident/", q="accept the api KEY").content.decode()
    assert "OpenAI does not accept the API key." in found
    assert "does not accept" not in staff.get("/admin/tenants/incident/", q="Anthropic").content.decode()
