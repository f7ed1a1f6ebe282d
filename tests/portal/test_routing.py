"""Who answers where: the channel's page, the employee's, and the API."""

import pytest
from django.core.cache import cache
from django.test import Client

from agents.employees import hiring
from agents.models import Agent
from billing.models import Entitlement
from channels.models import Connection, PlaceChoice
from channels.providers.base import DIRECT, DeliveryNotNowError
from channels.providers.shapes.sending import Spot
from channels.providers.slack import wordings
from channels.providers.slack.client import Slack
from tenants.models import ApiToken, Role
from tenants.scope import tenant_scope
from tests import factories
from tests.billing.people import Member, colleague, member
from tests.conftest import Cast


@pytest.fixture
def owner(cast: Cast) -> Member:
    return member(cast.alice, cast.acme)


@pytest.fixture
def team(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> tuple[Agent, Agent]:
    """Rosa and Leo, in a Slack workspace with one channel."""
    monkeypatch.setattr(Slack, "places", lambda _self, _account: [Spot("C0ORDERS", "#orders")])
    cache.clear()
    with tenant_scope(cast.acme.id):
        Entitlement.objects.create(status="active", plan="employee_month", seats=3)
        factories.make_connection("T0TEAM")
        return factories.make_agent("Rosa"), factories.make_agent("Leo")


def connection_of(cast: Cast) -> Connection:
    with tenant_scope(cast.acme.id):
        return Connection.objects.get()


def chosen(cast: Cast) -> dict[str, str]:
    with tenant_scope(cast.acme.id):
        return dict(PlaceChoice.objects.values_list("place", "agent__name"))


def test_an_operator_chooses_for_each_channel_direct_messages_and_the_rest(
    cast: Cast, owner: Member, team: tuple[Agent, Agent]
) -> None:
    rosa, leo = team
    page = f"/t/acme/channels/{connection_of(cast).id}/routing/"
    shown = owner.read(page)
    assert "#orders" in shown
    assert "Direct messages" in shown
    assert "The first in the order of seats: Rosa" in shown
    owner.client.post(page, {"place:C0ORDERS": leo.id, f"place:{DIRECT}": rosa.id, "place:default": leo.id})
    assert chosen(cast) == {"C0ORDERS": "Leo", DIRECT: "Rosa"}
    assert connection_of(cast).agent_id == leo.id
    with tenant_scope(cast.acme.id):
        hiring.pause(leo)
    assert "Leo is paused. Until it works again, somebody else answers here." in owner.read(page)


def test_a_provider_that_does_not_list_its_channels_takes_no_choice_away(
    cast: Cast, owner: Member, team: tuple[Agent, Agent], monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_self: Slack, _account: object) -> list[Spot]:
        raise DeliveryNotNowError(wordings.LIMITED(), 1.0)

    page = f"/t/acme/channels/{connection_of(cast).id}/routing/"
    owner.client.post(page, {"place:C0ORDERS": team[1].id})
    monkeypatch.setattr(Slack, "places", busy)
    cache.clear()
    shown = owner.read(page)
    assert "Slack did not say which channels there are" in shown
    assert "#orders" in shown
    assert chosen(cast) == {"C0ORDERS": "Leo"}


def test_viewers_read_who_answers_and_change_nothing(cast: Cast, team: tuple[Agent, Agent]) -> None:
    viewer = colleague(cast.acme, Role.VIEWER)
    page = f"/t/acme/channels/{connection_of(cast).id}/routing/"
    assert "<select" not in viewer.client.get(page).content.decode()
    assert viewer.client.post(page, {"place:default": team[1].id}).status_code == 403


def test_who_is_chosen_for_one_channel_is_not_said_to_be_behind(
    cast: Cast, owner: Member, team: tuple[Agent, Agent]
) -> None:
    behind = "Leo answers only where people call it by name"
    assert behind in owner.read("employees/")
    owner.client.post(f"/t/acme/channels/{connection_of(cast).id}/routing/", {"place:C0ORDERS": team[1].id})
    assert behind not in owner.read("employees/")


def test_an_employees_page_takes_a_channel_over_and_gives_it_back(
    cast: Cast, owner: Member, team: tuple[Agent, Agent]
) -> None:
    _rosa, leo = team
    page, where = f"/t/acme/employees/{leo.id}/channels/", connection_of(cast)
    assert "Rosa answers there. Turn on, and Leo takes over from Rosa." in owner.read(page)
    owner.client.post(f"{page}{where.id}/answer/", {"answers": "1"})
    assert "Answers everyone who writes." in owner.read(page)
    owner.client.post(f"{page}{where.id}/answer/", {"answers": "0"})
    assert connection_of(cast).agent_id is None


def test_the_api_reads_and_replaces_it(cast: Cast, team: tuple[Agent, Agent], client: Client) -> None:
    rosa, leo = team
    token = ApiToken.issue(cast.acme, "A script", Role.OPERATOR)[1]
    url, header = f"/api/v1/channels/{connection_of(cast).id}/routing", {"Authorization": f"Bearer {token}"}
    direct = {"place": DIRECT, "label": "", "agent": str(rosa.id)}
    wanted = {"agent": str(leo.id), "places": [direct]}
    put = client.put(url, wanted, content_type="application/json", headers=header)
    assert (put.status_code, put.json()) == (200, wanted)
    assert client.get(url, headers=header).json() == wanted
    for wrong in ({**wanted, "agent": str(cast.alice.id)}, {**wanted, "places": [direct, direct]}, {"agent": None}):
        refused = client.put(url, wrong, content_type="application/json", headers=header)
        assert refused.status_code == 400
