"""What happens to a message that its author edits or deletes in Slack, before and after the answer."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from agents.llm.calls import Completion, LLMBusyError
from agents.models import Conversation, LLMCall, Run, Turn
from agents.runs.transcript import ERASED
from channels.messages import failures, land, replays
from channels.models import Contact, Delivery, InboxEvent, Thread
from channels.privacy import erasure
from tenants.scope import tenant_scope
from tenants.wordings import TOLD
from tests import working
from tests.channels.slack import BOT, arrive, payload, post
from tests.data.conftest import BEN, CAROL, Shop
from usage.models import Hold, Meter, UsageRecord
from usage.tokens import Tokens

MENTION = f"<@{BOT}>"
ROOT = "1700000500.000100"
LATER = "1700000560.000000"


def said(text: str, ts: str = ROOT, *, by: str = BEN, **event: Any) -> dict[str, Any]:
    """A message event; with a mention, Slack's app_mention."""
    kind = "app_mention" if MENTION in text else "message_channels"
    return payload(kind, text=text, ts=ts, channel="C1", user=by, **{"_event_id": f"Ev{ts}{kind}", **event})


def edited(text: str, ts: str = ROOT, *, at: str = LATER, was: str = "before", **message: Any) -> dict[str, Any]:
    """Slack's message_changed with both versions, in its current format."""
    body = payload("message_changed", channel="C1", ts=at, _event_id=f"EvEdit{ts}{at}")
    after = {"type": "message", "user": BEN, "text": text, "ts": ts, "edited": {"user": BEN, "ts": at}, **message}
    before = {"type": "message", "user": BEN, "text": was, "ts": ts}
    body["event"] |= {"message": after, "previous_message": before}
    return body


def deleted(ts: str = ROOT, **event: Any) -> dict[str, Any]:
    """Slack's message_deleted, as its documentation shows it."""
    return payload("message_deleted", channel="C1", deleted_ts=ts, _event_id=f"EvDelete{ts}", **event)


def tombstone(ts: str = ROOT) -> dict[str, Any]:
    """The event for a deleted message with replies."""
    body = edited("This message was deleted.", ts)
    body["_event_id"] = "EvTombstone"
    body["event"]["message"] = {
        "type": "message", "subtype": "tombstone", "user": "USLACKBOT", "text": "This message was deleted.",
        "hidden": True, "ts": ts, "thread_ts": ts, "reply_count": 1,
    }  # fmt: skip
    return body


def send(shop: Shop, *bodies: dict[str, Any]) -> None:
    """Deliver each event twice, as Slack may."""
    for body in bodies:
        for _ in range(2):
            assert post(shop.client, body).status_code == 200


def thread_of(shop: Shop, ts: str = ROOT) -> Any:
    with tenant_scope(shop.tenant.id):
        return InboxEvent.objects.get(message_key=f"C1:{ts}").thread_id


def state_of(shop: Shop, ts: str = ROOT) -> tuple[str, str]:
    with tenant_scope(shop.tenant.id):
        state, reason = InboxEvent.objects.values_list("state", "reason").get(message_key=f"C1:{ts}")
        return state, str(reason)


def stored(shop: Shop) -> str:
    """Everything stored of what people wrote."""
    with tenant_scope(shop.tenant.id):
        texts = [*InboxEvent.objects.values_list("payload", flat=True), *Turn.objects.values_list("text", flat=True)]
        return "\n".join([*texts, *Conversation.objects.values_list("title", flat=True)])


def calls(shop: Shop) -> list[str]:
    with tenant_scope(shop.tenant.id):
        assert not Hold.objects.filter(state="open").exists()
        assert not Meter.objects.exclude(reserved_usd=0).exists()
        return list(LLMCall.objects.order_by("id").values_list("state", flat=True))


