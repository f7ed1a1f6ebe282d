"""Sends of which nobody knows whether they arrived: none is repeated by itself, and all are shown.

A part runs with all other tests; `AMBIGUOUS=1000` is the proof.
"""

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from agents.models import Conversation
from channels.messages import lookups, sweep
from channels.models import Delivery, Thread
from channels.web import fates
from tenants.scope import tenant_scope
from tests import working
from tests.channels.graph import Graph, graph
from tests.channels.whatsapp import PROVIDERS, SECRET, Line, just_now, open_line, payload
from tests.conftest import Cast

SENDS = int(os.environ.get("AMBIGUOUS", "7"))
DOUBTS: tuple[tuple[int, Any], ...] = (
    (500, {"error": {"code": 131000, "message": "Something went wrong"}}),
    (503, {"error": {"code": 2, "message": "Service temporarily unavailable"}}),
    (500, {"error": {"code": 131016, "message": "Service unavailable"}}),
    (502, b"<html>Bad gateway</html>"),
    (200, b'{"messages": [{"id": "wam'),
    (200, {"messaging_product": "whatsapp", "messages": []}),
    (200, {}),
)
"""Answers that do not say whether the message was taken."""


@pytest.fixture
def meta(settings: Settings) -> Iterator[Graph]:
    settings.CHANNEL_PROVIDERS, settings.QUIET_SECONDS = PROVIDERS, 0
    settings.WHATSAPP_APP_SECRET = SECRET
    settings.PERSON_MESSAGES_PER_MINUTE = settings.CONNECTION_MESSAGES_PER_MINUTE = 0
    settings.WORKSPACE_MESSAGES_PER_MINUTE = settings.LOOP_ANSWERS = settings.LOOP_DAILY_ANSWERS = 0
    with graph() as made:
        settings.WHATSAPP_GRAPH_URL = made.url
        yield made


def asked_by(person: int) -> dict[str, Any]:
    """A voice message, which is answered without asking an LLM."""
    digits = f"1650{person:07}"
    made = payload("audio", **{"from": digits, "id": f"wamid.{person}", "timestamp": just_now()})
    made["entry"][0]["changes"][0]["value"]["contacts"][0]["wa_id"] = digits
    return made


def threads_of(line: Line) -> list[Any]:
    with tenant_scope(line.tenant.id):
        return list(Thread.objects.values_list("id", flat=True))


def test_ambiguous_sends_are_never_repeated_and_all_are_shown(meta: Graph, committed_cast: Cast) -> None:
    line = open_line(committed_cast.acme)
    line.send(*(asked_by(person) for person in range(SENDS)))
    meta.answers = [DOUBTS[number % len(DOUBTS)] for number in range(SENDS)]
    for thread_id in threads_of(line):
        working.answer(line.tenant.id, thread_id)
        working.send_due(line.tenant.id, thread_id)
    assert len(meta.asked) == SENDS
    assert line.deliveries() == ["unknown"] * SENDS

    with tenant_scope(line.tenant.id):
        Delivery.objects.update(
            unknown_since=timezone.now() - timedelta(days=2), next_attempt_at=timezone.now() - timedelta(days=1)
        )
    due = sweep.overdue()
    assert (due.deliveries, due.look_ups) == ([], []), "nothing wakes them"
    for thread_id in threads_of(line):
        lookups.look_up_and_send(line.tenant.id, thread_id)
        working.send_due(line.tenant.id, thread_id)
    assert len(meta.asked) == SENDS, "none was sent again"
    assert line.deliveries() == ["unknown"] * SENDS

    with tenant_scope(line.tenant.id):
        shown = fates.to_look_at(list(Conversation.objects.all()))
    assert len(shown) == SENDS
    assert {fate.delivery for fate in shown.values()} == {"unknown"}
    assert {fate.detail for fate in shown.values()} == {
        "WhatsApp did not confirm it so far. Roster does not send it again, so that nobody gets it twice."
    }
