"""What a period cost: read from the daily sums, never from the records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Sum

from usage.models import DailyMessages, DailyUsage


@dataclass(frozen=True)
class EmployeeUsage:
    """One AI employee's part of a period. Tokens are counts, cost is USD."""

    agent_id: UUID
    agent_name: str
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal
    received: int
    sent: int

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True)
class Summary:
    """A workspace's period, first and last day included, days in its time zone."""

    first: date
    last: date
    employees: list[EmployeeUsage]

    @property
    def input_tokens(self) -> int:
        return sum(each.input_tokens for each in self.employees)

    @property
    def output_tokens(self) -> int:
        return sum(each.output_tokens for each in self.employees)

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    @property
    def cost_usd(self) -> Decimal:
        return sum((each.cost_usd for each in self.employees), Decimal(0))

    @property
    def received(self) -> int:
        return sum(each.received for each in self.employees)

    @property
    def sent(self) -> int:
        return sum(each.sent for each in self.employees)

    @property
    def messages(self) -> int:
        return self.received + self.sent


def summarise(first: date, last: date) -> Summary:
    """The open scope's usage from `first` to `last`, employees with the highest cost first."""
    spent, said = _spending(first, last), _messages(first, last)
    names = _latest_names(first, last)
    employees = [_employee(agent, names[agent], spent.get(agent, {}), said.get(agent, {})) for agent in names]
    return Summary(first, last, sorted(employees, key=lambda each: (-each.cost_usd, each.agent_name)))


Sums = Mapping[str, Any]


def _employee(agent_id: UUID, name: str, spent: Sums, said: Sums) -> EmployeeUsage:
    inputs = ("input_tokens", "cached_read_tokens", "cache_write_tokens")
    return EmployeeUsage(
        agent_id=agent_id,
        agent_name=name,
        input_tokens=sum(int(spent.get(column, 0)) for column in inputs),
        output_tokens=int(spent.get("output_tokens", 0)),
        cost_usd=Decimal(spent.get("cost_usd", 0)),
        received=int(said.get("received", 0)),
        sent=int(said.get("sent", 0)),
    )


def _spending(first: date, last: date) -> Mapping[UUID, Sums]:
    columns = ("input_tokens", "cached_read_tokens", "cache_write_tokens", "output_tokens", "cost_usd")
    return _sums(DailyUsage.objects.filter(day__range=(first, last)), columns)


def _messages(first: date, last: date) -> Mapping[UUID, Sums]:
    return _sums(DailyMessages.objects.filter(day__range=(first, last)), ("received", "sent"))


def _sums(rows: QuerySet[Any], columns: Sequence[str]) -> Mapping[UUID, Sums]:
    """The sums of these columns for each employee."""
    # A sum must not have its column's name, or Django sums up the sum.
    grouped = rows.values("agent_id").annotate(**{f"sum_{column}": Sum(column) for column in columns})
    return {row["agent_id"]: {column: row[f"sum_{column}"] for column in columns} for row in grouped}


def _latest_names(first: date, last: date) -> dict[UUID, str]:
    """A renamed employee goes by its newest name."""
    newest: dict[UUID, tuple[date, str]] = {}
    for model in (DailyUsage, DailyMessages):
        rows = model._default_manager.filter(day__range=(first, last)).order_by("agent_id", "-day")
        for agent_id, day, name in rows.distinct("agent_id").values_list("agent_id", "day", "agent_name"):
            if agent_id not in newest or newest[agent_id][0] <= day:
                newest[agent_id] = (day, name)
    return {agent_id: name for agent_id, (_, name) in newest.items()}
