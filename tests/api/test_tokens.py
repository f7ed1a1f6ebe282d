"""API tokens: created and revoked in the portal, shown once, never with more rights than their creators."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenants.models import ApiToken, AuditEvent, Membership, Role, Tenant, User
from tenants.scope import tenant_scope
from tenants.team import tokens
from tests import factories
from tests.api.conftest import Caller
from tests.conftest import Cast

PATH = "/t/acme/settings/tokens/"
WEBSITE = {"name": "Website", "role": "operator", "life": "90"}
MAYA = {"name": "Maya", "job_title": "Customer support", "instructions": "We open at 9."}


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def admin(cast: Cast) -> User:
    return factories.make_member(cast.acme, Role.ADMIN)


def made_by(user: User, **change: str) -> tuple[ApiToken, Caller]:
    """A token created in the portal, and a caller that uses it."""
    page = browser_of(user).post(PATH, {**WEBSITE, **change})
    assert page.status_code == 201, page.content.decode()
    found = re.search(r"rst_[\w-]{43}", page.content.decode())
    assert found
    return ApiToken.objects.latest("id"), Caller({"Authorization": f"Bearer {found[0]}"})


def entry(tenant: Tenant, action: str) -> AuditEvent:
    with tenant_scope(tenant.id):
        return AuditEvent.objects.get(action=action)


def test_a_token_is_shown_once_and_stored_as_a_digest(cast: Cast, admin: User) -> None:
    token, caller = made_by(admin)
    plain = caller.headers["Authorization"].removeprefix("Bearer ")
    assert (token.name, token.role, token.created_by, token.last_four) == ("Website", "operator", admin, plain[-4:])
    assert caller.get("agents/").status == 200
    listed = browser_of(admin).get(PATH).content.decode()
    assert plain not in listed
    assert f"••••{plain[-4:]}" in listed
    assert plain not in str(ApiToken.objects.values().get())
    shown = entry(cast.acme, "token.created")
    assert (shown.actor_id, shown.target_name) == (admin.id, str(token))
    assert plain not in str(shown.__dict__)


def test_the_page_that_shows_it_is_never_cached(cast: Cast, admin: User) -> None:
    client = browser_of(admin)
    page = client.post(PATH, WEBSITE)
    assert page.headers["Cache-Control"] == "no-store"
    assert "rst_" not in str(dict(client.session))


def test_loading_that_page_again_makes_no_second_token(cast: Cast, admin: User) -> None:
    client = browser_of(admin)
    client.post(PATH, WEBSITE)
    again = client.post(PATH, WEBSITE)
    assert again.status_code == 422
    assert "A token called “Website” already exists" in again.content.decode()
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize(("life", "days"), [("30", 30), ("90", 90), ("365", 365)])
def test_it_expires_when_chosen(cast: Cast, admin: User, life: str, days: int) -> None:
    token, _ = made_by(admin, life=life)
    assert token.expires_at
    assert abs(token.expires_at - datetime.now(UTC) - timedelta(days=days)) < timedelta(minutes=1)


def test_it_can_be_set_to_never_expire(cast: Cast, admin: User) -> None:
    assert made_by(admin, life="")[0].expires_at is None


@pytest.mark.parametrize("change", [{"name": ""}, {"role": "owner"}, {"role": "king"}, {"life": "1000"}])
def test_invalid_input_creates_no_token(cast: Cast, admin: User, change: dict[str, str]) -> None:
    assert browser_of(admin).post(PATH, {**WEBSITE, **change}).status_code == 422
    assert not ApiToken.objects.exists()


def test_no_function_creates_a_token_above_its_creators_role(cast: Cast, admin: User) -> None:
    maker: dict[str, Any] = {"maker": admin, "maker_role": Role.ADMIN}
    with tenant_scope(cast.acme.id), pytest.raises(tokens.TokenError, match="Your role is Admin"):
        tokens.make(cast.acme, "Root", Role.OWNER, life=None, **maker)


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.VIEWER])
def test_members_without_permission_cannot_manage_tokens(cast: Cast, role: Role) -> None:
    token, _ = made_by(cast.alice)
    client = browser_of(factories.make_member(cast.acme, role))
    answers = [client.get(PATH), client.post(PATH, WEBSITE), client.post(f"{PATH}{token.id}/revoke/")]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert ApiToken.objects.get() == token


def test_revoked_means_refused_at_once(cast: Cast, admin: User) -> None:
    token, caller = made_by(admin)
    browser_of(cast.alice).post(f"{PATH}{token.id}/revoke/")
    caller.get("agents/").problem(401)
    assert entry(cast.acme, "token.revoked").actor_id == cast.alice.id


def test_a_token_of_another_workspace_cannot_be_revoked(cast: Cast) -> None:
    token, _ = made_by(cast.alice)
    assert browser_of(cast.bob).post(f"/t/globex/settings/tokens/{token.id}/revoke/").status_code == 404
    assert ApiToken.objects.get() == token


def test_a_lost_role_is_also_lost_in_tokens(cast: Cast, admin: User) -> None:
    _, caller = made_by(admin, role="admin")
    assert caller.get("audit/").status == 200
    Membership.objects.filter(user=admin).update(role=Role.VIEWER)
    caller.get("audit/").problem(403)
    caller.post("agents/", MAYA).problem(403)
    assert caller.get("agents/").status == 200
    assert "Viewer, created as admin" in browser_of(cast.alice).get(PATH).content.decode()
    Membership.objects.filter(user=admin).update(role=Role.OWNER)
    assert caller.get("audit/").status == 200  # and never more than it was created with
    assert ApiToken.objects.with_maker().get().effective_role == Role.ADMIN


def test_tokens_stop_working_when_their_creator_leaves(cast: Cast, admin: User) -> None:
    _, caller = made_by(admin)
    Membership.objects.filter(user=admin).delete()
    caller.get("agents/").problem(401)
    assert "Stopped: whoever created it left" in browser_of(cast.alice).get(PATH).content.decode()


@pytest.mark.parametrize("end", ["deactivate", "delete"])
def test_tokens_are_deleted_with_the_account(cast: Cast, admin: User, end: str) -> None:
    _, caller = made_by(admin)
    if end == "delete":
        admin.delete()
    else:
        User.objects.filter(id=admin.id).update(is_active=False)
    caller.get("agents/").problem(401)


def test_a_token_created_by_command_depends_on_no_person(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_tenant", "initech", "--owner", cast.alice.email)
    assert "rst_" in capsys.readouterr().out
    tenant = Tenant.objects.get(slug="initech")
    Membership.objects.filter(tenant=tenant).delete()
    assert not ApiToken.objects.with_maker().get(tenant=tenant).is_orphan
    assert entry(tenant, "token.created").actor_name == "Roster"


def test_its_last_use_is_stored_at_most_once_a_minute(cast: Cast, admin: User) -> None:
    token, caller = made_by(admin)
    for _ in range(2):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            caller.get("agents/")
    assert not [query["sql"] for query in queries if query["sql"].startswith('UPDATE "tenants_apitoken"')]
    first = ApiToken.objects.get().last_used_at
    ApiToken.objects.update(last_used_at=datetime.now(UTC) - timedelta(minutes=2))
    caller.get("agents/")
    assert first
    assert ApiToken.objects.get().last_used_at >= first  # type: ignore[operator]
    assert token.last_used_at is None
