"""Edits and deletions combined with the rules on who gets an answer: unclear authors, files, messages to others."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from agents.models import Turn
from agents.people import persons
from channels import phrases
from channels.connections.connect import listen
from channels.handles import people
from channels.messages.incoming import addressing, changes
from channels.models import Connection, Contact, InboxEvent
from channels.privacy import erasure
from channels.providers.base import NOT_A_PERSON
from channels.scene import talk
from tenants.scope import tenant_scope
from tests import working
from tests.data.conftest import BEN, CAROL, Shop
from tests.data.test_corrections import (
    COMPLETION,
    LATER,
    MENTION,
    ROOT,
    answer,
    deleted,
    edited,
    said,
    send,
    state_of,
    stored,
    thread_of,
)

BY_APP = {"bot_id": "B0APP", "app_id": "A0OTHER"}
"""Posted with a token: only Slack knows whether it was a person's."""
PHOTO: dict[str, Any] = {"subtype": "file_share", "files": [{"name": "cake.jpg", "mimetype": "image/jpeg"}]}
REPLY = "1700000510.000100"


def believe(shop: Shop, *, is_person: bool = True, ts: str = ROOT) -> object:
    """Slack has identified the author; the thread that waits for an answer now, if any."""
    with tenant_scope(shop.tenant.id):
        event = InboxEvent.objects.select_related("connection").get(message_key=f"C1:{ts}")
        contact = people.meet(event.connection, event.author)
        Contact.objects.filter(id=contact.id).update(is_machine=not is_person)
        changes.believe(event.id, is_person=is_person)
    working.hear(shop.tenant.id)
    with tenant_scope(shop.tenant.id):
        waits = InboxEvent.objects.filter(id=event.id, state=InboxEvent.State.PENDING)
        return waits.values_list("thread", flat=True).first()


def told(shop: Shop, ts: str) -> str:
    """The earlier conversation that the LLM gets with this message, which mentions the employee."""
    return shop.claim(thread_of(shop, ts)).run.prompt.messages[-1].background


def test_an_edit_of_a_message_with_an_unclear_author_counts(shop: Shop) -> None:
    send(shop, said(f"{MENTION} Do you open on 4711?", **BY_APP))
    send(shop, edited(f"{MENTION} Do you open on Sunday?", **BY_APP))
    assert state_of(shop) == ("doubtful", str(addressing.WHO_WROTE()))
    assert believe(shop)
    assert "on Sunday?" in answer(shop)
    assert "4711" not in stored(shop)


def test_deleting_a_message_with_an_unclear_author_ends_it(shop: Shop) -> None:
    send(shop, said(f"{MENTION} My number is 4711.", **BY_APP), deleted())
    assert state_of(shop) == ("ignored", "Deleted by its author.")
    assert believe(shop) is None
    assert "4711" not in stored(shop)


def test_a_message_with_an_unclear_author_whose_mention_was_removed_is_talk(shop: Shop) -> None:
    send(shop, said(f"{MENTION} The oven is broken.", **BY_APP), edited("The oven is broken.", **BY_APP))
    assert believe(shop) is None
    assert state_of(shop) == ("ignored", str(addressing.SAID_TO_OTHERS()))
    send(shop, said(f"{MENTION} Whom do we call?", REPLY, by=CAROL, thread_ts=ROOT))
    assert "a person: The oven is broken." in told(shop, REPLY)


def test_a_message_identified_as_a_bots_loses_its_text(shop: Shop) -> None:
    send(shop, said(f"{MENTION} Build 4711 failed.", **BY_APP))
    assert believe(shop, is_person=False) is None
    assert state_of(shop) == ("ignored", str(NOT_A_PERSON()))
    assert "4711" not in stored(shop)


