"""What was spent and said: append-only records and daily sums, written in the transaction of the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F, Model, Value

from tenants.models import Tenant
from tenants.scope import current_tenant_id
from usage.models import DailyMessages, DailyUsage, UsageRecord
from usage.prices import Cost
from usage.tokens import Tokens


@dataclass(frozen=True)
class Spender:
    """Which AI employee spent, and where."""

    agent_id: UUID
    agent_name: str
    channel: str


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


def record(spent: Spent) -> UsageRecord:
    """Add one call to the ledger and to the day's sums."""
    spender, columns = spent.spender, spent.tokens.columns()
    kept = UsageRecord.objects.create(
        call_id=spent.call_id,
        occurred_at=spent.occurred_at,
        agent_id=spender.agent_id,
        agent_name=spender.agent_name,
        conversation_id=spent.conversation_id,
        channel=spender.channel,
        provider=spent.provider,
        model=spent.model,
        cost_usd=spent.cost.usd,
        price=spent.cost.price,
        is_assumed=spent.is_assumed,
        **columns,
    )
    key = {
        "day": local_day(spent.occurred_at),
        "agent_id": spender.agent_id,
        "provider": spent.provider,
        "model": spent.model,
        "channel": spender.channel,
    }
    _add(DailyUsage, key, spender.agent_name, {**columns, "cost_usd": spent.cost.usd, "calls": 1})
    return kept


def count_messages(spender: Spender, at: datetime, *, received: int = 0, sent: int = 0) -> None:
    """Add to the day's message counts of an employee on a channel."""
    key = {"day": local_day(at), "agent_id": spender.agent_id, "channel": spender.channel}
    _add(DailyMessages, key, spender.agent_name, {"received": received, "sent": sent})


def local_day(at: datetime, time_zone: str = "") -> date:
    """The day of a time in a time zone, the workspace's."""
    zone = time_zone or Tenant.objects.values_list("time_zone", flat=True).get(id=current_tenant_id())
    return at.astimezone(ZoneInfo(zone)).date()


def _add(model: type[Model], key: Mapping[str, object], agent_name: str, amounts: Mapping[str, int | Decimal]) -> None:
    rows = model._default_manager.filter(**key)
    changes = {"agent_name": Value(agent_name), **{column: F(column) + amount for column, amount in amounts.items()}}
    if not rows.update(**changes):
        model._default_manager.bulk_create([model(**key, agent_name=agent_name)], ignore_conflicts=True)
        rows.update(**changes)
