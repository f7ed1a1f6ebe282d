"""What was spent and said: append-only records and daily sums, written in the transaction of the answer."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from tenants.statements import execute, insert
from usage.ledger import statements
from usage.models import DailyMessages, DailyUsage, UsageRecord
from usage.prices import Cost
from usage.tokens import Tokens


@dataclass(frozen=True)
class Spender:
    """Which AI employee spent, and where. time_zone: its workspace's, in which days are counted."""

    agent_id: UUID
    agent_name: str
    channel: str
    time_zone: str


@dataclass(frozen=True)
class Spent:
    """One LLM call as it was billed. is_assumed: nobody saw it end, so it is billed at its upper bound."""

    call_id: UUID
    conversation_id: UUID
    spender: Spender
    provider: str
    model: str
    tokens: Tokens
    cost: Cost
    occurred_at: datetime
    is_assumed: bool = False


def record(spent: Spent) -> None:
    """Add one call to the ledger and to the day's sums."""
    spender, columns = spent.spender, spent.tokens.columns()
    both = {
        "agent_id": spender.agent_id,
        "agent_name": spender.agent_name,
        "channel": spender.channel,
        "provider": spent.provider,
        "model": spent.model,
        "cost_usd": spent.cost.usd,
        **columns,
    }
    kept = UsageRecord(
        call_id=spent.call_id,
        occurred_at=spent.occurred_at,
        conversation_id=spent.conversation_id,
        price=spent.cost.price,
        is_assumed=spent.is_assumed,
        **both,
    )
    day = DailyUsage(day=local_day(spent.occurred_at, spender.time_zone), calls=1, **both)
    execute(insert(kept), statements.add(day, sums=("calls", "cost_usd", *columns)))


def count_messages(spender: Spender, at: datetime, *, received: int = 0, sent: int = 0) -> None:
    """Add to the day's message counts of an employee on a channel, in one statement.

    It locks the day's row until the end of the transaction: count as late in it as you can.
    """
    day = DailyMessages(
        day=local_day(at, spender.time_zone),
        agent_id=spender.agent_id,
        agent_name=spender.agent_name,
        channel=spender.channel,
        received=received,
        sent=sent,
    )
    execute(statements.add(day, sums=("received", "sent")))


def local_day(at: datetime, time_zone: str) -> date:
    """The day of a time in a time zone, the workspace's."""
    return at.astimezone(ZoneInfo(time_zone)).date()
