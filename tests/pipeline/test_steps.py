"""One try at an answer, without a channel: what it costs in statements, and that its call is settled once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from agents.employees import hiring
from agents.llm.calls import Completion, LLMLostError, timed_out
from agents.models import Agent, Conversation, LLMCall, Outcome, Person, Run, Turn
from agents.runs import revisions, silence, steps, transcript
from agents.runs.context import Scene
from agents.runs.steps import Prepared, Refused
from agents.runs.transcript import Said
from tenants.scope import NoTenantError, tenant_scope
from tests import factories
from tests.conftest import Cast
from usage.models import DailyUsage, Hold, Meter, UsageRecord
from usage.tokens import Tokens

ANSWER = Completion("We open at 9.", Tokens(100, output=20), "req-1")


@contextmanager
def statements(most: int) -> Iterator[None]:
    """At most this many, savepoints included."""
    with CaptureQueriesContext(connection) as asked:
        yield
    assert len(asked) <= most, "\n".join(each["sql"] for each in asked)


def talk(agent: Agent) -> Conversation:
    begun = transcript.begin(agent, "slack", "Hours")
    transcript.hear(begun, person=Person.objects.create(name="Ben"), text="When do you open?", said_at=timezone.now())
    return reread(begun)


def reread(conversation: Conversation) -> Conversation:
    return Conversation.objects.select_related("agent", "tenant").get(id=conversation.id)


def prepared(conversation: Conversation, attempt: int = 1) -> Prepared:
    found = prepare(conversation, attempt)
    assert isinstance(found, Prepared), found.reason
    return found


def prepare(conversation: Conversation, attempt: int = 1) -> Prepared | Refused:
    scene = Scene("Slack", timezone.now())
    return steps.prepare(conversation, attempt, list(conversation.turns.order_by("said_at")), scene)


def test_an_answer_costs_three_statements_before_the_llm_and_three_after_it(cast: Cast) -> None:
    with tenant_scope(cast.acme.id):
        conversation = talk(factories.make_agent())
        steps.finish(prepared(conversation), ANSWER, conversation)
        turns = list(conversation.turns.order_by("said_at"))

        with statements(3):
            run = steps.prepare(conversation, 2, turns, Scene("Slack", timezone.now()))
        assert isinstance(run, Prepared)
        conversation = reread(conversation)
        with statements(3):
            turn = steps.finish(run, ANSWER, conversation)

        assert Turn.objects.get(id=turn.id).text == "We open at 9."
        assert reread(conversation).last_turn_at == turn.said_at
        saved, call = Run.objects.get(id=run.run_id), LLMCall.objects.get(run=run.run_id)
        assert (saved.state, saved.outcome, saved.finished_at) == ("answered", "whole", turn.said_at)
        assert (call.state, call.provider_request_id, call.output_tokens) == ("settled", "req-1", 20)
        assert UsageRecord.objects.get(call_id=call.id).cost_usd == call.actual_usd
        assert (DailyUsage.objects.get().calls, Meter.objects.get().reserved_usd) == (2, Decimal(0))


def test_what_is_not_whole_says_so_in_the_workspaces_language(cast: Cast) -> None:
    cast.acme.language = "de"
    cast.acme.save()
    with tenant_scope(cast.acme.id):
        conversation = talk(factories.make_agent())
        run = prepared(conversation)
        assert "in German" in run.prompt.system
        cut = Completion("We open", Tokens(100, output=20), "req-1", Outcome.CUT)
        turn = steps.finish(run, cut, conversation)
        assert turn.text.startswith("We open\n\n")
        assert Run.objects.get().outcome == "cut"


def test_a_reply_without_an_llm_costs_two_statements(cast: Cast) -> None:
    with tenant_scope(cast.acme.id):
        conversation = talk(factories.make_agent())
        steps.reply_unasked(conversation, 1, "I cannot see photos.")
        with statements(2):
            turn = steps.reply_unasked(conversation, 2, "I cannot see photos.")
        assert turn.run
        assert turn.run.is_answer
        assert reread(conversation).last_turn_at == Turn.objects.get(id=turn.id).said_at


def test_what_several_people_said_is_one_statement(cast: Cast) -> None:
    with tenant_scope(cast.acme.id):
        conversation, now = talk(factories.make_agent()), timezone.now()
        ben = Person.objects.get()
        said = [Said(ben, f"Note {number}.", now + timedelta(seconds=number)) for number in range(5)]
        with statements(1):
            turns = transcript.hear_all(conversation, said)
        with statements(0):
            assert transcript.hear_all(conversation, []) == []
        assert [each.text for each in Turn.objects.filter(id__in=[turn.id for turn in turns]).order_by("said_at")] == [
            each.text for each in said
        ]
        assert reread(conversation).last_turn_at == said[-1].said_at


def test_who_may_not_work_says_so_and_holds_no_money(cast: Cast) -> None:
    with tenant_scope(cast.acme.id):
        agent = factories.make_agent()
        conversation = talk(agent)
        hiring.pause(agent)
        refused = prepare(conversation)
        assert isinstance(refused, Refused)
        assert Turn.objects.get(id=refused.turn.id).text == agent.unavailable_text
        assert (Run.objects.get().state, Run.objects.get().cause) == ("refused", "paused")
        assert Agent.objects.get().unanswered_cause == "paused"
        assert not LLMCall.objects.exists()
        assert not Hold.objects.exists()


def test_the_first_answer_after_a_silence_ends_it(cast: Cast) -> None:
    with tenant_scope(cast.acme.id):
        conversation = talk(factories.make_agent())
        run = prepared(conversation)
        silence.note_unanswered(conversation.agent_id, "llm_busy", timezone.now())
        steps.finish(run, ANSWER, reread(conversation))
        assert Agent.objects.get().unanswered_since is None


def test_an_answer_belongs_to_its_conversation_if_the_thread_went_on_in_another(cast: Cast) -> None:
    with tenant_scope(cast.acme.id):
        conversation = talk(factories.make_agent())
        run = prepared(conversation)
        turn = steps.finish(run, ANSWER, talk(conversation.agent))
        assert Turn.objects.get(id=turn.id).conversation_id == conversation.id


ENDS: dict[str, Callable[[Prepared], object]] = {
    "finish": lambda run: steps.finish(run, ANSWER, run.run.conversation),
    "supersede": lambda run: steps.supersede(run, ANSWER),
    "lose": steps.lose,
    "fail": lambda run: steps.fail(run, LLMLostError(timed_out("OpenAI"))),
    "abandon": lambda run: steps.abandon(run.run.conversation),
}


@pytest.mark.parametrize("later", [name for name in ENDS if name != "finish"])
@pytest.mark.parametrize("first", ENDS)
def test_a_call_is_settled_by_whoever_comes_first(cast: Cast, first: str, later: str) -> None:
    with tenant_scope(cast.acme.id):
        conversation = talk(factories.make_agent())
        run = prepared(conversation)
        ENDS[first](run)
        spent, record = Meter.objects.get().spent_usd, UsageRecord.objects.get()

        ENDS[later](run)

        assert spent > 0
        assert Meter.objects.get().spent_usd == spent == record.cost_usd == LLMCall.objects.get().actual_usd
        assert Meter.objects.get().reserved_usd == 0
        assert UsageRecord.objects.get() == record
        assert DailyUsage.objects.get().calls == 1
        assert set(Hold.objects.values_list("state", flat=True)) == {"settled"}


def test_of_two_who_settle_at_once_one_moves_money(committed_cast: Cast) -> None:
    with tenant_scope(committed_cast.acme.id):
        conversation = talk(factories.make_agent())
        run = prepared(conversation)
    gate = Barrier(2)

    def end(name: str) -> None:
        try:
            with tenant_scope(committed_cast.acme.id):
                gate.wait(20)
                ENDS[name](run)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(end, ["supersede", "abandon"]))

    with tenant_scope(committed_cast.acme.id):
        assert Meter.objects.get().spent_usd == UsageRecord.objects.get().cost_usd == LLMCall.objects.get().actual_usd
        assert (Meter.objects.get().reserved_usd, DailyUsage.objects.get().calls) == (Decimal(0), 1)


def test_an_answer_to_an_erased_conversation_costs_what_was_settled_before(cast: Cast) -> None:
    with tenant_scope(cast.acme.id):
        conversation = talk(factories.make_agent())
        run = prepared(conversation)
        steps.abandon(conversation)
        spent = Meter.objects.get().spent_usd
        Conversation.objects.all().delete()
        steps.supersede(run, ANSWER)
        assert Meter.objects.get().spent_usd == UsageRecord.objects.get().cost_usd == spent


def test_of_many_conversations_at_once_only_those_that_the_credit_covers_may_ask(
    committed_cast: Cast, settings: Settings
) -> None:
    with tenant_scope(committed_cast.acme.id):
        conversations = [talk(factories.make_agent())]
        conversations += [talk(conversations[0].agent) for _ in range(9)]
        first = prepared(conversations[0])
        worst = first.call.estimate_usd
        steps.lose(first)
        Meter.objects.update(cap_usd=Meter.objects.get().spent_usd + worst * Decimal("4.5"))
    gate = Barrier(10)

    def begin(conversation: Conversation) -> bool:
        try:
            with tenant_scope(committed_cast.acme.id):
                gate.wait(20)
                return isinstance(prepare(conversation, 2), Prepared)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        allowed = list(pool.map(begin, conversations))

    assert allowed.count(True) == 4
    with tenant_scope(committed_cast.acme.id):
        assert Run.objects.filter(state="refused", cause="no_credit").count() == 6
        assert Meter.objects.get().reserved_usd == Hold.objects.filter(state="open").count() * worst
        assert Meter.objects.get().refused_usd == worst


def test_a_revision_is_read_once_and_only_in_its_workspace(cast: Cast) -> None:
    with tenant_scope(cast.acme.id):
        agent = factories.make_agent()
        kept = revisions.current(agent)
        with statements(0):
            assert revisions.current(agent) is kept
        agent.instructions = "We open at 8."
        changed = hiring.change(agent)
        assert revisions.current(changed).instructions == "We open at 8."
    with tenant_scope(cast.globex.id), pytest.raises(type(kept).DoesNotExist):
        revisions.current(agent)
    with pytest.raises(NoTenantError):
        revisions.current(agent)