def answer(shop: Shop, ts: str = ROOT, text: str = "At nine.") -> str:
    """Answer and send what is pending; returns the prompt."""
    claim = shop.claim(thread_of(shop, ts))
    asked = claim.run.prompt.messages[-1].text
    shop.land(claim, text)
    shop.send(thread_of(shop, ts))
    return asked


COMPLETION = Completion("At nine.", Tokens(input=10, output=5), "req")


def test_deleted_before_the_answer_there_is_no_answer(shop: Shop) -> None:
    send(shop, said(f"{MENTION} My number is 4711."), deleted())
    assert shop.claim_or_none(thread_of(shop)) is None
    assert state_of(shop) == ("ignored", "Deleted by its author.")
    assert "4711" not in stored(shop)
    with tenant_scope(shop.tenant.id):
        assert Conversation.objects.get().title == ERASED


def test_deleted_while_the_llm_works_the_answer_is_dropped_and_paid_for(shop: Shop) -> None:
    send(shop, said(f"{MENTION} My number is 4711."))
    claim = shop.claim(thread_of(shop))
    send(shop, deleted())
    assert working.land_answer(claim, COMPLETION, may_start_over=True) is False
    assert state_of(shop) == ("ignored", "Deleted by its author.")
    assert shop.claim_or_none(thread_of(shop)) is None
    assert shop.turns() == [ERASED]
    assert calls(shop) == ["settled"]
    with tenant_scope(shop.tenant.id):
        assert not Delivery.objects.exists()
        assert UsageRecord.objects.get().input_tokens == 10


def test_a_failure_for_a_deleted_message_is_not_reported(shop: Shop) -> None:
    send(shop, said(f"{MENTION} My number is 4711."))
    claim = shop.claim(thread_of(shop))
    send(shop, deleted())
    with tenant_scope(shop.tenant.id):
        Thread.objects.update(failures=failures.MOST_FAILURES)
    land.failed(claim, LLMBusyError(TOLD(text="Busy.")))
    assert shop.turns() == [ERASED]
    assert calls(shop) == ["settled"]


def test_deleted_while_its_worker_dies_leaves_nothing_open(shop: Shop) -> None:
    send(shop, said(f"{MENTION} My number is 4711."))
    shop.claim(thread_of(shop))
    send(shop, deleted())
    with tenant_scope(shop.tenant.id):
        Thread.objects.update(leased_until="2020-01-01T00:00:00Z")
    assert shop.claim_or_none(thread_of(shop)) is None
    assert state_of(shop) == ("ignored", "Deleted by its author.")
    assert calls(shop) == ["assumed"]


def test_messages_asked_together_with_it_are_answered_without_it(shop: Shop) -> None:
    second = "1700000510.000100"
    send(shop, said(f"{MENTION} My number is 4711."), said(f"{MENTION} When do you open?", second, thread_ts=ROOT))
    claim = shop.claim(thread_of(shop))
    send(shop, deleted())
    assert working.land_answer(claim, COMPLETION, may_start_over=True) is True
    asked = answer(shop, second)
    assert "When do you open?" in asked
    assert "4711" not in asked
    assert state_of(shop, second)[0] == "done"
    assert calls(shop) == ["settled", "settled"]


@pytest.mark.parametrize("change", [deleted, tombstone])
def test_deleted_after_the_answer_its_text_is_removed_also_from_prompts(shop: Shop, change: Any) -> None:
    send(shop, said(f"{MENTION} My number is 4711."))
    answer(shop)
    send(shop, change())
    assert "4711" not in stored(shop)
    assert state_of(shop)[0] == "done"
    assert shop.turns() == [ERASED, "At nine."]
    send(shop, said(f"{MENTION} And now?", "1700000600.000100", thread_ts=ROOT))
    claim = shop.claim(thread_of(shop))
    assert "4711" not in "".join(message.text for message in claim.run.prompt.messages)


