"""After the LLM: land its answer, or what kept it from answering. One transaction, fenced by the attempt.

Whatever happens, the lease is free afterwards: only a worker that died lets others wait for it.
"""

import logging
from dataclasses import replace

from agents import reasons
from agents.llm.calls import Completion, LLMError, LLMTooLongError, UnexpectedError
from agents.runs import steps
from channels.messages import deliver, failures, waiting
from channels.messages.claim import Claim
from channels.messages.consignment import Dispatch
from channels.models import InboxEvent
from tenants.scope import tenant_scope

log = logging.getLogger(__name__)

State = InboxEvent.State


class Again:
    """The answer was dropped for newer input: take the conversation up again."""


class Later:
    """It failed for now: another try follows."""


Landed = Dispatch | Claim | Again | Later | None
"""What follows: a message to send, the LLM asked once more with less, a new start now or later, or nothing."""


def named(error: Exception) -> LLMError:
    """What kept an LLM from answering, as one of the kinds that are known."""
    if isinstance(error, LLMError):
        return error
    log.error("An answer could not be made", exc_info=error)
    return UnexpectedError(error)


def answered(claim: Claim, completion: Completion, *, may_start_over: bool) -> Landed:
    """Land an answer: settle its call, save it, and put it on its way."""
    try:
        return _answered(claim, completion, may_start_over=may_start_over)
    except Exception as error:
        log.exception("An answer could not be landed")
        return failed(claim, UnexpectedError(error, completion.tokens))


def failed(claim: Claim, error: LLMError, *, may_ask_less: bool = False) -> Landed:
    """Land a call that brought no answer: ask once more with less, try later, or say sorry once.

    If not even that works, one failure is counted and the lease is free.
    """
    try:
        shorter = _with_less(claim, error) if may_ask_less and isinstance(error, LLMTooLongError) else None
        return shorter or _failed(claim, error)
    except Exception as fault:
        log.exception("A failure could not be landed")
        return failures.count(claim.tenant_id, claim.thread_id, UnexpectedError(fault), attempt=claim.attempt)


def overtaken(claim: Claim) -> None:
    """Somebody else has the conversation by now: nobody waits for the answer, which would be dropped.

    Whoever overtook has settled the call at its estimate in the same transaction, so waiting changes neither the bill
    nor what is said.
    """
    log.info("Thread %s was taken over while the LLM was thinking.", claim.thread_id)
    with tenant_scope(claim.tenant_id):
        steps.lose(claim.run)


def stopped(claim: Claim) -> None:
    """The process is stopping and the answer is not waited for: another worker asks again, at once."""
    with tenant_scope(claim.tenant_id):
        thread = waiting.still_ours(claim.thread_id, claim.attempt)
        steps.stop(claim.run)
        if thread:
            waiting.running(thread).update(state=State.PENDING)
            thread.release(failures=thread.failures)


def _answered(claim: Claim, completion: Completion, *, may_start_over: bool) -> Landed:
    with tenant_scope(claim.tenant_id):
        thread = waiting.still_ours(claim.thread_id, claim.attempt)
        if thread is None:
            steps.supersede(claim.run, completion)
            return None
        standing = waiting.standing_of(thread)
        is_dropped = may_start_over and standing.has_newer
        if standing.is_moot or is_dropped:
            steps.supersede(claim.run, completion)
            waiting.running(thread).update(state=State.PENDING)
            thread.release(failures=thread.failures)
            return Again() if is_dropped else None
        return deliver.say(thread, steps.finish(claim.run, completion, thread.conversation), standing.answered)


def _failed(claim: Claim, error: LLMError) -> Dispatch | Later | None:
    """Try again later if that may help; otherwise say sorry once and let the conversation go on."""
    log.warning("No answer: %s %s", error, error.details)
    with tenant_scope(claim.tenant_id):
        thread = waiting.still_ours(claim.thread_id, claim.attempt)  # locked before the call, as everywhere
        run = steps.fail(claim.run, error)
        if thread is None:
            return None
        if waiting.standing_of(thread).is_moot:
            thread.release(failures=thread.failures)
            return None
        if error.is_transient and not failures.is_last(thread):
            failures.try_later(thread, error)
            return Later()
        apology = failures.give_up(thread, error.reason, reasons.cause_of(error), run)
    reasons.tell_staff(reasons.cause_of(error), error.reason)
    return apology


def _with_less(claim: Claim, error: LLMError) -> Claim | None:
    """The same call with less to read, if the conversation is still ours and there is a budget for it."""
    log.warning("Asked again with less: %s %s", error, error.details)
    with tenant_scope(claim.tenant_id):
        thread = waiting.still_ours(claim.thread_id, claim.attempt)
        if thread is None or waiting.standing_of(thread).is_moot:
            return None
        run = steps.ask_for_less(claim.run, error)
    return replace(claim, run=run) if run else None
