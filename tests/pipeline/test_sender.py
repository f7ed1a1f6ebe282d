"""Answers in Slack come under the employee's own name, where the app may do that; else from the app, and once."""

from typing import Any
from uuid import UUID

import pytest

from channels.models import Connection
from channels.providers.shapes.sending import Account, Spot
from channels.providers.slack.client import Slack
from channels.providers.slack.outgoing.sender import SCOPE
from tenants.scope import tenant_scope
from tests import working
from tests.pipeline.conftest import Desk


def answered(desk: Desk, *, text: str = "When do you open?") -> UUID:
    with tenant_scope(desk.tenant.id):
        Connection.objects.update(scopes=f"chat:write,{SCOPE}")
    thread_id = desk.hear(text)
    working.answer(desk.tenant.id, thread_id)
    return thread_id


def posts(desk: Desk) -> list[dict[str, Any]]:
    found = desk.stack.look("slack/control/messages", team=desk.team, channel=desk.channel)
    return [each for each in found["messages"] if each.get("bot_id") and not each.get("subtype")]


def refuse(desk: Desk, code: str) -> None:
    desk.stack.control("slack/control/faults", method="chat.postMessage", kind="error", answer=code, times=1)


def test_an_answer_has_the_name_of_the_employee_who_gives_it(desk: Desk) -> None:
    working.send_due(desk.tenant.id, answered(desk))
    [posted] = posts(desk)
    assert posted["username"] == desk.agent.name


@pytest.mark.parametrize("code", ["reserved_username", "missing_scope", "invalid_icon_url"])
def test_a_name_that_slack_refuses_costs_no_message_and_sends_none_twice(desk: Desk, code: str) -> None:
    thread_id = answered(desk)
    refuse(desk, code)
    working.send_due(desk.tenant.id, thread_id)
    [posted] = posts(desk)
    assert "username" not in posted
    assert (desk.deliveries(), desk.events()) == (["sent"], [("done", "")])
    with tenant_scope(desk.tenant.id):
        remembers = SCOPE not in Connection.objects.get().granted_scopes
    assert remembers == (code == "missing_scope"), "the next answer does not ask for what is not allowed"


def test_operators_choose_among_the_channels_that_the_app_is_in(desk: Desk) -> None:
    assert Slack().places(Account(desk.token)) == [Spot(desk.channel, "#general")]
