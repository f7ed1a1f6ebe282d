"""Deliveries with an unknown outcome."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from agents.models import LLMCall
from channels.connections import credentials, health
from channels.messages import deliver, lookups, replays
from channels.messages.incoming import stops
from channels.models import Connection, Delivery, InboxEvent, Thread
from channels.providers.base import CALL_SECONDS, OutcomeUnknownError, Stop
from channels.providers.registry import provider_named
from channels.providers.shapes.sending import Account
from channels.providers.slack.client import Slack
from tenants.scope import tenant_scope
from tests import working
from tests.pipeline.conftest import Desk
from usage.models import Meter

YESTERDAY = timezone.now() - timedelta(days=1)


def fault(desk: Desk, kind: str, times: int = 1) -> None:
    desk.stack.control("slack/control/faults", method="chat.postMessage", kind=kind, times=times, seconds=1)


def sent_unseen(desk: Desk, kind: str) -> UUID:
    """A message whose post failed with an unknown outcome, and whose lookup is due."""
    fault(desk, kind)
    thread_id = desk.hear("When do you open?")
    working.answer(desk.tenant.id, thread_id)
    working.send_due(desk.tenant.id, thread_id)
    assert desk.deliveries() == ["unknown"]
    age(desk)
    return thread_id


def age(desk: Desk) -> None:
    with tenant_scope(desk.tenant.id):
        Delivery.objects.update(unknown_since=timezone.now() - timedelta(seconds=10))


@pytest.mark.parametrize(("kind", "was_sent"), [("drop", True), ("cut", False), ("500", False)])
def test_it_is_looked_up_and_resent_only_when_missing(desk: Desk, kind: str, was_sent: bool) -> None:
    thread_id = sent_unseen(desk, kind)
    lookups.look_up(desk.tenant.id, thread_id)
    assert desk.deliveries() == ["sent" if was_sent else "pending"]
    working.send_due(desk.tenant.id, thread_id)
    assert desk.deliveries() == ["sent"]
    assert len(desk.posted()) == 1
    assert [state for state, _ in desk.events()] == ["done"]


def test_history_is_read_once_a_minute_per_workspace(desk: Desk) -> None:
    thread_id = sent_unseen(desk, "drop")
    with tenant_scope(desk.tenant.id):
        Connection.objects.update(looked_up_at=timezone.now() - timedelta(seconds=30))
    lookups.look_up(desk.tenant.id, thread_id)
    assert desk.deliveries() == ["unknown"]
    assert "conversations.replies" not in desk.stack.look("slack/control/calls")["calls"]


def test_a_failed_look_up_leaves_it_unknown(desk: Desk) -> None:
    thread_id = sent_unseen(desk, "drop")
    desk.stack.control("slack/control/faults", method="conversations.replies", kind="500", times=1)
    lookups.look_up(desk.tenant.id, thread_id)
    assert desk.deliveries() == ["unknown"]
    assert len(desk.posted()) == 1


def test_an_unknown_one_blocks_the_conversation_for_only_a_minute(desk: Desk) -> None:
    thread_id = sent_unseen(desk, "drop")
    desk.hear("And when do you close?", desk.first_ts())
    working.answer(desk.tenant.id, thread_id)
    assert [state for state, _ in desk.events()] == ["answered", "pending"]
    with tenant_scope(desk.tenant.id):
        Delivery.objects.update(unknown_since=timezone.now() - timedelta(seconds=61))
    working.answer(desk.tenant.id, thread_id)
    working.send_due(desk.tenant.id, thread_id)
    assert desk.deliveries() == ["unknown", "sent"]


def test_a_sender_that_died_is_looked_up(desk: Desk) -> None:
    thread_id = desk.hear("When do you open?")
    working.answer(desk.tenant.id, thread_id)
    dispatch = working.next_of(desk.tenant.id, thread_id)
    assert dispatch
    dispatch.provider.post(dispatch.account, dispatch.message)
    with tenant_scope(desk.tenant.id):
        Delivery.objects.update(sending_since=timezone.now() - timedelta(seconds=30))
    lookups.look_up(desk.tenant.id, thread_id)
    assert desk.deliveries() == ["sent"]
    assert len(desk.posted()) == 1


def test_a_dead_token_breaks_the_connection_and_says_so(desk: Desk) -> None:
    with tenant_scope(desk.tenant.id):
        Connection.objects.update(secrets=credentials.as_json("xoxb-revoked", {}))
    thread_id = desk.hear("When do you open?")
    working.answer(desk.tenant.id, thread_id)
    working.send_due(desk.tenant.id, thread_id)
    assert desk.deliveries() == ["failed"]
    assert desk.events() == [("failed", "Slack no longer accepts the token (invalid_auth): connect Slack again.")]
    with tenant_scope(desk.tenant.id):
        assert Connection.objects.get().state == "broken"


def test_a_rate_limit_is_waited_out_but_not_forever(desk: Desk) -> None:
    fault(desk, "429", times=50)
    thread_id = desk.hear("When do you open?")
    working.answer(desk.tenant.id, thread_id)
    for _ in range(20):
        with tenant_scope(desk.tenant.id):
            Delivery.objects.update(next_attempt_at=timezone.now())
        working.send_due(desk.tenant.id, thread_id)
    assert desk.deliveries() == ["pending"]
    with tenant_scope(desk.tenant.id):
        delivery = Delivery.objects.get()
        assert delivery.next_attempt_at - timezone.now() > timedelta(seconds=30), "the delays grow"
        Delivery.objects.update(next_attempt_at=timezone.now(), created_at=timezone.now() - deliver.KEEP_TRYING_FOR)
    working.send_due(desk.tenant.id, thread_id)
    assert desk.deliveries() == ["failed"]
    assert [state for state, _ in desk.events()] == ["failed"]


def test_a_stale_sender_frees_the_conversation_even_when_no_look_up_is_allowed(desk: Desk) -> None:
    thread_id = desk.hear("When do you open?")
    working.answer(desk.tenant.id, thread_id)
    assert working.next_of(desk.tenant.id, thread_id)
    with tenant_scope(desk.tenant.id):
        Delivery.objects.update(sending_since=timezone.now() - timedelta(seconds=70))
        Connection.objects.update(looked_up_at=timezone.now())
    lookups.look_up(desk.tenant.id, thread_id)
    with tenant_scope(desk.tenant.id):
        assert not Delivery.objects.holding_up(timezone.now()).exists()


def test_disconnecting_ends_pending_messages_and_releases_the_reservation(desk: Desk) -> None:
    thread_id = desk.hear("When do you open?")
    claim = working.claim(desk.tenant.id, thread_id)
    assert claim
    with tenant_scope(desk.tenant.id):
        health.disconnect(Connection.objects.get(), health.IN_THE_PORTAL())
        assert Meter.objects.get().reserved_usd == 0
    working.attempt(claim, may_start_over=True)
    working.send_due(desk.tenant.id, thread_id)
    assert desk.events() == [("failed", "Disconnected here in the portal.")]
    assert desk.deliveries() == []


def test_disconnecting_ends_an_unsent_answer(desk: Desk) -> None:
    working.answer(desk.tenant.id, desk.hear("When do you open?"))
    with tenant_scope(desk.tenant.id):
        health.disconnect(Connection.objects.get(), health.IN_THE_PORTAL())
    assert (desk.deliveries(), desk.events()) == (["failed"], [("failed", "Disconnected here in the portal.")])


def test_an_answer_ends_with_buttons_that_ask_whether_it_was_good(desk: Desk) -> None:
    with tenant_scope(desk.tenant.id):
        Connection.objects.update(scopes="chat:write,assistant:write")
    thread_id = desk.hear("When do you open?")
    working.answer(desk.tenant.id, thread_id)
    working.send_due(desk.tenant.id, thread_id)
    found = desk.stack.look("slack/control/messages", team=desk.team, channel=desk.channel)
    said = next(each for each in reversed(found["messages"]) if each.get("bot_id"))
    assert [block["type"] for block in said["blocks"]] == ["markdown", "context_actions"]


def test_a_person_who_stops_it_gets_nothing_of_an_unsent_answer(desk: Desk) -> None:
    working.answer(desk.tenant.id, desk.hear("When do you open?"))
    with tenant_scope(desk.tenant.id):
        thread = Thread.objects.get()
        stops.stop(Connection.objects.get(), Stop(thread.external_id, InboxEvent.objects.all()[0].address))
    working.send_due(desk.tenant.id, thread.id)
    assert (desk.posted(), desk.deliveries()) == ([], ["failed"])
    assert desk.events() == [("ignored", "Stopped by the person.")]


def test_replay_resends_a_failed_answer_and_answers_unanswered_messages(desk: Desk) -> None:
    with tenant_scope(desk.tenant.id):
        Connection.objects.update(secrets=credentials.as_json("xoxb-revoked", {}))
    thread_id = desk.hear("When do you open?")
    working.answer(desk.tenant.id, thread_id)
    working.send_due(desk.tenant.id, thread_id)
    assert [state for state, _ in desk.events()] == ["failed"]
    with tenant_scope(desk.tenant.id):
        assert replays.replay(YESTERDAY) == replays.Replayed(0, 0), "not while the connection is broken"
        Connection.objects.update(secrets=credentials.as_json(desk.token, {}), state="active")
        assert replays.replay(YESTERDAY) == replays.Replayed(1, 0)
    working.send_due(desk.tenant.id, thread_id)
    assert (desk.events(), len(desk.posted())) == ([("done", "")], 1)
    with tenant_scope(desk.tenant.id):
        InboxEvent.objects.update(state="failed")
        assert replays.replay(YESTERDAY) == replays.Replayed(0, 0), "its answer is already in Slack"
        InboxEvent.objects.update(run=None)
        assert replays.replay(YESTERDAY) == replays.Replayed(0, 1)
        assert LLMCall.objects.count() == 1
    working.answer(desk.tenant.id, thread_id)
    assert [state for state, _ in desk.events()] == ["answered"]


def refuse(desk: Desk, code: str, times: int = 1) -> None:
    desk.stack.control("slack/control/faults", method="chat.postMessage", kind="error", answer=code, times=times)


def posts(desk: Desk) -> list[dict[str, Any]]:
    """The bot's messages in Slack."""
    found = desk.stack.look("slack/control/messages", team=desk.team, channel=desk.channel)
    return [each for each in found["messages"] if each.get("bot_id") and not each.get("subtype")]


