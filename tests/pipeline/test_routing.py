"""Two employees in one Slack workspace: each answers where it was chosen or called, under its own name."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client

from agents.employees import hiring
from agents.models import Agent, Conversation
from billing.models import Entitlement
from channels.models import Connection
from channels.providers.base import DIRECT
from channels.routing import rules
from channels.routing.rules import Chosen, Routing
from tenants.models import AuditEvent
from tenants.scope import tenant_scope
from tests import factories, working
from tests.channels.slack import arrive, payload
from tests.conftest import Cast

BOT = "U0LAN0Z89"


@pytest.fixture
def team(committed_cast: Cast) -> tuple[Agent, Agent]:
    """Rosa, who is first in the order of seats, and Leo."""
    with tenant_scope(committed_cast.acme.id):
        Entitlement.objects.create(status="active", plan="employee_month", seats=3)
        rosa, leo = factories.make_agent("Rosa"), factories.make_agent("Leo")
        factories.make_connection("T0TEAM", bot_user_id=BOT)
    return rosa, leo


def say(client: Client, text: str, *, channel: str = "C0GENERAL", ts: str = "1767225600.000100") -> None:
    kind = "message_im" if channel.startswith("D") else "app_mention"
    said = payload(kind, text=text if kind == "message_im" else f"<@{BOT}> {text}", ts=ts, channel=channel)
    said |= {"team_id": "T0TEAM", "event_id": f"Ev{ts}"}
    assert arrive(client, said).status_code == 200
    working.hear_everywhere()


def answering(committed_cast: Cast) -> list[str]:
    """Who has the conversations, the oldest first."""
    with tenant_scope(committed_cast.acme.id):
        return list(Conversation.objects.order_by("created_at", "id").values_list("agent__name", flat=True))


def choose(committed_cast: Cast, default: Agent | None, *choices: tuple[str, Agent]) -> None:
    with tenant_scope(committed_cast.acme.id):
        chosen = tuple(Chosen(place, f"#{place}", agent.id) for place, agent in choices)
        rules.route(Connection.objects.get(), Routing(default.id if default else None, chosen))


def test_each_answers_where_it_was_chosen_and_the_first_words_choose_first(
    committed_cast: Cast, team: tuple[Agent, Agent], client: Client
) -> None:
    rosa, leo = team
    choose(committed_cast, rosa, ("C0ORDERS", leo), (DIRECT, leo))
    say(client, "When do you open?", ts="1767225600.000100")
    say(client, "When do you open?", channel="C0ORDERS", ts="1767225601.000100")
    say(client, "Rosa, when do you open?", channel="C0ORDERS", ts="1767225602.000100")
    say(client, "Hello", channel="D0BEN", ts="1767225603.000100")
    assert answering(committed_cast) == ["Rosa", "Leo", "Rosa", "Leo"]
    with tenant_scope(committed_cast.acme.id):
        assert AuditEvent.objects.filter(action="channel.routed").count() == 1


def test_in_direct_messages_a_name_hands_over_and_it_stays_so(
    committed_cast: Cast, team: tuple[Agent, Agent], client: Client
) -> None:
    texts = ("Hello", "Leo, are you there?", "When do you open?", "Hi Rosa", "Rosa, again")
    for number, text in enumerate(texts):
        say(client, text, channel="D0BEN", ts=f"176722560{number}.000100")
    assert answering(committed_cast) == ["Rosa", "Leo", "Rosa"]
    with tenant_scope(committed_cast.acme.id):
        turns = [each.turns.count() for each in Conversation.objects.order_by("created_at", "id")]
    assert turns == [1, 2, 2]


def test_in_a_channel_a_thread_stays_with_its_employee(
    committed_cast: Cast, team: tuple[Agent, Agent], client: Client
) -> None:
    say(client, "When do you open?", ts="1767225600.000100")
    said = payload("app_mention", text=f"<@{BOT}> Leo, and you?", ts="1767225609.000100", channel="C0GENERAL")
    said["event"]["thread_ts"] = "1767225600.000100"
    assert arrive(client, said | {"team_id": "T0TEAM", "event_id": "Ev9"}).status_code == 200
    working.hear_everywhere()
    assert answering(committed_cast) == ["Rosa"]


@pytest.mark.parametrize("end", [hiring.pause, hiring.let_go])
def test_who_does_not_work_is_passed_over(
    committed_cast: Cast, team: tuple[Agent, Agent], client: Client, end: Callable[[Agent], object]
) -> None:
    _rosa, leo = team
    choose(committed_cast, leo, ("C0GENERAL", leo))
    with tenant_scope(committed_cast.acme.id):
        end(leo)
    say(client, "Leo, when do you open?")
    assert answering(committed_cast) == ["Rosa"]


def test_somebody_of_another_workspace_cannot_be_chosen(committed_cast: Cast, team: tuple[Agent, Agent]) -> None:
    rosa, _leo = team
    with tenant_scope(committed_cast.globex.id):
        stranger = factories.make_agent("Stranger")
    with tenant_scope(committed_cast.acme.id):
        connection = Connection.objects.get()
        with pytest.raises(rules.UnknownEmployeeError):
            rules.route(connection, Routing(stranger.id))
        with pytest.raises(rules.UnknownEmployeeError):
            rules.route(connection, replace(Routing(rosa.id), choices=(Chosen("C1", "", stranger.id),)))
