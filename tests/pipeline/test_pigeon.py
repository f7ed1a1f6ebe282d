"""A provider that is nothing like Slack, from the request to the delivery update, with a real LLM call between them."""

from collections.abc import Iterator

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from agents.models import Turn
from tenants.scope import tenant_scope
from tests.conftest import Cast
from tests.pigeon.loft import PROVIDERS, Loft, open_loft
from tests.pigeon.provider import SKY, lost
from tests.stack import Stack


@pytest.fixture
def loft(settings: Settings, peers: Stack, committed_cast: Cast) -> Iterator[Loft]:
    settings.CHANNEL_PROVIDERS = PROVIDERS
    settings.QUIET_SECONDS, settings.QUIET_MAX_SECONDS = 60, 300  # Slack's
    yield open_loft(committed_cast.acme, "4930111", "acme's secret")
    SKY.clear()


def test_from_a_request_to_the_update_about_its_answer(loft: Loft) -> None:
    loft.send(loft.message(1, "When do you open?"), loft.message(2, "And when do you close?"))
    SKY.faults.append(lost())
    loft.work()
    assert (loft.events(), loft.deliveries()) == (["answered", "answered"], ["unknown"])
    loft.send(loft.message(3, "Hello?"), loft.status("delivered"))
    loft.work()
    assert loft.events() == ["done"] * 3
    assert loft.deliveries() == ["sent", "sent"]
    assert [each.address for each in SKY.posted] == [{"number": "4930555"}]
    with tenant_scope(loft.tenant.id):
        assert {turn.said_by for turn in Turn.objects.filter(speaker="person")} == {"Number 4930555"}


def test_a_request_costs_nothing_more_than_its_statements(loft: Loft) -> None:
    loft.send(loft.message(1, "One"))
    with CaptureQueriesContext(database) as known:
        loft.send(loft.message(2, "Two"))
    asked = [each for each in known if "channels_route" in each["sql"]]
    assert len(asked) == 1, "its own secret is known for a minute, so only the statement that stores asks for the route"
