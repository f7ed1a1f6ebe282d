"""Which places are due: decided by one statement over all workspaces, which sees no words."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django import Settings

from agents.models import Agent, Conversation, Turn
from channels.messages import due
from channels.messages.incoming.room import Place
from channels.models import Connection, Delivery, InboxEvent, Thread, place_id_of
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories
from tests.conftest import Cast

State, Sent = InboxEvent.State, Delivery.State
_numbers = count(1)


@pytest.fixture
def cast(settings: Settings, committed_cast: Cast) -> Cast:
    """Committed, since places are asked for outside of transactions."""
    settings.QUIET_MAX_SECONDS, settings.UNKNOWN_FREES_SECONDS = 10, 60
    return committed_cast


@contextmanager
def office(tenant: Tenant) -> Iterator[Connection]:
    with tenant_scope(tenant.id):
        yield Connection.objects.first() or factories.make_connection()


def ago(seconds: float) -> datetime:
    return timezone.now() - timedelta(seconds=seconds)


def wait(tenant: Tenant, place: str, since: float = 10, **fields: Any) -> Place:
    """Something waits in this place since so many seconds."""
    with office(tenant) as connection:
        values = {"state": State.RECEIVED, "due_at": ago(since), "place_id": place_id_of(place), **fields}
        InboxEvent.objects.create(
            connection=connection,
            provider="slack",
            external_account=connection.external_id,
            event_id=f"Ev{next(_numbers)}",
            kind="message",
            position=next(_numbers),
            payload="{}",
            received_at=values.pop("received_at", ago(since)),
            **values,
        )
        return Place(tenant.id, connection.id, place_id_of(place))


def thread_in(tenant: Tenant, place: str, **fields: Any) -> Thread:
    with office(tenant) as connection:
        agent = Agent.objects.first() or factories.make_agent()
        conversation = Conversation.objects.create(agent=agent, channel="slack")
        known = {"connection": connection, "external_id": place, "place_id": place_id_of(place)}
        return Thread.objects.create(conversation=conversation, **known, **fields)


def found(most: int = 100, share: int = 100, *busy: Place) -> list[Place]:
    running: dict[UUID, int] = {}
    for place in busy:
        running[place.tenant_id] = running.get(place.tenant_id, 0) + 1
    return due.places(most, share, busy, running)


def test_workspaces_come_in_turn_and_the_oldest_first(cast: Cast) -> None:
    many = [wait(cast.acme, f"a{number}", since=100 - number) for number in range(5)]
    few = [wait(cast.globex, f"g{number}", since=20 - number) for number in range(2)]
    assert found() == [many[0], few[0], many[1], few[1], *many[2:]]
    assert found(3) == [many[0], few[0], many[1]]


def test_a_workspace_gets_its_share_with_what_is_running(cast: Cast) -> None:
    many = [wait(cast.acme, f"a{number}", since=100 - number) for number in range(5)]
    few = [wait(cast.globex, f"g{number}", since=20 - number) for number in range(2)]
    assert found(100, 2) == [many[0], few[0], many[1], few[1]]
    assert found(100, 2, many[0]) == [few[0], many[1], few[1]], "who has nothing running comes first"
    assert found(100, 2, many[0], many[1]) == few
    assert found(100, 3, *many[:3], few[0]) == [few[1]]


def test_a_busy_place_is_left_out_and_its_namesake_elsewhere_is_not(cast: Cast) -> None:
    ours, theirs = wait(cast.acme, "same"), wait(cast.globex, "same")
    assert found(100, 100, ours) == [theirs]
    assert found(100, 100, ours, theirs) == []


def test_what_was_said_in_one_place_is_one_place(cast: Cast) -> None:
    place = wait(cast.acme, "a", since=30)
    wait(cast.acme, "a", since=20)
    wait(cast.acme, "a", since=20, state=State.PENDING, thread=thread_in(cast.acme, "a"))
    assert found() == [place]


@pytest.mark.parametrize("state", State)
def test_what_is_to_be_heard_or_answered_is_due(cast: Cast, state: InboxEvent.State) -> None:
    place = wait(cast.acme, "a", state=state, thread=thread_in(cast.acme, "a"))
    is_due = state in {State.RECEIVED, State.PENDING, State.RUNNING}
    assert found() == ([place] if is_due else [])


def test_nothing_is_due_where_nobody_knows_the_place(cast: Cast) -> None:
    wait(cast.acme, "a", place_id=None)
    assert found() == []


def test_a_place_is_left_to_whoever_holds_its_lease(cast: Cast) -> None:
    thread = thread_in(cast.acme, "a", leased_until=timezone.now() + timedelta(seconds=20))
    place = wait(cast.acme, "a", state=State.RUNNING, thread=thread)
    assert found() == []
    with tenant_scope(cast.acme.id):
        Thread.objects.update(leased_until=ago(0.1))
    assert found() == [place], "whoever had it died"


def test_what_comes_in_beside_a_lease_is_heard(cast: Cast) -> None:
    thread = thread_in(cast.acme, "a", leased_until=timezone.now() + timedelta(seconds=20))
    wait(cast.acme, "a", state=State.RUNNING, thread=thread)
    place = wait(cast.acme, "a")
    assert found() == [place]


def test_a_retry_waits_for_its_time(cast: Cast) -> None:
    thread = thread_in(cast.acme, "a", retry_at=timezone.now() + timedelta(seconds=20))
    place = wait(cast.acme, "a", state=State.PENDING, thread=thread)
    assert found() == []
    with tenant_scope(cast.acme.id):
        Thread.objects.update(retry_at=ago(0.1))
    assert found() == [place]


@pytest.mark.parametrize(
    ("state", "unknown_for", "is_due"),
    [
        (Sent.PENDING, None, False),
        (Sent.SENDING, None, False),
        (Sent.UNKNOWN, 30, False),
        (Sent.UNKNOWN, 61, True),
        (Sent.SENT, None, True),
        (Sent.FAILED, None, True),
    ],
)
def test_a_place_waits_for_what_is_on_its_way_there(
    cast: Cast, state: Delivery.State, unknown_for: float | None, is_due: bool
) -> None:
    thread = thread_in(cast.acme, "a")
    place = wait(cast.acme, "a", state=State.PENDING, thread=thread)
    with tenant_scope(cast.acme.id):
        turn = Turn.objects.create(
            conversation=thread.conversation, speaker=Turn.Speaker.EMPLOYEE, text="Hello.", said_at=timezone.now()
        )
        since = ago(unknown_for) if unknown_for else None
        Delivery.objects.create(
            thread=thread, turn=turn, sequence=0, address={}, text="Hello.", state=state, unknown_since=since
        )
    assert found() == ([place] if is_due else [])


def test_the_newest_message_begins_the_quiet_period_anew(cast: Cast) -> None:
    place = wait(cast.acme, "a", since=5)
    assert found() == [place]
    wait(cast.acme, "a", since=0, due_at=timezone.now() + timedelta(seconds=1))
    assert found() == []


def test_the_quiet_period_ends_after_a_while_whatever_comes(cast: Cast) -> None:
    soon = timezone.now() + timedelta(seconds=1)
    place = wait(cast.acme, "a", since=10.1)
    wait(cast.acme, "a", since=0, due_at=soon)
    wait(cast.acme, "b", since=9, due_at=soon)
    assert found() == [place]