def answered(desk: Desk) -> UUID:
    thread_id = desk.hear("When do you open?")
    working.answer(desk.tenant.id, thread_id)
    return thread_id


UNTHREADABLE = ["cannot_reply_to_message", "thread_not_found", "restricted_action_non_threadable_channel"]


@pytest.mark.parametrize("code", UNTHREADABLE)
def test_a_reply_that_slack_cannot_thread_is_posted_once_without_a_thread(desk: Desk, code: str) -> None:
    thread_id = answered(desk)
    refuse(desk, code)
    working.send_due(desk.tenant.id, thread_id)
    [posted] = posts(desk)
    assert "thread_ts" not in posted
    assert (desk.deliveries(), desk.events()) == (["sent"], [("done", "")])


@pytest.mark.parametrize(("kind", "was_sent"), [("drop", True), ("cut", False)])
def test_one_without_a_thread_and_with_an_unknown_outcome_is_looked_up_too(
    desk: Desk, kind: str, was_sent: bool
) -> None:
    thread_id = answered(desk)
    refuse(desk, "cannot_reply_to_message")
    fault(desk, kind)
    working.send_due(desk.tenant.id, thread_id)
    assert desk.deliveries() == ["unknown"]
    age(desk)
    lookups.look_up(desk.tenant.id, thread_id)
    assert desk.deliveries() == ["sent" if was_sent else "pending"]
    working.send_due(desk.tenant.id, thread_id)
    assert (desk.deliveries(), len(posts(desk))) == (["sent"], 1)


