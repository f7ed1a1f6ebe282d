"""A value is checked by itself, with those that were entered before it; no secret comes back."""

from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import Settings

from channels.connections import drafts
from channels.models import ConnectionDraft
from tenants.models import Role
from tenants.scope import tenant_scope
from tests import factories
from tests.billing.people import member
from tests.channels.test_connection_page import claim
from tests.conftest import Cast
from tests.pigeon.loft import PROVIDERS
from tests.pigeon.provider import SKY, lost

SECRET = "a loft's secret"


@pytest.fixture
def page(committed_cast: Cast, settings: Settings) -> Iterator[str]:
    settings.CHANNEL_PROVIDERS = PROVIDERS
    with tenant_scope(committed_cast.acme.id):
        draft = drafts.begin("pigeon")
    yield f"/t/acme/channels/pigeon/setup/{draft.id}/"
    SKY.clear()


@pytest.fixture
def alice(committed_cast: Cast) -> Client:
    return member(committed_cast.alice, committed_cast.acme).client


def check(client: Client, page: str, name: str, value: str) -> str:
    answer = client.post(f"{page}check/{name}/", {name: value})
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def entered(cast: Cast) -> dict[str, str]:
    with tenant_scope(cast.acme.id):
        return dict(ConnectionDraft.objects.get().values)


def test_each_request_brings_one_value_and_the_draft_has_the_others(
    alice: Client, page: str, committed_cast: Cast
) -> None:
    assert "Which loft?" in check(alice, page, "loft", SECRET)
    assert "Found loft 4930111" in check(alice, page, "number", "4930111")
    opened = check(alice, page, "loft", "")
    assert 'data-state="ok"' in opened
    assert SECRET not in opened
    assert entered(committed_cast) == {"loft": SECRET, "number": "4930111"}
    shown = alice.get(page).content.decode()
    assert 'value="4930111"' in shown
    assert SECRET not in shown
    assert f"••••{SECRET[-4:]}" in shown


def test_a_wrong_value_offers_the_right_ones_and_a_provider_that_is_down_keeps_it(
    alice: Client, page: str, committed_cast: Cast
) -> None:
    SKY.closed.add("4930111")
    wrong = check(alice, page, "number", "4930111")
    assert 'data-fill="1"' in wrong
    SKY.faults.append(lost())
    down = check(alice, page, "loft", SECRET)
    assert "the loft does not respond right now" in down
    assert "data-down" in down
    assert entered(committed_cast) == {"loft": SECRET, "number": "4930111"}


def test_what_another_workspace_has_is_refused_with_the_way_out(alice: Client, page: str, committed_cast: Cast) -> None:
    claim(committed_cast.globex)
    told = check(alice, page, "number", "4930111")
    assert "It is connected to another workspace of Roster" in told
    assert "has to release it" in told
    assert "globex" not in told.lower()


def test_nobody_else_can_check_anything(alice: Client, page: str, committed_cast: Cast) -> None:
    viewer = member(factories.make_member(committed_cast.acme, Role.VIEWER), committed_cast.acme).client
    assert viewer.post(f"{page}check/number/", {"number": "1"}).status_code == 403
    bob = member(committed_cast.bob, committed_cast.globex).client
    assert bob.post(f"{page.replace('acme', 'globex')}check/number/", {"number": "1"}).status_code == 404
    assert alice.post(f"{page}check/nothing/", {"nothing": "1"}).status_code == 404
    assert alice.get(f"{page}check/number/").status_code == 405
