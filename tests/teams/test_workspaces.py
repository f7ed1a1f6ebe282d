"""A person with several workspaces: the switcher, the start page, the limit; and what each role sees."""

import re

import pytest

from tenants.models import Membership, Role, Tenant
from tenants.scope import tenant_scope
from tenants.team import allowance
from tests import factories
from tests.conftest import Cast
from tests.teams.conftest import Hire, Person, person, text

PAGES = ("", "employees/", "channels/", "conversations/", "usage/", "settings/members/")


def make(by: Person, name: str) -> str:
    return text(by.post("/workspaces/new/", name=name, time_zone="Europe/London"))


def join(tenant: Tenant, who: Person, role: Role = Role.VIEWER) -> None:
    Membership.objects.create(tenant=tenant, user=who.user, role=role)


def test_the_switcher_lists_your_workspaces_and_marks_this_one(alice: Person, cast: Cast) -> None:
    join(cast.globex, alice)
    factories.make_tenant("hidden")
    page = alice.get("/t/globex/").content.decode()
    links = re.findall(r'<a href="(/t/[a-z]+/)" (aria-current="true")?>', page)
    assert links == [("/t/acme/", ""), ("/t/globex/", 'aria-current="true"')] * 2, "in the sidebar and in the drawer"
    assert page.count('href="/workspaces/new/"') == 2


def test_the_front_page_redirects_to_the_last_used_workspace(alice: Person, cast: Cast) -> None:
    join(cast.globex, alice)
    assert alice.client.get("/").headers["Location"] == "/t/acme/"
    alice.get("/t/globex/usage/")
    assert alice.client.get("/").headers["Location"] == "/t/globex/"
    Membership.objects.filter(user=alice.user, tenant=cast.globex).delete()
    assert alice.client.get("/").headers["Location"] == "/t/acme/"


def test_the_front_page_uses_only_your_own_workspaces(alice: Person, cast: Cast) -> None:
    assert alice.client.get("/t/globex/").status_code == 404
    assert alice.client.get("/").headers["Location"] == "/t/acme/"


def test_an_account_owns_five_workspaces_at_most(outsider: Person) -> None:
    for number in range(allowance.MOST_OWNED):
        make(outsider, f"Shop {number}")
    assert "You own 5 workspaces, which is the limit" in make(outsider, "One more")
    assert outsider.user.memberships.count() == allowance.MOST_OWNED


def test_giving_workspaces_away_does_not_allow_more(outsider: Person) -> None:
    for number in range(allowance.MOST_MADE):
        make(outsider, f"Shop {number}")
    outsider.user.memberships.all().delete()
    assert "You created 5 workspaces within 30 days" in make(outsider, "One more")


def test_other_peoples_workspaces_do_not_count(outsider: Person) -> None:
    for _ in range(allowance.MOST_OWNED + 1):
        join(factories.make_tenant(), outsider)
    make(outsider, "My own")
    assert outsider.user.memberships.filter(role=Role.OWNER).count() == 1


@pytest.mark.parametrize("is_set_up", [False, True])
def test_a_viewer_can_read_every_page_and_has_no_buttons(hire: Hire, cast: Cast, *, is_set_up: bool) -> None:
    if is_set_up:
        with tenant_scope(cast.acme.id):
            factories.make_agent()
            factories.make_connection()
    viewer = hire(Role.VIEWER)
    for name in PAGES:
        page = viewer.get(f"/t/acme/{name}")
        assert page.status_code == 200, name
        _is_offered_nothing(viewer, page.content.decode(), name)
    assert viewer.get("/t/acme/onboarding/").request["PATH_INFO"] == "/t/acme/"  # type: ignore[attr-defined]


def _is_offered_nothing(viewer: Person, page: str, name: str) -> None:
    """Check that every link on the page works for them, and every form is about their own account."""
    for path in set(re.findall(r'href="(/t/[^"#?]+)', page)):
        assert viewer.get(path).status_code == 200, f"{name} leads to {path}"
    forms = set(re.findall(r'<form[^>]* action="([^"]+)"', page))
    assert forms <= {"/accounts/logout/", "/t/acme/settings/members/leave/"}, name


def test_a_viewer_reads_an_employees_instructions_and_changes_nothing(hire: Hire, cast: Cast) -> None:
    with tenant_scope(cast.acme.id):
        agent = factories.make_agent()
    path, viewer = f"/t/acme/employees/{agent.id}/", hire(Role.VIEWER)
    page = viewer.get(path)
    assert agent.instructions in text(page)
    assert "<textarea" not in page.content.decode()
    assert viewer.post(path, name="Eve").status_code == 403
    assert viewer.post(f"{path}let-go/").status_code == 403
    assert "<textarea" in hire(Role.OPERATOR).get(path).content.decode()


def test_operators_keep_every_button(hire: Hire, cast: Cast) -> None:
    operator = hire(Role.OPERATOR)
    assert "Continue setup" in text(operator.get("/t/acme/"))
    assert "Set up an AI employee" in text(operator.get("/t/acme/employees/"))
    assert "Send a test message" in text(operator.get("/t/acme/conversations/"))


def test_a_new_person_with_one_workspace_is_redirected_there(cast: Cast) -> None:
    someone = person(factories.make_member(cast.globex, Role.VIEWER))
    assert someone.client.get("/").headers["Location"] == "/t/globex/"
