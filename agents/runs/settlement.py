"""What a call to an LLM cost: settled once, never above its reservation, never free if it may have been billed."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from agents.llm.calls import Completion, LLMError
from agents.models import Conversation, LLMCall, Run
from billing import quota
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


def _open_calls(run: Run) -> QuerySet[LLMCall]:
    """Its calls, locked, without those that were settled already (by the worker that took over)."""
    return LLMCall.objects.select_for_update(no_key=True).filter(run=run, state=LLMCall.State.STARTED)


def end_calls(run: Run, error: LLMError) -> None:
    """Settle what brought no answer."""
    for call in _open_calls(run):
        call.error = error.as_told
        _close(call, _billed(call, error.tokens or Tokens()) if error.is_maybe_billed else None, timezone.now())


def assume(run: Run, now: datetime) -> None:
    """Settle at the estimate what its worker left open when it died."""
    for call in _open_calls(run):
        _close(call, _estimated(call), now)


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


def settle(call_id: UUID, completion: Completion, now: datetime) -> None:
    """Settle and record a call that brought an answer, unless somebody has done so."""
    calls = LLMCall.objects.select_for_update(no_key=True)
    call = calls.filter(id=call_id, state=LLMCall.State.STARTED).first()
    if call is None:
        return
    call.provider_request_id = completion.request_id
    _close(call, _billed(call, completion.tokens), now)


def _close(call: LLMCall, bill: _Bill | None, now: datetime) -> None:
    """Settle a call at its bill, or at nothing if it was certainly not billed."""
    call.state = LLMCall.State.ASSUMED if bill and bill.is_assumed else LLMCall.State.SETTLED
    call.actual_usd = bill.cost.usd if bill else Decimal(0)
    call.set_tokens(bill.tokens if bill else Tokens())
    call.finished_at = now
    call.save()
    quota.settle(call.id, call.actual_usd)
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