def test_an_answer_to_a_deleted_message_is_looked_up_outside_threads(desk: Desk) -> None:
    thread_id = sent_unseen(desk, "cut")
    ts = desk.first_ts()
    desk.stack.control("slack/control/messages/delete", team=desk.team, channel=desk.channel, user="ben", ts=ts)
    lookups.look_up(desk.tenant.id, thread_id)
    assert desk.deliveries() == ["pending"]
    calls = desk.stack.look("slack/control/calls")["calls"]
    assert (calls["conversations.replies"], calls["conversations.history"]) == (1, 1)


@pytest.mark.parametrize("code", ["invalid_blocks", "msg_blocks_too_long", "msg_too_long", "markdown_text_conflict"])
def test_an_answer_that_slack_refuses_as_blocks_is_posted_once_as_text(desk: Desk, code: str) -> None:
    thread_id = answered(desk)
    refuse(desk, code)
    working.send_due(desk.tenant.id, thread_id)
    [posted] = posts(desk)
    assert posted["thread_ts"] == desk.first_ts()
    assert [each["type"] for each in posted["blocks"]] == ["rich_text"], "what Slack creates from text"
    assert desk.events() == [("done", "")]


def test_an_answer_arrives_without_thread_and_blocks_or_fails_if_all_is_refused(desk: Desk) -> None:
    thread_id = answered(desk)
    refuse(desk, "invalid_blocks")
    refuse(desk, "cannot_reply_to_message")
    working.send_due(desk.tenant.id, thread_id)
    assert (desk.deliveries(), len(posts(desk))) == (["sent"], 1)
    refuse(desk, "cannot_reply_to_message")
    refuse(desk, "restricted_action_thread_only_channel")
    thread_id = answered(desk)
    working.send_due(desk.tenant.id, thread_id)
    assert desk.deliveries() == ["sent", "failed"]
    assert "restricted_action_thread_only_channel" in desk.events()[-1][1]