def test_a_mention_added_through_an_app_waits_for_slacks_answer(shop: Shop) -> None:
    send(shop, said("Do you open on Sunday?", **BY_APP), edited(f"{MENTION} Do you open on Sunday?", **BY_APP))
    assert state_of(shop) == ("doubtful", str(addressing.WHO_WROTE()))
    assert believe(shop)
    assert "on Sunday?" in answer(shop)
    with tenant_scope(shop.tenant.id):
        heard = Turn.objects.get(speaker="person")
        assert heard.said_at.timestamp() == 1700000560, "its time is that of the mention"


def test_a_mention_added_by_a_known_bot_is_ignored(shop: Shop) -> None:
    send(shop, said(f"{MENTION} hello", **BY_APP))
    believe(shop, is_person=False)
    send(shop, said("Build 4711", REPLY, **BY_APP), edited(f"{MENTION} Build 4711", REPLY, **BY_APP))
    assert state_of(shop, REPLY) == ("ignored", str(NOT_A_PERSON()))
    assert shop.turns() == []
    assert "4711" not in stored(shop)


def test_text_added_to_a_photo_by_an_edit_is_answered(shop: Shop) -> None:
    send(shop, said(f"{MENTION} Can you bake this?"))
    answer(shop)
    send(shop, said("", REPLY, thread_ts=ROOT, **PHOTO))
    with tenant_scope(shop.tenant.id):
        assert not InboxEvent.objects.get(message_key=f"C1:{REPLY}").is_readable
    send(shop, edited("How much is it?", REPLY, thread_ts=ROOT, **PHOTO))
    assert "How much is it?" in answer(shop, REPLY)


def test_an_edit_that_leaves_nothing_is_a_deletion(shop: Shop) -> None:
    send(shop, said(f"{MENTION} My number is 4711."), edited(""))
    assert state_of(shop) == ("ignored", "Deleted by its author.")
    assert "4711" not in stored(shop)


def test_an_edit_that_addresses_others_cancels_the_answer_until_it_is_undone(shop: Shop) -> None:
    send(shop, said(f"{MENTION} Do you open?"))
    answer(shop)
    send(shop, said("And on Sunday?", REPLY, thread_ts=ROOT))
    claim = shop.claim(thread_of(shop, REPLY))
    send(shop, edited("<@U0CAROL> And on Sunday?", REPLY, thread_ts=ROOT))
    assert working.land_answer(claim, COMPLETION, may_start_over=True) is False
    assert state_of(shop, REPLY) == ("ignored", str(addressing.SAID_TO_OTHERS()))
    assert shop.claim_or_none(thread_of(shop, REPLY)) is None
    send(shop, edited(f"<@U0CAROL> {MENTION} And on Sunday?", REPLY, at="1700000570.000000", thread_ts=ROOT))
    assert "And on Sunday?" in answer(shop, REPLY)


def test_adding_a_mention_of_others_to_a_mention_changes_nothing(shop: Shop) -> None:
    send(shop, said(f"{MENTION} Do you open?"), edited(f"{MENTION} <@U0CAROL> Do you open?"))
    assert state_of(shop)[0] == "pending"


def test_talk_is_read_as_people_read_it_and_includes_only_people(shop: Shop) -> None:
    words = {"type": "section", "text": {"type": "mrkdwn", "text": "The oven & <https://x.example|this>"}}
    times = (f"170000050{number}.000100" for number in range(1, 6))
    send(shop, said("", next(times), thread_ts=ROOT, blocks=[words]))
    send(shop, said("Look", next(times), by=CAROL, thread_ts=ROOT, **PHOTO))
    send(shop, said("Build 1 failed", next(times), by="U0MACHINE", thread_ts=ROOT, **BY_APP))
    send(shop, said("Build 2 failed", next(times), by="U0PERSON", thread_ts=ROOT, **BY_APP))
    with tenant_scope(shop.tenant.id):
        contact = people.meet(Connection.objects.get(), "U0PERSON")
        Contact.objects.filter(id=contact.id).update(name="Pia", is_machine=False)
        persons.rename(contact.person_id, "Pia")
    send(shop, said(f"{MENTION} Well?", REPLY, thread_ts=ROOT))
    assert told(shop, REPLY).splitlines()[1:-1] == [
        "  a person: The oven & this (https://x.example)",
        "  a person (2): Look",
        "    ",
        "    [The person sent a photo, “cake.jpg”. You cannot see it.]",
        "  Pia: Build 2 failed",
    ]


