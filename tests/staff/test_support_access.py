"""Support access: staff see a portal only while an owner allows it, change nothing, and are audited."""

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connections
from django.db.models import BinaryField, Model
from django.urls import URLPattern
from django.utils import timezone

from config.urls import workspace as workspace_urls
from tenants.audit import actor
from tenants.encryption import EncryptedField
from tenants.models import AccountEvent, ActorKind, AuditEvent, Membership, Role, SupportGrant, Tenant, User
from tenants.scope import tenant_scope
from tenants.team import support
from tests.conftest import Cast
from tests.factories import make_member
from tests.staff.people import Person, make_staff, person
from tests.staff.workplace import CANARY, fill

SETTINGS = "/t/acme/settings/support/"


def open_up(cast: Cast, hours: int = 4) -> SupportGrant:
    with tenant_scope(cast.acme.id):
        return support.grant(cast.alice, hours)


def trail(tenant: Tenant) -> list[AuditEvent]:
    with tenant_scope(tenant.id):
        return list(AuditEvent.objects.order_by("at"))


def test_an_owner_lets_support_in_and_ends_it(committed_cast: Cast, alice: Person, staff: Person) -> None:
    assert staff.get("/t/acme/").status_code == 404

    assert alice.post(SETTINGS, hours="4", reason="The channel is silent").status_code == 302
    page = staff.get("/t/acme/").content.decode()
    assert "You see Acme as Roster support until" in page
    shown = alice.get(SETTINGS).content.decode()
    assert "The channel is silent" in shown

    assert alice.post(f"{SETTINGS}end/").status_code == 302
    assert staff.get("/t/acme/").status_code == 404
    actions = [each.action for each in trail(committed_cast.acme)]
    assert actions[-3:] == ["support.granted", "support.viewed", "support.ended"]


@pytest.mark.parametrize("hours", ["1", "4", "24", "72"])
def test_access_lasts_as_long_as_chosen(committed_cast: Cast, alice: Person, hours: str) -> None:
    alice.post(SETTINGS, hours=hours)
    with tenant_scope(committed_cast.acme.id):
        given = SupportGrant.objects.get()
    assert given.expires_at - given.created_at == pytest.approx(timedelta(hours=int(hours)), abs=timedelta(seconds=5))


def test_other_times_are_refused(committed_cast: Cast, alice: Person) -> None:
    answer = alice.post(SETTINGS, hours="1000")
    assert answer.status_code == 422
    with tenant_scope(committed_cast.acme.id):
        assert not SupportGrant.objects.exists()
        with pytest.raises(ValueError, match="choose one of them"):
            support.grant(committed_cast.alice, 1000)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OPERATOR, Role.VIEWER])
def test_only_owners_grant_support_access(committed_cast: Cast, role: Role) -> None:
    member = person(make_member(committed_cast.acme, role))
    member.log_in()
    assert member.get(SETTINGS).status_code == 403
    assert member.post(SETTINGS, hours="4").status_code == 403
    assert member.post(f"{SETTINGS}end/").status_code == 403


def test_expired_access_counts_as_none(committed_cast: Cast, staff: Person) -> None:
    open_up(committed_cast)
    assert staff.get("/t/acme/").status_code == 200
    _set_expired(committed_cast.acme)
    gone, nowhere = staff.get("/t/acme/"), staff.get("/t/nowhere/")
    assert (gone.status_code, nowhere.status_code) == (404, 404)
    assert _without_id(gone) == _without_id(nowhere)


def test_access_to_one_workspace_opens_no_other(committed_cast: Cast, staff: Person) -> None:
    fill(committed_cast.globex, "T0GLOBEX")
    open_up(committed_cast)
    assert staff.get("/t/acme/").status_code == 200
    assert staff.get("/t/globex/").status_code == 404


def test_access_requires_staff_with_a_recent_second_step(committed_cast: Cast, bob: Person) -> None:
    open_up(committed_cast)
    assert bob.get("/t/acme/").status_code == 404
    newcomer = person(_staff_user(committed_cast.outsider))
    newcomer.log_in()
    assert newcomer.get("/t/acme/").status_code == 404


def test_staff_see_conversations_with_access(committed_cast: Cast, staff: Person) -> None:
    work = fill(committed_cast.acme)
    open_up(committed_cast)
    with tenant_scope(committed_cast.acme.id):
        conversation_id = work.event.turn.conversation_id  # type: ignore[union-attr]
    page = staff.get(f"/t/acme/conversations/{conversation_id}/")
    assert CANARY in page.content.decode()


def test_nothing_can_be_written_with_support_access(committed_cast: Cast, staff: Person) -> None:
    work = fill(committed_cast.acme)
    open_up(committed_cast)
    ids = {"agent_id": work.agent.id, "connection_id": work.connection.id}
    before = _everything(committed_cast)
    tried = 0
    for address in _addresses(ids):
        for method in ("post", "put", "patch", "delete"):
            answer = getattr(staff.client, method)(address)
            assert answer.status_code == 403, (method, address, answer.status_code)
            tried += 1
    assert tried >= 40
    assert _everything(committed_cast) == before


