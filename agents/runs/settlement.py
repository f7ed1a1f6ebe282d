"""What a call to an LLM cost: settled once, never above its reservation, never free if it may have been billed."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone

from agents.llm.calls import Completion, LLMError
from agents.models import Conversation, LLMCall, Run
from billing import quota
from tenants.statements import Write, execute, update
from usage import prices
from usage.ledger import records
from usage.ledger.records import Spender, Spent
from usage.prices import Cost, UnclearUsageError, UnknownPriceError
from usage.tokens import Tokens


def spender(conversation: Conversation) -> Spender:
    """Whom the ledger books this conversation on. Load its agent and its tenant with it."""
    agent = conversation.agent
    return Spender(agent.id, agent.name, conversation.channel, conversation.tenant.time_zone)


@dataclass(frozen=True)
class _Bill:
    tokens: Tokens
    cost: Cost
    is_assumed: bool


def end_calls(run: Run, error: LLMError) -> None:
    """Settle what brought no answer."""
    for call in _open_calls(run):
        bill = _billed(call, error.tokens or Tokens()) if error.is_maybe_billed else None
        _close(call, bill, timezone.now(), error=error.as_told)


def assume(run: Run, now: datetime) -> None:
    """Settle at the estimate what its worker left open when it died."""
    for call in _open_calls(run):
        _close(call, _estimated(call), now)


def settle(call: LLMCall, completion: Completion, now: datetime, *beside: Write) -> None:
    """Settle and record a call that brought an answer, unless somebody has done so.

    call: as it was written, with its run and conversation loaded; nothing is read again. beside: what is written in the
    same statement, whoever settles the call.
    """
    _close(call, _billed(call, completion.tokens), now, *beside, provider_request_id=completion.request_id)


def _open_calls(run: Run) -> QuerySet[LLMCall]:
    """Its calls, without those that were settled already (by the worker that took over)."""
    return run.calls.filter(state=LLMCall.State.STARTED)


def _estimated(call: LLMCall) -> _Bill:
    tokens = Tokens(input=call.input_tokens, output=call.output_tokens)
    return _Bill(tokens, Cost(call.estimate_usd, call.price), is_assumed=True)


def _billed(call: LLMCall, told: Tokens) -> _Bill:
    """What the provider says was used, and never more than was reserved.

    What it does not say is not free: it counts as the most that it can be. Counts that go beyond what was asked for,
    or that cannot be priced, are wrong: then the whole estimate counts.
    """
    tokens = _filled(call, told)
    if tokens.total_input > call.input_tokens or tokens.output > call.output_tokens:
        return _estimated(call)
    try:
        cost = prices.cost(call.provider, call.model, tokens, at=call.started_at)
    except (UnclearUsageError, UnknownPriceError):
        return _estimated(call)
    if cost.usd > call.estimate_usd:
        return _estimated(call)
    return _Bill(tokens, cost, is_assumed=tokens != told)


def _filled(call: LLMCall, told: Tokens) -> Tokens:
    tokens = told if told.total_input else replace(told, input=call.input_tokens)
    return tokens if tokens.output else replace(tokens, output=call.output_tokens)


def _close(call: LLMCall, bill: _Bill | None, now: datetime, *beside: Write, **told: object) -> None:
    """Settle a call at its bill, or at nothing if it was certainly not billed.

    Only while it is open: of several who settle it, one finds it so, and only that one moves money. told: what else is
    known about it.
    """
    changes = {
        "state": LLMCall.State.ASSUMED if bill and bill.is_assumed else LLMCall.State.SETTLED,
        "actual_usd": bill.cost.usd if bill else Decimal(0),
        "finished_at": now,
        **(bill.tokens if bill else Tokens()).columns(),
        **told,
    }
    is_open = LLMCall.objects.filter(id=call.id, state=LLMCall.State.STARTED)
    if execute(*beside, update(is_open, **changes)):
        quota.settle(call.id, bill.cost.usd if bill else Decimal(0))
        if bill:
            _record(call, bill)


def _record(call: LLMCall, bill: _Bill) -> None:
    conversation = call.run.conversation
    records.record(
        Spent(
            call_id=call.id,
            conversation_id=conversation.id,
            spender=spender(conversation),
            provider=call.provider,
            model=call.model,
            tokens=bill.tokens,
            cost=bill.cost,
            occurred_at=call.started_at,
            is_assumed=bill.is_assumed,
        )
    )