def test_an_answer_shown_by_a_markdown_block_includes_it(desk: Desk) -> None:
    working.send_due(desk.tenant.id, answered(desk))
    [posted] = posts(desk)
    assert [(each["type"], each["text"]) for each in posted["blocks"]] == [("markdown", posted["text"])]


ODD = [{"ok": True}, {"ok": True, "ts": None}, {"ok": True, "ts": 17.5}, {"ok": True, "ts": "soon"}, [1], "ok", 7, None]


@pytest.mark.parametrize("answer", ODD)
def test_a_slack_answer_without_a_timestamp_is_unknown_and_found_by_the_look_up(desk: Desk, answer: Any) -> None:
    thread_id = answered(desk)
    desk.stack.control("slack/control/faults", method="chat.postMessage", kind="answer", answer=answer)
    working.send_due(desk.tenant.id, thread_id)
    assert desk.deliveries() == ["unknown"]
    age(desk)
    lookups.look_up(desk.tenant.id, thread_id)
    assert (desk.deliveries(), len(posts(desk))) == (["sent"], 1)


@pytest.mark.parametrize("answer", [{"ok": True}, {"ok": True, "messages": None}, {"ok": True, "messages": [7]}, [1]])
def test_an_odd_answer_to_a_look_up_decides_nothing(desk: Desk, answer: Any) -> None:
    thread_id = sent_unseen(desk, "drop")
    desk.stack.control("slack/control/faults", method="conversations.replies", kind="answer", answer=answer)
    lookups.look_up(desk.tenant.id, thread_id)
    assert desk.deliveries() == ["unknown"]


CALLS: dict[str, Callable[[Slack, Account], object]] = {
    "users.info": lambda slack, account: slack.name_of(account, "U1", 2),
    "conversations.open": lambda slack, account: slack.start_test(account, "Test", "Are you there?"),
    "chat.postMessage": lambda slack, account: slack.start_test(account, "Test", "Are you there?"),
}


@pytest.mark.parametrize("answer", [{"ok": True}, {"ok": True, "channel": {}, "user": None, "ts": 5}, [1], "x"])
@pytest.mark.parametrize("method", CALLS)
def test_an_answer_with_missing_fields_is_unknown(desk: Desk, method: str, answer: Any) -> None:
    desk.stack.control("slack/control/faults", method=method, kind="answer", answer=answer)
    with pytest.raises(OutcomeUnknownError):
        CALLS[method](Slack(), Account(desk.token, desk.bot, desk.ben))


@pytest.mark.parametrize("answer", [[1], "x", 7])
def test_a_check_not_answered_with_an_object_is_unknown(desk: Desk, answer: Any) -> None:
    desk.stack.control("slack/control/faults", method="auth.test", kind="answer", answer=answer)
    with pytest.raises(OutcomeUnknownError):
        Slack().verify(Account(desk.token), 5)


@pytest.mark.parametrize("error", [None, 7, {"a": 1}, "Not a code", ""])
def test_an_odd_error_is_unknown(desk: Desk, error: Any) -> None:
    thread_id = answered(desk)
    answer = {"ok": False, "error": error}
    desk.stack.control("slack/control/faults", method="chat.postMessage", kind="answer", answer=answer)
    working.send_due(desk.tenant.id, thread_id)
    assert desk.deliveries() == ["unknown"]


def test_a_call_ends_on_time_though_the_provider_keeps_sending(desk: Desk) -> None:
    """Each read of such an answer is fast; only a limit on the whole call ends it."""
    desk.stack.control("slack/control/faults", method="auth.test", kind="drip", times=1, seconds=30)
    begun = time.monotonic()
    with pytest.raises(OutcomeUnknownError):
        provider_named("slack").verify(Account(desk.token), timeout_seconds=1)
    assert 0.9 < time.monotonic() - begun < 4


def test_a_sender_is_considered_dead_only_long_after_its_call_ended() -> None:
    assert deliver.SENDING_SECONDS >= 2 * CALL_SECONDS


def test_a_suspended_sender_sends_nothing(desk: Desk) -> None:
    """By the time its call ends, others may consider it dead."""
    thread_id = desk.hear("When do you open?")
    working.answer(desk.tenant.id, thread_id)
    claimed = working.next_of(desk.tenant.id, thread_id)
    assert claimed
    late = replace(claimed, since=timezone.now() - timedelta(seconds=deliver.SENDING_SECONDS - CALL_SECONDS + 1))
    assert deliver._send(late) is False
    assert desk.posted() == []
    with tenant_scope(desk.tenant.id):
        Delivery.objects.update(sending_since=timezone.now() - timedelta(seconds=deliver.SENDING_SECONDS + 1))
    lookups.look_up(desk.tenant.id, thread_id)
    working.send_due(desk.tenant.id, thread_id)
    assert len(desk.posted()) == 1