def test_an_unsent_answer_is_dropped(shop: Shop) -> None:
    send(shop, said(f"{MENTION} My number is 4711."))
    shop.land(shop.claim(thread_of(shop)), "Thank you, 4711.")
    send(shop, deleted())
    assert "4711" not in stored(shop)
    assert state_of(shop) == ("ignored", "Deleted by its author.")
    with tenant_scope(shop.tenant.id):
        assert not Delivery.objects.exists()
        assert Run.objects.get().state == "superseded"


def test_an_answer_being_sent_stays(shop: Shop) -> None:
    send(shop, said(f"{MENTION} When do you open?"))
    shop.land(shop.claim(thread_of(shop)))
    with tenant_scope(shop.tenant.id):
        Delivery.objects.update(state="sending")
    send(shop, deleted())
    assert shop.turns() == [ERASED, "We open at nine."]
    assert state_of(shop)[0] == "answered"


def test_a_failed_message_that_was_deleted_is_not_replayed(shop: Shop) -> None:
    send(shop, said(f"{MENTION} When do you open?"))
    with tenant_scope(shop.tenant.id):
        InboxEvent.objects.update(state="failed")
    send(shop, deleted())
    with tenant_scope(shop.tenant.id):
        assert replays.replay_events(list(InboxEvent.objects.values_list("id", flat=True))).events == 0


def test_a_failed_message_that_was_erased_is_not_replayed(shop: Shop) -> None:
    send(
        shop, said(f"{MENTION} When do you open?"), said(f"{MENTION} And on Sundays?", LATER, by=CAROL, thread_ts=ROOT)
    )
    with tenant_scope(shop.tenant.id):
        InboxEvent.objects.update(state="failed")
    erasure.erase_person(shop.tenant.id, shop.contact().id)
    with tenant_scope(shop.tenant.id):
        assert replays.replay_events(list(InboxEvent.objects.values_list("id", flat=True))).events == 1
        assert InboxEvent.objects.get(state="pending").author == CAROL


def test_a_message_that_failed_unheard_is_heard_when_it_is_replayed(shop: Shop) -> None:
    arrive(shop.client, said(f"{MENTION} When do you open?"))
    with tenant_scope(shop.tenant.id):
        InboxEvent.objects.update(state="failed", attempt=failures.MOST_FAILURES)
        assert replays.replay(timezone.now() - timedelta(hours=1)) == replays.Replayed(0, 1)
    working.hear(shop.tenant.id)
    assert state_of(shop) == ("pending", "")
    assert shop.turns() == ["When do you open?"]


@pytest.mark.parametrize("text", ["Lunch at 4711?", f"{MENTION} My number is 4711."])
def test_a_deletion_that_arrives_before_its_message_is_remembered(shop: Shop, text: str) -> None:
    send(shop, deleted(), said(text))
    assert state_of(shop) == ("ignored", "Deleted by its author.")
    assert "4711" not in stored(shop)
    assert shop.turns() == []


def test_edited_before_the_answer_the_new_text_counts(shop: Shop) -> None:
    send(shop, said(f"{MENTION} Do you open on 4711?"), edited(f"{MENTION} Do you open on Sunday?"))
    assert "on Sunday?" in answer(shop)
    assert "4711" not in stored(shop)
    with tenant_scope(shop.tenant.id):
        assert Conversation.objects.get().title == "Do you open on Sunday?"


def test_edited_while_the_llm_works_it_starts_over_once(shop: Shop) -> None:
    send(shop, said(f"{MENTION} Do you open on Monday?"))
    claim = shop.claim(thread_of(shop))
    send(shop, edited(f"{MENTION} Do you open on Sunday?"))
    assert working.land_answer(claim, COMPLETION, may_start_over=True) is True
    assert "on Sunday?" in answer(shop, text="No.")
    assert shop.turns() == ["Do you open on Sunday?", "No."]
    assert calls(shop) == ["settled", "settled"]


