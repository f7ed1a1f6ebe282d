"""One try at an answer: prepare it in one transaction, ask outside of any, finish it in another."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from agents import phrases, reasons
from agents.llm import calls
from agents.llm.calls import Completion, LLMError, Sink
from agents.llm.request import Prompt
from agents.models import Conversation, LLMCall, Outcome, Run, Turn
from agents.reasons import Cause
from agents.runs import revisions, settlement, shortening, silence, transcript
from agents.runs.context import Scene
from agents.runs.prompt import prompt_for
from billing import quota
from tenants.statements import execute, insert, update_row
from tenants.wordings import NOTHING, Reason, Wording
from usage import prices
from usage.ledger.meter import BudgetExceededError
from usage.prices import UnknownPriceError

MARKS = {Outcome.CUT: phrases.CUT, Outcome.REFUSED: phrases.DECLINED, Outcome.FILTERED: phrases.FILTERED}
"""What is added to an answer that is not whole, so that nobody takes it for one."""
TAKEN_BACK = Wording("agents.taken_back", _("The message was changed or deleted before its answer was sent."))
OVERTAKEN = Wording("agents.overtaken", _("Another worker took over while the LLM was thinking."))
STOPPED = Wording("agents.stopped", _("The worker was stopped while the LLM was thinking."))
WORKER_DIED = Wording("agents.worker_died", _("The worker died while the LLM was thinking."))


@dataclass(frozen=True)
class Prepared:
    """A run that may ask: its call is written and its worst case reserved.

    run, call: as they were written, with their conversation, employee and workspace loaded, so that nothing has to be
    read again for the bill.
    """

    run: Run
    call: LLMCall
    prompt: Prompt

    @property
    def run_id(self) -> UUID:
        return self.run.id


@dataclass(frozen=True)
class Refused:
    """A run that may not ask: what the employee says instead, and why."""

    turn: Turn
    reason: Reason


def prepare(conversation: Conversation, attempt: int, turns: Sequence[Turn], scene: Scene) -> Prepared | Refused:
    """Reserve the worst case of the next answer and write the call down, inside the tenant's scope.

    Three statements, with the conversation's agent and tenant loaded. attempt: the fencing number of the conversation's
    lease. turns: what the LLM is told; what waits for an answer comes last. scene: where, when and with whom.
    """
    run = _begun(conversation, attempt)
    prompt = prompt_for(run.revision, turns, scene, conversation.tenant.language)
    try:
        call = _reserve(run, prompt)
    except (quota.RefusedError, BudgetExceededError, UnknownPriceError) as refusal:
        return _refuse(run, refusal)
    execute(insert(run), insert(call))
    return Prepared(run, call, prompt)


def reply_unasked(
    conversation: Conversation, attempt: int, text: str, declined: Reason = NOTHING, cause: str = ""
) -> Turn:
    """Save a reply without asking an LLM, inside the tenant's scope. Returns it, to be sent.

    declined: why this is not an answer, if it is not; cause: the same as agents.reasons names it.
    An employee who may not work says that it is unavailable instead.
    """
    run, now = _begun(conversation, attempt), timezone.now()
    if not declined:
        try:
            quota.require_work(conversation.agent_id, run.revision.name)
        except quota.RefusedError as refusal:
            declined, cause = reasons.reason_of(refusal), reasons.cause_of(refusal)
            text = run.revision.unavailable_text
    run.set_ended(Run.State.REFUSED if declined else Run.State.ANSWERED, now, declined, cause)
    return _said_at_once(run, text, now)


def ask(prepared: Prepared, sink: Sink | None = None) -> "Future[Completion]":
    """Ask the LLM, which takes no thread and no connection. Hold no transaction around this.

    sink: gets the answer's words as they come. The future raises agents.llm.calls.LLMError; cancel it to stop asking.
    """
    return calls.start(prepared.prompt, calls.platform_credential(prepared.prompt.provider), sink)


def ask_for_less(prepared: Prepared, error: LLMError) -> Prepared | None:
    """The model cannot read this much: end the call, and reserve another with less to read, in the same run.

    Inside the tenant's scope. None where there is no budget for it, or the run is gone.
    """
    run = _runs().filter(id=prepared.run_id, state=Run.State.THINKING).first()
    if run is None:
        return None
    settlement.end_calls(run, error)
    prompt = shortening.shorter(prepared.prompt)
    try:
        call = _reserve(run, prompt)
    except (quota.RefusedError, BudgetExceededError, UnknownPriceError):
        return None
    call.save(force_insert=True)
    return Prepared(run, call, prompt)


def finish(prepared: Prepared, completion: Completion, conversation: Conversation) -> Turn:
    """Settle, record and save the answer as the conversation's next turn, inside the tenant's scope.

    Three statements. conversation: the thread's, read in this transaction with its agent; if the thread has gone on in
    another one meanwhile, the answer still belongs to its run's. Returns the turn, to be sent. An answer that is not
    whole says so.
    """
    run, now = prepared.run, timezone.now()
    run.set_ended(Run.State.ANSWERED, now, outcome=completion.outcome)
    turn = transcript.reply(run.conversation, run, _whole(completion, run.conversation.tenant.language), now)
    settlement.settle(prepared.call, completion, now, update_row(run, Run.ENDING), *transcript.adding(turn))
    agent = conversation.agent if conversation.id == run.conversation_id else run.conversation.agent
    if run.is_answer and agent.unanswered_since:
        silence.note_answered(agent.id)
    return turn


def _whole(completion: Completion, language: str) -> str:
    mark = MARKS.get(completion.outcome)
    return f"{completion.text}\n\n{phrases.said(mark, language)}" if mark else completion.text


def supersede(prepared: Prepared, completion: Completion) -> None:
    """Settle and record an answer that is not sent: newer input arrived, or another worker took over.

    Harmless if its conversation was erased while the LLM worked.
    """
    run, now = prepared.run, timezone.now()
    run.set_ended(Run.State.SUPERSEDED, now, outcome=completion.outcome)
    settlement.settle(prepared.call, completion, now, update_row(run, Run.ENDING))


def lose(prepared: Prepared) -> None:
    """The conversation was taken over and the LLM is not waited for any longer; inside the tenant's scope.

    Whoever took over has settled the call at its estimate (`abandon`), which is what holds: a late answer would change
    nothing. Where that failed, it is settled at the same estimate here.
    """
    _leave(prepared, OVERTAKEN())


def stop(prepared: Prepared) -> None:
    """This process is stopping and does not wait for the LLM: its call is settled at its estimate, in the scope."""
    _leave(prepared, STOPPED())


def _leave(prepared: Prepared, reason: Reason) -> None:
    run = _runs().filter(id=prepared.run_id, state=Run.State.THINKING).first()
    if run:
        now = timezone.now()
        settlement.assume(run, now)
        run.end(Run.State.SUPERSEDED, now, reason, Cause.WORKER_DIED)


def fail(prepared: Prepared, error: LLMError) -> Run | None:
    """End a run without an answer; what may have been billed is settled as the provider told, else at its estimate.

    None if its conversation was erased while the LLM worked.
    """
    run, now = _runs().filter(id=prepared.run_id).first(), timezone.now()
    if run is None:
        return None
    settlement.end_calls(run, error)
    run.end(Run.State.FAILED, now, error.reason, reasons.cause_of(error))
    return run


def failed(conversation: Conversation, attempt: int, error: LLMError) -> Run:
    """A run that ended before its LLM was asked, inside the tenant's scope."""
    run = _begun(conversation, attempt)
    run.set_ended(Run.State.FAILED, timezone.now(), error.reason, reasons.cause_of(error))
    run.save(force_insert=True)
    return run