def test_a_message_without_a_required_mention_is_talk(shop: Shop) -> None:
    with tenant_scope(shop.tenant.id):
        listen(Connection.objects.get(), only_when_mentioned=True)
    send(shop, said(f"{MENTION} Do you open?"))
    answer(shop)
    send(shop, said("On Sunday, I mean", "1700000505.000100", thread_ts=ROOT))
    send(shop, said(f"{MENTION} Well?", REPLY, thread_ts=ROOT))
    assert "On Sunday, I mean" in told(shop, REPLY)


def test_a_reply_through_an_app_that_arrived_before_the_mention_waits_for_slacks_answer(shop: Shop) -> None:
    send(shop, said("It is urgent", REPLY, thread_ts=ROOT, **BY_APP))
    send(shop, said("Is it?", "1700000520.000100", by=CAROL, thread_ts=ROOT))
    send(shop, said(f"{MENTION} Do you open?"))
    assert state_of(shop, REPLY) == ("doubtful", str(addressing.WHO_WROTE()))
    assert believe(shop, ts=REPLY)
    assert shop.turns() == ["Do you open?", "It is urgent"]
    assert "Is it?" in told(shop, ROOT)


def test_messages_unanswered_because_of_a_pause_are_not_talk(shop: Shop, settings: Settings) -> None:
    settings.LOOP_ANSWERS = 1
    send(shop, said(f"{MENTION} Hello"))
    answer(shop)
    for number in range(2):
        send(shop, said(f"Number 471{number}", f"170000051{number}.000100", thread_ts=ROOT))
        assert shop.claim_or_none(thread_of(shop)) is None
        shop.send(thread_of(shop))
    assert state_of(shop, "1700000511.000100")[0] == "ignored"
    with tenant_scope(shop.tenant.id):
        InboxEvent.objects.update(received_at=timezone.now() - timedelta(hours=25))
    assert talk.blank(shop.tenant.id) == 0
    assert "Number 4711" in shop.turns()
    erasure.erase_person(shop.tenant.id, shop.contact(BEN).id)
    assert "4711" not in stored(shop)


def test_constant_edits_do_not_cause_endless_answers(shop: Shop, settings: Settings) -> None:
    settings.LOOP_ANSWERS = 3
    send(shop, said(f"{MENTION} Question 0"))
    for number in range(1, 4):
        claim = shop.claim(thread_of(shop))
        send(shop, edited(f"{MENTION} Question {number}", at=f"17000005{60 + number}.000000"))
        working.land_answer(claim, COMPLETION, may_start_over=False)
    assert shop.claim_or_none(thread_of(shop)) is None
    assert shop.turns() == ["Question 3", str(phrases.PAUSED)]


@pytest.mark.parametrize("of_whom", ["ours", "theirs"])
def test_an_edit_is_routed_to_the_workspace_whose_employee_it_mentions(shop: Shop, of_whom: str) -> None:
    first = {"team_id": "T0PARTNER", "user_id": "U0THEIRS", "is_bot": True}
    ours = {"team_id": "T123ABC456", "user_id": MENTION[2:-1], "is_bot": True}
    body = edited(f"{MENTION if of_whom == 'ours' else '<@U0THEIRS>'} Hello", at=LATER)
    send(shop, body | {"authorizations": [first, ours], "team_id": "T0PARTNER"})
    assert shop.turns() == (["Hello"] if of_whom == "ours" else [])
