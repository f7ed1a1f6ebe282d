"""A workspace's settings: its name and URL, and what depends on them."""

import threading
from collections.abc import Callable
from typing import Any, cast

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import HttpResponse

from tenants.models import AuditEvent, FormerSlug, Role, Tenant
from tenants.scope import tenant_scope
from tenants.team import profile, workspaces
from tests import factories
from tests.conftest import Cast
from tests.data.conftest import Person, Shop, person, words

SAME = {"name": "Acme", "slug": "acme", "time_zone": "UTC", "language": "en", "contact_email": ""}


def change(tenant: Tenant, **fields: str) -> Tenant:
    with tenant_scope(tenant.id):
        found = Tenant.objects.get(id=tenant.id)
        for name, value in fields.items():
            setattr(found, name, value)
        return profile.change(found)


def test_an_admin_changes_them_and_the_trail_has_the_old_values(shop: Shop, hire: Callable[[Role], Person]) -> None:
    admin = hire(Role.ADMIN)
    page = words(admin.get("settings/"))
    assert "Old links keep working" in page
    assert "Past days do not change" in page
    assert "The portal is in English" in page
    new = {"name": "Acme Ltd", "time_zone": "Europe/Rome", "language": "it", "contact_email": "office@acme.example"}
    assert admin.post("settings/", **{**SAME, **new}).status_code == 302
    kept = Tenant.objects.get(id=shop.tenant.id)
    assert {name: getattr(kept, name) for name in new} == new
    with tenant_scope(shop.tenant.id):
        entry = AuditEvent.objects.get(action="workspace.settings_changed")
    assert entry.changes["name"] == ["Acme", "Acme Ltd"]
    assert entry.changes["language"] == ["en", "it"]
    assert "slug" not in entry.changes


def test_saving_the_same_values_changes_nothing(shop: Shop, alice: Person) -> None:
    alice.post("settings/", **SAME)
    with tenant_scope(shop.tenant.id):
        assert not AuditEvent.objects.filter(action="workspace.settings_changed").exists()


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
def test_others_may_not(shop: Shop, hire: Callable[[Role], Person], role: Role) -> None:
    assert hire(role).get("settings/").status_code == 403
    assert hire(role).post("settings/", **{**SAME, "name": "Mine"}).status_code == 403


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("slug", "globex", "belongs to another workspace"),
        ("slug", "admin", "is reserved"),
        ("slug", "not a slug", "Enter a valid"),
        ("name", "", "This field is required"),
        ("time_zone", "Mars/Base", "Select a valid choice"),
        ("language", "tlh", "Select a valid choice"),
        ("contact_email", "nobody", "An e-mail address needs something before and after an @"),
    ],
)
def test_invalid_values_are_reported_next_to_their_fields(
    shop: Shop, alice: Person, field: str, value: str, problem: str
) -> None:
    answer = alice.post("settings/", **{**SAME, field: value})
    assert answer.status_code == 422
    assert problem in words(answer)
    assert Tenant.objects.get(id=shop.tenant.id).slug == "acme"


def test_an_old_url_redirects(shop: Shop, alice: Person) -> None:
    assert alice.post("settings/", **{**SAME, "slug": "acme-ltd"})["Location"] == "/t/acme-ltd/settings/"
    moved = alice.client.get("/t/acme/employees/?q=1")
    assert (moved.status_code, moved["Location"]) == (302, "/t/acme-ltd/employees/?q=1")
    posted = alice.client.post("/t/acme/settings/", {**SAME, "slug": "acme-ltd", "name": "New"})
    assert (posted.status_code, posted["Location"]) == (307, "/t/acme-ltd/settings/")
    assert Tenant.objects.get(id=shop.tenant.id).name == "Acme"


def test_for_strangers_an_old_url_does_not_exist(shop: Shop, committed_cast: Cast) -> None:
    change(shop.tenant, slug="acme-ltd")
    stranger = person(committed_cast.outsider, shop.tenant).client
    old, unknown = (cast("HttpResponse", stranger.get(f"/t/{slug}/")) for slug in ("acme", "never-was"))
    assert (old.status_code, unknown.status_code) == (404, 404)
    assert words(old).split("equest id:")[0] == words(unknown).split("equest id:")[0]
    assert shop.client.get("/t/acme/")["Location"].startswith("/accounts/login/")


def test_the_api_accepts_an_old_url_too(shop: Shop, alice: Person, committed_cast: Cast) -> None:
    change(shop.tenant, slug="acme-ltd")
    for slug in ("acme", "acme-ltd"):
        answer = alice.client.get("/api/v1/agents", headers={"Roster-Workspace": slug})
        assert [each["name"] for each in answer.json()["results"]] == ["Maya"]
    bob = person(committed_cast.bob, committed_cast.globex).client
    assert bob.get("/api/v1/agents", headers={"Roster-Workspace": "acme"}).status_code == 403


def test_nobody_else_gets_a_previously_used_url(shop: Shop, committed_cast: Cast) -> None:
    change(shop.tenant, slug="acme-ltd")
    with pytest.raises(ValidationError, match="belongs to another workspace"):
        change(committed_cast.globex, slug="acme")
    with pytest.raises(ValidationError, match="belonged to another workspace"):
        workspaces.create("Acme", factories.make_user(), slug="acme")
    assert workspaces.create("Acme", factories.make_user()).slug not in {"acme", "acme-ltd"}


def test_nobody_can_reserve_many_urls(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "MOST_FORMER", 2)
    change(shop.tenant, slug="one")
    change(shop.tenant, slug="two")
    with pytest.raises(ValidationError, match="already had 2 addresses"):
        change(shop.tenant, slug="three")
    assert change(shop.tenant, slug="one").slug == "one"
    assert set(FormerSlug.objects.values_list("slug", flat=True)) == {"acme", "two"}


def test_a_workspace_can_return_to_its_old_url(shop: Shop, alice: Person) -> None:
    for slug in ("acme-ltd", "acme", "acme-ltd"):
        change(shop.tenant, slug=slug)
    assert list(FormerSlug.objects.values_list("slug", flat=True)) == ["acme"]
    assert alice.client.get("/t/acme/")["Location"] == "/t/acme-ltd/"


def test_of_many_simultaneous_requests_for_a_url_one_gets_it(shop: Shop, committed_cast: Cast) -> None:
    """At the same moment one leaves it, one moves there, and one creates a new workspace there."""
    user, outcomes = factories.make_user(), []
    barrier = threading.Barrier(3)

    def attempt(work: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            work()
            outcomes.append("done")
        except ValidationError:
            outcomes.append("refused")
        connection.close()

    works = [
        lambda: change(shop.tenant, slug="acme-ltd"),
        lambda: change(committed_cast.globex, slug="acme"),
        lambda: workspaces.create("New", user, slug="acme"),
    ]
    threads = [threading.Thread(target=attempt, args=(work,)) for work in works]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(outcomes) == ["done", "refused", "refused"]
    assert FormerSlug.objects.get(slug="acme").tenant_id == shop.tenant.id
    assert not Tenant.objects.filter(slug="acme").exists()


def test_employees_default_to_the_workspaces_language(shop: Shop) -> None:
    assert "in English where a message" in shop.claim(shop.hear("?")).run.prompt.system
    change(shop.tenant, language="pt")
    assert "in Portuguese where a message" in shop.claim(shop.hear("?")).run.prompt.system
