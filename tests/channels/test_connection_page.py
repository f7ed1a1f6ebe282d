"""The page of one connection: who it is, who would fall silent without it, and moving it to another workspace."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from channels.connections import handover
from channels.connections.connect import connect
from channels.models import Connection, Route
from channels.providers.connecting import AccountTakenError, Installed
from tenants.models import AuditEvent, Role, Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.billing.people import member
from tests.conftest import Cast
from tests.pigeon.loft import PROVIDERS, Loft, open_loft
from tests.pigeon.provider import SECRET, SKY

NUMBER = "4930111"


@dataclass(frozen=True)
class Desk:
    """A workspace with a connection, and somebody who looks at its page."""

    loft: Loft
    client: Client

    @property
    def url(self) -> str:
        return f"/t/{self.loft.tenant.slug}/channels/{self.loft.connection.id}/"

    def page(self) -> str:
        shown = self.client.get(self.url)
        assert shown.status_code == 200
        return " ".join(shown.content.decode().split())

    def hear(self) -> None:
        """Somebody writes now, and is told that the employee cannot read it: no LLM is asked."""
        self.loft.send(self.loft.message(1, at=int(timezone.now().timestamp())))
        self.loft.work()

    def press(self, what: str) -> None:
        assert self.client.post(f"{self.url}{what}/").status_code == 302


@pytest.fixture
def desk(committed_cast: Cast, settings: Settings) -> Iterator[Desk]:
    settings.CHANNEL_PROVIDERS = PROVIDERS
    yield Desk(open_loft(committed_cast.acme, NUMBER, "s"), member(committed_cast.alice, committed_cast.acme).client)
    SKY.clear()


def claim(tenant: Tenant) -> Connection:
    """Another workspace connects the same number."""
    with tenant_scope(tenant.id):
        return connect(Installed("pigeon", NUMBER, f"Loft {NUMBER}", "another", "", "1", "", {SECRET: "another"}))


def actions_of(tenant: Tenant) -> set[tuple[str, str]]:
    with tenant_scope(tenant.id):
        return set(AuditEvent.objects.values_list("action", "actor_name"))


def test_it_says_who_is_connected_and_when_anybody_last_wrote(desk: Desk) -> None:
    new = desk.page()
    assert "Loft 4930111" in new
    assert "Pigeon Post number 4930111" in new
    assert "Connected. Messages come in, and answers go out." in new
    assert new.count("None yet") == 2
    assert "New conversations go to" in new
    desk.hear()
    assert "None yet" not in desk.page()


def test_the_dialog_names_who_falls_silent_and_disconnecting_says_so(desk: Desk) -> None:
    assert "In the last week, nobody wrote." in desk.page()
    desk.hear()
    page = desk.page()
    assert "will be silent there. In the last week, there was 1 conversation." in page
    assert "Disconnect Loft 4930111?" in page
    desk.press("disconnect")
    gone = desk.page()
    assert "Loft 4930111 was disconnected here: nobody there gets an answer." in gone
    assert "Connect again" in gone
    assert "Who answers here" not in gone


def test_viewers_see_it_and_change_nothing(desk: Desk, committed_cast: Cast) -> None:
    viewer = member(factories.make_member(committed_cast.acme, Role.VIEWER), committed_cast.acme).client
    seen = Desk(desk.loft, viewer)
    assert "Loft 4930111" in seen.page()
    assert "Release" not in seen.page()
    assert {viewer.post(f"{desk.url}{what}/").status_code for what in ("release", "keep", "disconnect")} == {403}


def test_another_workspace_gets_it_only_after_its_release(desk: Desk, committed_cast: Cast) -> None:
    with pytest.raises(AccountTakenError, match="Somebody who manages channels there has to release it") as refused:
        claim(committed_cast.globex)
    assert "acme" not in str(refused.value).lower()
    desk.press("release")
    assert "Released to another workspace" in desk.page()
    assert committed_cast.alice.email in desk.page()
    taken = claim(committed_cast.globex)
    route = Route.objects.get(external_id=NUMBER)
    assert (route.tenant, route.connection_id, route.released_until) == (committed_cast.globex, taken.id, None)
    assert "moved to another workspace of Roster" in desk.page()
    with tenant_scope(committed_cast.acme.id):
        left = Connection.objects.get()
        assert (left.state, left.cause, dict(left.credentials)) == ("disconnected", "moved", {})
    assert {("channel.released", committed_cast.alice.email), ("channel.moved", "Roster")} <= actions_of(
        committed_cast.acme
    )
    with pytest.raises(AccountTakenError):  # it is theirs now
        claim(committed_cast.acme)


def test_a_release_works_as_before_and_can_be_taken_back(desk: Desk, committed_cast: Cast) -> None:
    desk.press("release")
    assert desk.loft.send(desk.loft.message(1, "Coo?")) == 200
    assert desk.loft.events() == ["pending"]
    desk.press("keep")
    assert "Move it to another workspace" in desk.page()
    with pytest.raises(AccountTakenError):
        claim(committed_cast.globex)


def test_a_release_ends_by_itself(desk: Desk, committed_cast: Cast) -> None:
    desk.press("release")
    Route.objects.update(released_until=timezone.now() - timedelta(seconds=1))
    assert "Move it to another workspace" in desk.page()
    with tenant_scope(committed_cast.acme.id):
        assert handover.release_of(Connection.objects.get()) is None
    with pytest.raises(AccountTakenError):
        claim(committed_cast.globex)
