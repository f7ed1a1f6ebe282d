"""More messages a minute than the limits allow: said once, nothing lost, and answered together a minute later."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from agents.models import Run, Turn
from agents.phrases import said
from channels import phrases
from channels.messages import due
from channels.messages.limits import look, loops, rates
from channels.messages.limits.look import Look
from channels.models import Connection, Contact, Delivery, InboxEvent, Thread
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories, working
from tests.channels.slack import post
from tests.data.conftest import BEN, CAROL, Shop
from tests.data.test_corrections import thread_of

NOW = datetime.fromisoformat("2026-11-30T12:00:00+00:00")
ACME = uuid4()
LATER = NOW + timedelta(seconds=30)


@pytest.fixture(autouse=True)
def _limits(settings: Settings) -> None:
    settings.PERSON_MESSAGES_PER_MINUTE = 10
    settings.CONNECTION_MESSAGES_PER_MINUTE = 30
    settings.WORKSPACE_MESSAGES_PER_MINUTE = 60


def waiting(*authors: str, **fields: Any) -> list[InboxEvent]:
    return [InboxEvent(tenant_id=ACME, author=author, **fields) for author in authors]


def recent(*, told_until: datetime | None = None, here: int = 0, everywhere: int = 0, **by_author: int) -> Look:
    return Look(False, 0, 0, by_author or {"ben": 0}, told_until, here, everywhere)


@pytest.mark.parametrize(
    ("events", "past", "is_held"),
    [
        (waiting("ben"), recent(ben=9), False),
        (waiting("ben"), recent(ben=10), True),
        (waiting("ben", "ben"), recent(ben=9), True),
        (waiting(*["ben"] * 11), recent(ben=0), True),
        (waiting("ben", "ada"), recent(ben=10, ada=3), False),
        (waiting("ben", "ada"), recent(ben=10, ada=10), True),
        (waiting("ben", is_test=True), recent(ben=99, here=99, everywhere=99), False),
        (waiting("ben", "ben", taken_at=NOW), recent(ben=99), False),
        (waiting(*["ben"] * 11, held_until=NOW), recent(ben=9), False),
        (waiting(*["ben"] * 11, held_until=NOW), recent(ben=10), True),
        (waiting("ben"), recent(ben=0, here=29, everywhere=59), False),
        (waiting("ben"), recent(ben=0, here=30), True),
        (waiting("ben"), recent(ben=0, everywhere=60), True),
    ],
)
def test_what_is_over_a_limit_waits(events: list[InboxEvent], past: Look, is_held: bool) -> None:
    hold = rates.hold_of(events, past, NOW)
    assert (hold is not None) == is_held
    if hold:
        assert hold.until == NOW + timedelta(minutes=1)


def test_it_is_said_once_in_the_right_words() -> None:
    of_person = rates.hold_of(waiting("ben"), recent(ben=10), NOW)
    assert of_person
    assert (of_person.sentence, of_person.is_told) == (phrases.TOO_FAST, False)
    of_all = rates.hold_of(waiting("ben"), recent(ben=0, everywhere=60), NOW)
    assert of_all
    assert (of_all.sentence, of_all.is_told) == (phrases.TOO_MANY, False)
    elsewhere = rates.hold_of(waiting("ben"), recent(told_until=LATER, ben=10), NOW)
    assert elsewhere
    assert (elsewhere.until, elsewhere.is_told) == (LATER, True), "both wait for the same minute"
    again = rates.hold_of(waiting("ben", held_until=NOW), recent(ben=0, everywhere=60), NOW)
    assert again
    assert again.is_told


@pytest.mark.parametrize("limit", ["PERSON", "CONNECTION", "WORKSPACE"])
def test_each_limit_can_be_turned_off(settings: Settings, limit: str) -> None:
    past = recent(ben=999, here=999, everywhere=999)
    assert rates.hold_of(waiting("ben"), past, NOW)
    for name in ("PERSON", "CONNECTION", "WORKSPACE"):
        setattr(settings, f"{name}_MESSAGES_PER_MINUTE", 0)
    assert rates.hold_of(waiting("ben"), past, NOW) is None
    setattr(settings, f"{limit}_MESSAGES_PER_MINUTE", 5)
    assert rates.hold_of(waiting("ben"), past, NOW)


def ask(shop: Shop, text: str, *, by: str = BEN, root: str = "") -> str:
    """Somebody writes, in the thread of an earlier message; its ts."""
    body, ts = shop.said(text, by=by, thread_ts=root)
    assert post(shop.client, body).status_code == 200
    return ts


def said_by_employee(shop: Shop) -> list[str]:
    with tenant_scope(shop.tenant.id):
        return list(Turn.objects.filter(speaker="employee").order_by("id").values_list("text", flat=True))


def states(shop: Shop) -> list[str]:
    with tenant_scope(shop.tenant.id):
        return list(InboxEvent.objects.order_by("position").values_list("state", flat=True))


def a_minute_later(shop: Shop) -> None:
    minute = timedelta(seconds=61)
    with tenant_scope(shop.tenant.id):
        for event in InboxEvent.objects.all():
            event.taken_at = event.taken_at and event.taken_at - minute
            event.held_until = event.held_until and event.held_until - minute
            event.save(update_fields=["taken_at", "held_until"])
        for thread in Thread.objects.exclude(retry_at=None):
            thread.retry_at = thread.retry_at and thread.retry_at - minute
            thread.save(update_fields=["retry_at"])


def is_due(shop: Shop) -> bool:
    return any(place.tenant_id == shop.tenant.id for place in due.places(100, 100, [], {}))


def test_a_person_who_writes_too_fast_is_told_once_and_answered_a_minute_later(shop: Shop, settings: Settings) -> None:
    settings.PERSON_MESSAGES_PER_MINUTE = 2
    root = ask(shop, "One")
    for text in ("", "Two"):
        if text:
            ask(shop, text, root=root)
        shop.land(shop.claim(thread_of(shop, root)))
        shop.send(thread_of(shop, root))
    ask(shop, "Three", root=root)
    assert shop.claim_or_none(thread_of(shop, root)) is None
    shop.send(thread_of(shop, root))
    assert said_by_employee(shop)[2:] == [str(phrases.TOO_FAST)]
    assert states(shop) == ["done", "done", "pending"]
    assert not is_due(shop)
    ask(shop, "Four", root=root)
    elsewhere = ask(shop, "Five, in another thread")
    for ts in (root, elsewhere):
        assert shop.claim_or_none(thread_of(shop, ts)) is None
    assert len(said_by_employee(shop)) == 3, "it was said already"
    assert not is_due(shop)

    a_minute_later(shop)
    assert is_due(shop)
    claim = shop.claim(thread_of(shop, root))
    asked = claim.run.prompt.messages[-1].text
    assert "Three" in asked
    assert "Four" in asked
    shop.land(claim)
    shop.send(thread_of(shop, root))
    assert states(shop) == ["done"] * 4 + ["pending"]
    with tenant_scope(shop.tenant.id):
        refused = Run.objects.get(state="refused")
        assert refused.cause == "too_fast"
        assert Delivery.objects.count() == 4


def test_a_full_workspace_lets_others_wait_and_says_so_in_their_language(shop: Shop, settings: Settings) -> None:
    settings.WORKSPACE_MESSAGES_PER_MINUTE = 1
    Tenant.objects.filter(id=shop.tenant.id).update(language="de")
    shop.talk("When do you open?")
    carols = ask(shop, "And on Sundays?", by=CAROL)
    assert shop.claim_or_none(thread_of(shop, carols)) is None
    assert said_by_employee(shop)[-1] == said(phrases.TOO_MANY, "de")
    a_minute_later(shop)
    shop.send(thread_of(shop, carols))
    assert shop.claim(thread_of(shop, carols))


def known_elsewhere(shop: Shop, author: str) -> Connection:
    """The same person writes on another connection, too."""
    with tenant_scope(shop.tenant.id):
        other = factories.make_connection("T0OTHER")
        Contact.objects.create(connection=other, external_id="U0ALIAS", person=shop.contact(author).person)
        return other


def look_of(shop: Shop, thread_id: UUID, author: str) -> Look:
    with tenant_scope(shop.tenant.id):
        return look.look(Thread.objects.select_related("connection").get(id=thread_id), [author], timezone.now())


def test_a_person_is_counted_over_all_connections(shop: Shop, settings: Settings) -> None:
    settings.LOOP_DAILY_ANSWERS = 1
    thread_id = shop.talk("When do you open?")
    other = known_elsewhere(shop, BEN)
    with tenant_scope(shop.tenant.id):
        InboxEvent.objects.update(connection=other, author="U0ALIAS")
    past = look_of(shop, thread_id, BEN)
    assert (past.said_to, past.by_author, past.by_connection, past.by_workspace) == (1, {BEN: 1}, 0, 1)
    with tenant_scope(shop.tenant.id):
        thread = Thread.objects.select_related("connection").get(id=thread_id)
        pause = loops.pause_of(thread, waiting(BEN), past, timezone.now())
        assert pause
        assert not pause.is_told
        Run.objects.update(state="refused", error=pause.reason)
        pause = loops.pause_of(thread, waiting(BEN), past, timezone.now())
        assert pause
        assert pause.is_told, "on the other connection"
    stranger = look_of(shop, thread_id, CAROL)
    assert (stranger.said_to, stranger.by_author) == (0, {CAROL: 0})


def test_what_waits_does_not_stand_before_others(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "OF_EACH", 2)
    held = [ask(shop, f"{number}") for number in range(3)]
    working.hear(shop.tenant.id)
    with tenant_scope(shop.tenant.id):
        later = timezone.now() + timedelta(seconds=50)
        InboxEvent.objects.update(held_until=later)
        Thread.objects.update(retry_at=later)
    assert not is_due(shop)
    ask(shop, "Hello?", by=CAROL)
    assert len(held) == 3
    assert is_due(shop)
