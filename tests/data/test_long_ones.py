"""Very long conversations are deleted in batches of turns, and completely."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from agents.models import Conversation, Run, Turn
from channels.models import Connection, InboxEvent, Thread
from channels.privacy import erasure, forgetting, retention
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.data.conftest import BEN, Shop

TURNS = 25


@pytest.fixture(autouse=True)
def _few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "TURNS_AT_ONCE", 10)
    monkeypatch.setattr(erasure, "EVENTS_AT_ONCE", 5)


@pytest.fixture
def thread(shop: Shop) -> Thread:
    """A long conversation: Ben and the AI employee take turns."""
    thread_id = shop.talk("Hello")
    with tenant_scope(shop.tenant.id):
        thread = Thread.objects.get(id=thread_id)
        talk, connection = thread.conversation, Connection.objects.get()
        revision = Run.objects.get().revision
        for number in range(TURNS):
            run = Run.objects.create(conversation=talk, revision=revision, attempt=100 + number, state="answered")
            said = Turn.objects.create(conversation=talk, speaker="person", author=BEN, text=f"Said {number}.")
            Turn.objects.create(conversation=talk, run=run, speaker="employee", text=f"Answered {number}.")
            InboxEvent.objects.create(
                connection=connection, thread=thread, turn=said, run=run, provider="slack", state="done",
                external_account=connection.external_id, event_id=f"EvL{number}", kind="message", position=number,
                payload=_message(number), is_test=True,
            )  # fmt: skip
    return thread


def _message(number: int) -> str:
    return f'{{"author": "{BEN}", "text": "Said {number}."}}'


def _nothing_is_left(shop: Shop, *, events: int) -> None:
    with tenant_scope(shop.tenant.id):
        assert not Turn.objects.exists()
        assert not Run.objects.exists()
        assert not Conversation.objects.exists()
        assert not Thread.objects.exists()
        assert InboxEvent.objects.filter(payload="").count() == events  # their keys stay to detect redeliveries


def _deleted_at_once(queries: CaptureQueriesContext) -> int:
    return sum(each["sql"].startswith('DELETE FROM "agents_turn"') for each in queries)


def test_retention_deletes_a_long_one(shop: Shop, thread: Thread) -> None:
    Tenant.objects.filter(id=shop.tenant.id).update(retention_days=30)
    shop.grow_old(40)
    with CaptureQueriesContext(database) as queries:
        assert retention.forget_old(shop.tenant.id) == 1
    _nothing_is_left(shop, events=TURNS + 1)
    assert _deleted_at_once(queries) == 6  # 52 turns, ten at a time


def test_retention_keeps_a_long_one_that_is_active(shop: Shop, thread: Thread) -> None:
    Tenant.objects.filter(id=shop.tenant.id).update(retention_days=30)
    with tenant_scope(shop.tenant.id):
        InboxEvent.objects.filter(event_id="EvL3").update(state="pending")
    shop.grow_old(40)
    assert retention.forget_old(shop.tenant.id) == 0
    with tenant_scope(shop.tenant.id):
        assert Turn.objects.count() == 2 * TURNS + 2


def test_a_persons_own_long_one_is_erased(shop: Shop, thread: Thread) -> None:
    with CaptureQueriesContext(database) as queries:
        erased = erasure.erase_person(shop.tenant.id, shop.contact().id)
    assert erased.conversations == 1
    _nothing_is_left(shop, events=TURNS + 1)
    assert _deleted_at_once(queries) == 6