def test_each_page_that_staff_open_is_in_the_workspaces_trail(committed_cast: Cast, staff: Person) -> None:
    open_up(committed_cast)
    staff.get("/t/acme/usage/", month="2026-11")
    staff.post("/t/acme/employees/new/", name="Eve")
    staff.get("/t/acme/settings/support/")
    looks = [each for each in trail(committed_cast.acme) if each.action == "support.viewed"]
    assert [str(each.detail) for each in looks] == [
        "GET /t/acme/usage/?month=2026-11", "POST /t/acme/employees/new/", "GET /t/acme/settings/support/",
    ]  # fmt: skip
    assert {(each.actor_kind, each.actor_name, each.ip) for each in looks} == {
        (ActorKind.STAFF.value, "sam@roster.example", "127.0.0.1")
    }
    assert all(each.request_id for each in looks)


def test_members_are_notified_on_every_page(committed_cast: Cast, alice: Person) -> None:
    told = "support may look at this workspace until"
    assert told not in alice.get("/t/acme/").content.decode()
    open_up(committed_cast)
    for page in ("", "employees/", "channels/", "conversations/", "usage/", "settings/members/"):
        assert told in alice.get(f"/t/acme/{page}").content.decode(), page
    viewer = person(make_member(committed_cast.acme, Role.VIEWER))
    viewer.log_in()
    page = viewer.get("/t/acme/").content.decode()
    assert told in page
    assert SETTINGS not in page


def test_staff_who_are_members_stay_members(committed_cast: Cast, staff: Person) -> None:
    Membership.objects.create(tenant=committed_cast.acme, user=staff.user, role=Role.ADMIN)
    open_up(committed_cast)
    page = staff.get("/t/acme/employees/new/")
    assert page.status_code == 200
    assert "You see Acme as Roster support" not in page.content.decode()
    assert "support.viewed" not in [each.action for each in trail(committed_cast.acme)]


def test_the_api_accepts_no_support_session(committed_cast: Cast, staff: Person) -> None:
    open_up(committed_cast)
    answer = staff.client.get("/api/v1/agents/", headers={"Roster-Workspace": "acme"})
    assert answer.status_code == 403


def test_ending_twice_at_once_ends_once(committed_cast: Cast) -> None:
    open_up(committed_cast)
    outcomes = _at_once(lambda: _end(committed_cast), lambda: _end(committed_cast))
    assert sorted(outcomes) == [False, True]
    assert [each.action for each in trail(committed_cast.acme)].count("support.ended") == 1


def test_after_the_end_is_committed_no_request_sees_a_page(committed_cast: Cast) -> None:
    """Staff keep loading a page while the owner ends access: each request started after the end gets a 404."""
    staff = make_staff("race@roster.example")
    open_up(committed_cast)
    ended = threading.Event()

    def look() -> bool:
        late: list[int] = []
        while len(late) < 3:
            is_late = ended.is_set()
            status = staff.get("/t/acme/employees/").status_code
            if is_late:
                late.append(status)
        return late == [404, 404, 404]

    def end() -> bool:
        done = _end(committed_cast)
        ended.set()
        return done

    assert _at_once(look, end) == [True, True]


def test_a_page_of_the_portal_opens_no_staff_connection(committed_cast: Cast, alice: Person) -> None:
    fill(committed_cast.acme)
    open_up(committed_cast)
    connections["staff"].close()
    for page in ("", "employees/", "channels/", "conversations/", "usage/", "settings/support/"):
        assert alice.get(f"/t/acme/{page}").status_code == 200
    assert connections["staff"].connection is None


def _end(cast: Cast) -> bool:
    with actor.acting(actor.person(cast.alice)), tenant_scope(cast.acme.id):
        return support.end()


def _at_once(*verbs: Callable[[], bool]) -> list[bool]:
    outcomes: list[bool] = [False] * len(verbs)

    def run(number: int) -> None:
        try:
            outcomes[number] = verbs[number]()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(verbs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes


def _addresses(ids: Mapping[str, object]) -> list[str]:
    """All of a workspace's URLs, with existing ids where we have them."""
    found = []
    for url in workspace_urls:
        assert isinstance(url, URLPattern)
        names = url.pattern.converters
        unknown = "01900000-0000-7000-8000-000000000000"
        values = {name: ids.get(name, "channel" if name == "step" else unknown) for name in names}
        route = str(url.pattern)
        for name in names:
            kind = type(names[name]).__name__.removesuffix("Converter").lower()
            for spelled in (kind, "str"):
                route = route.replace(f"<{spelled}:{name}>", str(values[name]))
        found.append(f"/t/acme/{route}")
    return found


def _everything(cast: Cast) -> dict[str, str]:
    """The current content of all the apps' tables, as the workspace sees it, except trails."""
    labels = {"tenants", "agents", "channels", "billing", "usage"}
    models = [model for model in apps.get_models() if model._meta.app_label in labels]
    with tenant_scope(cast.acme.id):
        return {
            model.__name__: str(sorted(map(repr, model._default_manager.values_list("pk", *_plain(model)))))
            for model in models
            if model not in {AuditEvent, AccountEvent}
        }


def _plain(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.local_fields if not isinstance(field, EncryptedField | BinaryField)]


def _set_expired(tenant: Tenant) -> None:
    with tenant_scope(tenant.id):
        SupportGrant.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def _staff_user(user: User) -> User:
    user.is_staff = True
    user.save()
    return user


def _without_id(answer: object) -> str:
    body = str(answer.content.decode())  # type: ignore[attr-defined]
    return body.replace(answer.headers["X-Request-ID"], "")  # type: ignore[attr-defined]