def test_an_answer_to_a_message_edited_twice_is_never_sent(shop: Shop) -> None:
    send(shop, said(f"{MENTION} Do you open on Monday?"))
    for day, at in (("Saturday", "1700000570.000000"), ("Sunday", "1700000580.000000")):
        claim = shop.claim(thread_of(shop))
        send(shop, edited(f"{MENTION} Do you open on {day}?", at=at))
        working.land_answer(claim, COMPLETION, may_start_over=day == "Saturday")
    assert "on Sunday?" in answer(shop, text="No.")
    assert shop.turns() == ["Do you open on Sunday?", "No."]


def test_edited_before_the_answer_was_sent_it_is_answered_again(shop: Shop) -> None:
    send(shop, said(f"{MENTION} Do you open on Monday?"))
    shop.land(shop.claim(thread_of(shop)), "Yes.")
    send(shop, edited(f"{MENTION} Do you open on Sunday?"))
    answer(shop, text="No.")
    assert shop.turns() == ["Do you open on Sunday?", "No."]


def test_edited_after_the_answer_it_shows_the_new_text_and_gets_no_new_answer(shop: Shop) -> None:
    send(shop, said(f"{MENTION} Do you open on 4711?"))
    answer(shop)
    send(shop, edited(f"{MENTION} Do you open on Sunday?"))
    assert shop.claim_or_none(thread_of(shop)) is None
    assert shop.turns() == ["Do you open on Sunday?", "At nine."]
    assert "4711" not in stored(shop)


def test_an_older_edit_that_arrives_late_changes_nothing(shop: Shop) -> None:
    newer, older = edited(f"{MENTION} Third?", at="1700000570.000000"), edited(f"{MENTION} Second?", at=LATER)
    send(shop, said(f"{MENTION} First?"), newer, older)
    assert shop.turns() == ["Third?"]


def test_an_edit_that_arrives_before_its_message_becomes_the_message(shop: Shop) -> None:
    send(shop, edited(f"{MENTION} Do you open on Sunday?"), said(f"{MENTION} Do you open on Monday?"))
    assert "on Sunday?" in answer(shop)
    assert shop.turns() == ["Do you open on Sunday?", "At nine."]


def test_a_mention_added_by_an_edit_is_heard_once_in_its_own_thread(shop: Shop) -> None:
    text = f"{MENTION} Do you open on Sunday?"
    send(shop, said("Do you open on Sunday?"))
    assert state_of(shop) == ("ignored", "Said to others.")
    # Slack sends two events for it.
    mention = said(text, edited={"user": BEN, "ts": LATER}, _event_id="EvMention")
    send(shop, mention, edited(text, was="Do you open on Sunday?"), mention)
    answer(shop)
    assert shop.turns() == ["Do you open on Sunday?", "At nine."]
    with tenant_scope(shop.tenant.id):
        assert Delivery.objects.get().address == {"channel": "C1", "thread_ts": ROOT}
        assert Turn.objects.get(speaker="person").said_at.timestamp() == 1700000560


def test_a_mention_added_to_an_unknown_message_is_heard(shop: Shop) -> None:
    send(shop, edited(f"{MENTION} Do you open on Sunday?", at="1700900000.000000"))
    assert "on Sunday?" in answer(shop)


def test_other_edits_of_unknown_messages_store_nothing(shop: Shop) -> None:
    send(shop, edited("My number is 4711.", at="1700900000.000000"))
    assert "4711" not in stored(shop)
    assert shop.turns() == []


def test_the_sample_from_slacks_documentation_is_a_mention(shop: Shop) -> None:
    send(shop, payload("message_changed"))
    assert shop.turns() == ["Hello, world!"]


@pytest.mark.parametrize(
    "message",
    [
        {"edited": None, "attachments": [{"title": "A page"}]},
        {"edited": {"ts": "1"}},
        {"bot_id": "B0OTHER"},
        {"user": BOT},
        {"subtype": "channel_topic"},
    ],
    ids=["unfurled", "no time", "a bot's", "our own", "no words of a person"],
)
def test_a_change_not_made_by_a_person_changes_nothing(shop: Shop, message: dict[str, Any]) -> None:
    send(shop, said(f"{MENTION} First?"), edited(f"{MENTION} Second?", **message))
    assert shop.turns() == ["First?"]


