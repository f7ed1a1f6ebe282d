"""Erasing a person, and deleting conversations."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import pytest
from django.db import connection
from django.test import Client

from agents.employees import hiring
from agents.llm.calls import LLMBusyError
from agents.models import Agent, Conversation, LLMCall, Run, Turn
from agents.runs import transcript
from agents.runs.transcript import ERASED
from channels.handles import people
from channels.messages import land, lookups
from channels.models import Contact, Delivery, InboxEvent, Thread
from channels.privacy import erasure, forgetting
from channels.scene import introductions
from tenants.jobs import renewals
from tenants.models import AuditEvent, Export, ExportPart, Role
from tenants.privacy import export
from tenants.scope import tenant_scope
from tenants.wordings import TOLD
from tests import factories, working
from tests.channels.slack import payload, post
from tests.data.conftest import BEN, CAROL, Person, Shop, words
from usage.models import Hold, Meter, UsageRecord


def erase(shop: Shop, external_id: str = BEN) -> erasure.Erased:
    return erasure.erase_person(shop.tenant.id, shop.contact(external_id).id)


def payloads(shop: Shop) -> str:
    with tenant_scope(shop.tenant.id):
        return "".join(InboxEvent.objects.values_list("payload", flat=True))


def states(shop: Shop) -> list[str]:
    with tenant_scope(shop.tenant.id):
        return list(InboxEvent.objects.order_by("id").values_list("state", flat=True))


def test_a_conversation_with_nobody_else_is_deleted_completely(shop: Shop) -> None:
    shop.talk("My number is 4711.")
    shop.talk("I am Carol.", by=CAROL)
    erased = erase(shop)
    assert (erased.conversations, erased.messages, erased.answers) == (1, 0, 0)
    assert shop.turns() == ["I am Carol.", "We open at nine."]
    with tenant_scope(shop.tenant.id):
        assert Conversation.objects.count() == Thread.objects.count() == Run.objects.count() == 1
        assert not Contact.objects.filter(external_id=BEN).exists()
        assert Contact.objects.filter(external_id=CAROL).exists()
    assert "4711" not in payloads(shop)
    assert CAROL in payloads(shop)


def test_in_a_conversation_with_others_text_and_answers_are_replaced(shop: Shop) -> None:
    thread_id = shop.talk("My number is 4711.", reply="Thank you, 4711.")
    shop.talk("What about me?", by=CAROL, thread_ts=shop.ts_of(thread_id), reply="You too, Carol.")
    erased = erase(shop)
    assert (erased.conversations, erased.messages, erased.answers) == (0, 1, 1)
    assert shop.turns() == [ERASED, ERASED, "What about me?", "You too, Carol."]
    with tenant_scope(shop.tenant.id):
        turns = people.with_speakers(Turn.objects.order_by("id"))
        assert [each.said_by for each in turns] == ["", "Maya", CAROL, "Maya"]
        assert [each.text for each in Delivery.objects.in_order()] == [ERASED, "You too, Carol."]
        assert Conversation.objects.get().title == ERASED
        assert LLMCall.objects.filter(actual_usd__gt=0).count() == 2
    assert "4711" not in payloads(shop)


def test_messages_to_a_previous_employee_in_the_same_thread_can_be_erased_later(shop: Shop) -> None:
    """An employee was let go, so the thread continued in a new conversation with only Ben in it."""
    ts = shop.ts_of(shop.talk("Hello, I am Carol.", by=CAROL))
    with tenant_scope(shop.tenant.id):
        hiring.let_go(Agent.objects.get())
        factories.make_agent("Mia")
    shop.talk("My number is 4711.", by=BEN, thread_ts=ts)
    erase(shop, BEN)
    assert shop.turns() == ["Hello, I am Carol.", "We open at nine."]
    erase(shop, CAROL)
    assert shop.turns() == []
    assert payloads(shop) == ""


def test_the_ledger_keeps_its_numbers(shop: Shop) -> None:
    shop.talk("My number is 4711.")
    with tenant_scope(shop.tenant.id):
        before = list(UsageRecord.objects.values_list("cost_usd", "input_tokens"))
    erase(shop)
    with tenant_scope(shop.tenant.id):
        assert list(UsageRecord.objects.values_list("cost_usd", "input_tokens")) == before != []


def test_erased_text_is_not_in_the_employees_prompt(shop: Shop) -> None:
    thread_id = shop.talk("My number is 4711.")
    shop.talk("What about me?", by=CAROL, thread_ts=shop.ts_of(thread_id), reply="You too.")
    erase(shop)
    shop.hear("And now?", by=CAROL, thread_ts=shop.ts_of(thread_id))
    told = [message.text.split("\n")[-1] for message in shop.claim(thread_id).run.prompt.messages]
    assert told == ["a person: What about me?", "You too.", "a person: And now?"]
    with tenant_scope(shop.tenant.id):
        assert ERASED not in [turn.text for turn in transcript.remembered(Conversation.objects.get())]


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_redelivery_of_an_erased_message_is_ignored(shop: Shop, is_shared: bool) -> None:
    body, ts = shop.said("My number is 4711.", by=BEN, event_id="EvBen")
    post(shop.client, body)
    if is_shared:
        shop.hear("Me too", by=CAROL, thread_ts=ts)
    erase(shop)
    before = shop.turns()
    twin = {**body, "event_id": "EvTwin", "event": {**body["event"], "type": "message", "channel_type": "channel"}}  # type: ignore[dict-item]
    for again in (body, twin):
        assert post(shop.client, again).status_code == 200
    assert shop.turns() == before
    with tenant_scope(shop.tenant.id):
        kept = InboxEvent.objects.get(event_id="EvBen")
    assert (kept.payload, kept.state, str(kept.reason)) == ("", "ignored", "Erased.")


def test_edited_messages_to_others_are_erased_too(shop: Shop) -> None:
    shop.talk("Hello")
    talk = payload(
        "message_channels", text="My number is 4711.", ts="1700009.1", channel="C1", user=BEN, _event_id="E1"
    )
    post(shop.client, talk)
    carols = payload("message_channels", text="Tell @U0BEN", ts="1700009.2", channel="C1", user=CAROL, _event_id="E2")
    post(shop.client, carols)
    changed = payload("message_changed", channel="C1", _event_id="E3")
    edited = {"user": BEN, "ts": "1700010.000000"}
    changed["event"]["message"] = {"user": BEN, "text": "My number is 4712.", "ts": "1700009.1", "edited": edited}
    assert "4711" in payloads(shop)
    post(shop.client, changed)
    assert "4711" not in payloads(shop)
    assert "4712" in payloads(shop)
    erase(shop)
    assert "471" not in payloads(shop)
    assert "Tell @U0BEN" in payloads(shop)


def test_a_person_being_answered_is_erased_and_the_worker_drops_its_answer(shop: Shop) -> None:
    claim = shop.claim(shop.hear("My number is 4711."))
    erase(shop)
    shop.land(claim, "Thank you, 4711.")
    assert shop.turns() == []
    with tenant_scope(shop.tenant.id):
        assert Delivery.objects.count() == 0
        assert UsageRecord.objects.get().is_assumed
        assert Hold.objects.get().state == "settled"
        assert Meter.objects.get().reserved_usd == 0


def test_a_late_llm_failure_is_dropped_as_well(shop: Shop) -> None:
    claim = shop.claim(shop.hear("My number is 4711."))
    erase(shop)
    land.failed(claim, LLMBusyError(TOLD(text="Busy.")))
    assert shop.turns() == []


def test_in_a_conversation_with_others_their_messages_are_answered_again(shop: Shop) -> None:
    body, ts = shop.said("My number is 4711.", by=BEN)
    post(shop.client, body)
    thread_id = shop.hear("When do you open?", by=CAROL, thread_ts=ts)
    claim = shop.claim(thread_id)
    erase(shop)
    shop.land(claim, "Thank you, 4711.")
    assert states(shop) == ["ignored", "pending"]
    again = shop.claim(thread_id)
    (message,) = again.run.prompt.messages
    assert message.text.endswith("\n\na person: When do you open?")
    assert "4711" not in message.text
    shop.land(again, "At nine.")
    assert shop.turns() == [ERASED, "When do you open?", "At nine."]


@pytest.mark.parametrize("state", ["pending", "sending", "unknown"])
def test_a_pending_answer_is_no_longer_sent(shop: Shop, state: str) -> None:
    body, ts = shop.said("My number is 4711.", by=BEN)
    post(shop.client, body)
    thread_id = shop.hear("Me too", by=CAROL, thread_ts=ts)
    shop.land(shop.claim(thread_id), "Thank you, 4711.")
    dispatch = working.next_of(shop.tenant.id, thread_id)
    assert dispatch
    with tenant_scope(shop.tenant.id):
        Delivery.objects.update(state=state)
    erase(shop)
    lookups._land_found(dispatch, None)
    assert working.next_of(shop.tenant.id, thread_id) is None
    with tenant_scope(shop.tenant.id):
        assert [(each.state, each.text) for each in Delivery.objects.all()] == [("failed", ERASED)]


def test_a_name_that_is_learned_meanwhile_is_not_kept(shop: Shop) -> None:
    thread_id = shop.talk("Hello")
    contact = shop.contact()
    erase(shop)
    introductions._remember(shop.tenant.id, contact, "Ben Smith")
    introductions.introduce(shop.tenant.id, thread_id)
    with tenant_scope(shop.tenant.id):
        assert not Contact.objects.exists()
        assert not Turn.objects.exclude(person=None).exists()


def test_the_trail_says_how_much_but_not_who(shop: Shop) -> None:
    shop.talk("My number is 4711.")
    with tenant_scope(shop.tenant.id):
        introductions._remember(shop.tenant.id, shop.contact(), "Ben Smith")
    erase(shop)
    with tenant_scope(shop.tenant.id):
        entry = AuditEvent.objects.get(action="person.erased")
    assert "Conversations deleted: 1." in str(entry.detail)
    told = f"{entry.detail}{entry.changes}{entry.target_name}{entry.target_id}"
    assert not any(word in told for word in ("Ben", BEN, "4711"))


def test_earlier_exports_are_deleted_and_a_running_one_restarts(shop: Shop) -> None:
    shop.talk("My number is 4711.")
    with tenant_scope(shop.tenant.id):
        done = export.request(shop.owner)
    export.make(shop.tenant.id, done.id)
    with tenant_scope(shop.tenant.id):
        running = export.request(shop.owner)
    attempt = export._claim(shop.tenant.id, running.id)
    assert attempt
    erase(shop)
    assert renewals.renew(Export, [(running.id, attempt)]) == set()
    export.make(shop.tenant.id, running.id)
    with tenant_scope(shop.tenant.id):
        assert list(Export.objects.order_by("id").values_list("state", flat=True)) == ["expired", "done"]
        assert not ExportPart.objects.filter(export=done).exists()
    assert export._claim(shop.tenant.id, running.id) is None


def test_running_it_again_after_an_interruption_completes_it(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        shop.talk("My number is 4711.")
    forget, calls = erasure._erase_in, []

    def die_at_the_second(*args: object) -> erasure.Erased:
        calls.append(1)
        if len(calls) == 2:
            raise ZeroDivisionError
        return forget(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(erasure, "_erase_in", die_at_the_second)
    with pytest.raises(ZeroDivisionError):
        erase(shop)
    assert shop.contact()
    assert erase(shop).conversations == 2
    assert shop.turns() == []


@dataclass
class Bustle:
    """Ben and a worker, active all the time; records whatever goes wrong."""

    shop: Shop
    ts: str
    is_over: threading.Event = field(default_factory=threading.Event)
    faults: list[Exception] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self) -> None:
        with self.lock:
            body, _ = self.shop.said("My number is 4711.", by=BEN, thread_ts=random.choice([self.ts, ""]))
        assert post(Client(raise_request_exception=False), body).status_code == 200

    def answer(self) -> None:
        with tenant_scope(self.shop.tenant.id):
            threads = list(Thread.objects.values_list("id", flat=True))
        for thread_id in threads:
            claim = self.shop.claim_or_none(thread_id)
            if claim:
                self.shop.land(claim)
            self.shop.send(thread_id)

    def go_on(self, work: Callable[[], None]) -> None:
        while not self.is_over.is_set():
            try:
                work()
            except Exception as error:  # noqa: BLE001 - any error fails the test
                self.faults.append(error)
        connection.close()

    @contextmanager
    def around(self) -> Iterator[None]:
        workers = [threading.Thread(target=self.go_on, args=(work,)) for work in (self.write, self.answer, self.answer)]
        for each in workers:
            each.start()
        try:
            yield
        finally:
            self.is_over.set()
            for each in workers:
                each.join()


def erase_if_known(shop: Shop) -> None:
    with tenant_scope(shop.tenant.id):
        contact = Contact.objects.filter(external_id=BEN).first()
    if contact:
        with suppress(erasure.StillTalkingError):
            erasure.erase_person(shop.tenant.id, contact.id)


def test_they_write_and_are_answered_all_the_time_and_nothing_deadlocks(shop: Shop) -> None:
    bustle = Bustle(shop, shop.ts_of(shop.talk("Hello, I am Carol.", by=CAROL)))
    with bustle.around():
        for _ in range(8):
            erase_if_known(shop)
    assert bustle.faults == []
    erase_if_known(shop)
    assert "Hello, I am Carol." in shop.turns()
    assert "My number is 4711." not in shop.turns()
    assert "4711" not in payloads(shop)


def test_open_conversations_are_kept(shop: Shop) -> None:
    waiting, leased, leaving = (shop.hear(text) for text in ("Waiting", "Leased", "Leaving"))
    shop.claim(leased)
    shop.land(shop.claim(leaving))
    done = shop.talk("Done")
    with tenant_scope(shop.tenant.id):
        everything = list(Conversation.objects.values_list("id", flat=True))
        gone = Conversation.objects.get(thread=done).id
        assert forgetting.forget(everything) == 1
        assert not Conversation.objects.filter(id=gone).exists()
        assert set(Thread.objects.values_list("id", flat=True)) == {waiting, leased, leaving}


def test_a_conversation_that_a_worker_has_locked_is_left_alone(shop: Shop) -> None:
    thread_id = shop.talk("Done")
    locked, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with tenant_scope(shop.tenant.id):
            Thread.objects.select_for_update(no_key=True).get(id=thread_id)
            locked.set()
            go_on.wait(10)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(10)
    with tenant_scope(shop.tenant.id):
        assert forgetting.forget(list(Conversation.objects.values_list("id", flat=True))) == 0
    go_on.set()
    holder.join()


def test_an_admin_finds_and_erases_a_person(shop: Shop, hire: Callable[[Role], Person]) -> None:
    shop.talk("My number is 4711.")
    introductions._remember(shop.tenant.id, shop.contact(), "Ben Smith")
    admin = hire(Role.ADMIN)
    page = words(admin.get("settings/data/people/?q=ben"))
    assert "Erase Ben Smith?" in page
    assert "Nobody is called" in words(admin.get("settings/data/people/?q=dora"))
    contact = shop.contact()
    assert admin.post(f"settings/data/people/{contact.id}/erase/").status_code == 302
    assert "1 conversation deleted." in words(admin.get("settings/data/people/"))
    assert admin.post(f"settings/data/people/{contact.id}/erase/").status_code == 404
    with tenant_scope(shop.tenant.id):
        assert AuditEvent.objects.get(action="person.erased").actor_name == admin.user.email


def test_an_operator_may_not(shop: Shop, hire: Callable[[Role], Person]) -> None:
    shop.talk("My number is 4711.")
    operator = hire(Role.OPERATOR)
    assert operator.get("settings/data/people/").status_code == 403
    assert operator.post(f"settings/data/people/{shop.contact().id}/erase/").status_code == 403
    assert "My number is 4711." in shop.turns()