def take_back(run: Run) -> None:
    """An answer that was not sent, and never will be: as if newer input had overtaken it."""
    Turn.objects.filter(run=run).delete()
    run.end(Run.State.SUPERSEDED, timezone.now(), TAKEN_BACK())


def apologise(run: Run, text: str) -> Turn:
    """Save what the employee says instead of an answer that will not come. Returns it, to be sent."""
    now = timezone.now()
    turn = transcript.say(run.conversation, run, text, now)
    silence.note_unanswered(run.conversation.agent_id, run.cause, now)
    return turn


def abandon(conversation: Conversation) -> None:
    """Settle the calls of tries whose worker died at their estimate, so that no billed call goes unmetered."""
    give_up(conversation, WORKER_DIED(), Cause.WORKER_DIED)


def give_up(conversation: Conversation, reason: Reason, cause: str = "") -> None:
    """Nobody waits for what is asked in this conversation any longer: its calls are settled at their estimate."""
    now = timezone.now()
    for run in Run.objects.filter(conversation=conversation, state=Run.State.THINKING):
        run.conversation = conversation
        settlement.assume(run, now)
        run.end(Run.State.SUPERSEDED, now, reason, cause)


def _begun(conversation: Conversation, attempt: int) -> Run:
    """A new run, not saved yet."""
    return Run(conversation=conversation, revision=revisions.current(conversation.agent), attempt=attempt)


def _runs() -> QuerySet[Run]:
    return Run.objects.select_related("conversation__agent", "conversation__tenant", "revision")


def _reserve(run: Run, prompt: Prompt) -> LLMCall:
    """The call that may be made, not saved yet, with its worst case on hold."""
    at, input_tokens, output_tokens = timezone.now(), prompt.most_input_tokens(), calls.most_output_tokens(prompt)
    worst = prices.upper_bound(
        prompt.provider,
        prompt.model,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        at=at,
        until=at + timedelta(seconds=settings.LLM_TOTAL_SECONDS),
    )
    call_id = uuid7()
    quota.reserve(run.revision.agent_id, run.revision.name, call_id, worst.usd)
    return LLMCall(
        id=call_id,
        run=run,
        provider=prompt.provider,
        model=prompt.model,
        estimate_usd=worst.usd,
        price=worst.price,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        started_at=at,
    )


def _refuse(run: Run, refusal: Exception) -> Refused:
    now, reason, cause = timezone.now(), reasons.reason_of(refusal), reasons.cause_of(refusal)
    run.set_ended(Run.State.REFUSED, now, reason, cause)
    turn = _said_at_once(run, run.revision.unavailable_text, now)
    silence.note_unanswered(run.conversation.agent_id, cause, now)
    reasons.tell_staff(cause, reason)
    return Refused(turn, reason)


def _said_at_once(run: Run, text: str, now: datetime) -> Turn:
    """Save a run that has ended already, with what the employee said in it."""
    turn = transcript.reply(run.conversation, run, text, now)
    execute(insert(run), *transcript.adding(turn))
    return turn