def test_a_link_preview_on_an_edited_message_is_not_an_edit(shop: Shop) -> None:
    send(shop, said(f"{MENTION} First?"))
    unfurled = edited(f"{MENTION} Second?", attachments=[{"title": "A page"}])
    unfurled["event"]["previous_message"]["edited"] = {"user": BEN, "ts": LATER}
    send(shop, unfurled)
    assert shop.turns() == ["First?"]


@pytest.mark.parametrize("subtype", ["message_replied", "channel_join", "reminder_add"])
def test_other_hidden_events_are_ignored(shop: Shop, subtype: str) -> None:
    send(shop, said(f"{MENTION} First?"), edited(f"{MENTION} Second?") | {"event": {
        "type": "message", "subtype": subtype, "hidden": True, "channel": "C1", "ts": LATER, "user": BEN,
        "message": {"ts": ROOT, "text": "4711", "user": BEN},
    }})  # fmt: skip
    assert shop.turns() == ["First?"]
    assert "4711" not in stored(shop)


@pytest.mark.parametrize(
    "body",
    [
        payload("message_deleted", deleted_ts="soon"),
        payload("message_deleted", channel=None),
        edited("x", ts="yesterday"),
        edited("x", ts="1700000001.000100", user="U" * 500),
    ],
)
def test_a_correction_of_the_wrong_shape_is_a_400(shop: Shop, body: dict[str, Any]) -> None:
    assert post(shop.client, body).status_code == 400


def test_edited_and_deleted_talk_is_updated_and_removed_here_too(shop: Shop) -> None:
    second = "1700000510.000100"
    send(shop, said("Lunch at 4711?"), said("Or at 4712?", second, by=CAROL))
    send(shop, edited("Lunch at 4713?"), deleted(second))
    kept = stored(shop)
    assert "4713" in kept
    assert "4711" not in kept
    assert "4712" not in kept


def test_an_edit_does_not_restore_erased_text(shop: Shop) -> None:
    send(shop, said(f"{MENTION} First?"))
    answer(shop)
    send(shop, said("Not to you", "1700000510.000100"))
    erasure.erase_person(shop.tenant.id, shop.contact(BEN).id)
    send(shop, edited(f"{MENTION} My number is 4711."))
    send(shop, edited(f"{MENTION} My number is 4711.", "1700000510.000100"))
    assert "4711" not in stored(shop)
    assert shop.turns() == []


def test_the_author_of_a_deleted_message_can_still_be_erased_with_the_answers(shop: Shop) -> None:
    send(shop, said(f"{MENTION} Hello", by=CAROL))
    send(shop, said(f"{MENTION} My number is 4711.", "1700000510.000100", thread_ts=ROOT))
    answer(shop, text="Thank you, 4711.")
    send(shop, deleted("1700000510.000100"))
    erasure.erase_person(shop.tenant.id, shop.contact(BEN).id)
    assert "4711" not in stored(shop)
    with tenant_scope(shop.tenant.id):
        assert list(Contact.objects.values_list("external_id", flat=True)) == [CAROL]


def test_an_edit_of_a_direct_message_counts(shop: Shop) -> None:
    send(shop, payload("message_im", text="Monday?", ts=ROOT, channel="D1", user=BEN, _event_id="EvIm"))
    changed = edited("Sunday?")
    changed["event"] |= {"channel": "D1", "channel_type": "im"}
    send(shop, changed)
    assert shop.turns() == ["Sunday?"]
    with tenant_scope(shop.tenant.id):
        assert InboxEvent.objects.get(message_key=f"D1:{ROOT}").version == Decimal(LATER)
