"""What a period cost: read from the daily sums, never from the records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import DecimalField, F, Max, QuerySet, Sum, Value
from django.db.models.functions import Cast

from usage.models import USD, DailyMessages, DailyUsage

AMOUNT = DecimalField(max_digits=30, decimal_places=USD["decimal_places"])


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
    employees = [_employee(agent_id, rows) for agent_id, rows in _rows(first, last).items()]
    return Summary(first, last, sorted(employees, key=lambda each: (-each.cost_usd, each.agent_name)))


Row = Mapping[str, Any]
INPUTS = ("input_tokens", "cached_read_tokens", "cache_write_tokens")
SPENT = (*INPUTS, "output_tokens", "cost_usd")
SAID = ("received", "sent")


def _rows(first: date, last: date) -> dict[UUID, list[Row]]:
    """By employee its sums of what was spent and of what was said, found in one statement."""
    columns = ("agent_id", "last_day", "is_talk", "name", *(f"sum_{each}" for each in (*SPENT, *SAID)))
    spent = _sums(DailyUsage.objects.filter(day__range=(first, last)), SPENT, SAID, is_talk=False)
    said = _sums(DailyMessages.objects.filter(day__range=(first, last)), SAID, SPENT, is_talk=True)
    found: dict[UUID, list[Row]] = {}
    for row in spent.values(*columns).union(said.values(*columns), all=True):
        found.setdefault(row["agent_id"], []).append(row)
    return found


def _sums(rows: QuerySet[Any], columns: Sequence[str], others: Sequence[str], *, is_talk: bool) -> QuerySet[Any, Row]:
    """For each employee the sums of these columns, zeros for the others, and its name on its last day."""
    # A sum must not have its column's name, or Django sums up the sum.
    sums = {f"sum_{column}": Cast(Sum(column), AMOUNT) for column in columns}
    zeros = {f"sum_{column}": Value(Decimal(0), AMOUNT) for column in others}
    names = ArrayAgg("agent_name", order_by="-day")
    grouped = rows.order_by().values("agent_id").annotate(last_day=Max("day"), names=names, **sums)
    found: QuerySet[Any, Row] = grouped.annotate(name=F("names__0"), is_talk=Value(is_talk), **zeros)
    return found


def _employee(agent_id: UUID, rows: Sequence[Row]) -> EmployeeUsage:
    """A renamed employee goes by its newest name."""
    newest = max(rows, key=lambda row: (row["last_day"], row["is_talk"]))
    total = {column: sum((row[f"sum_{column}"] for row in rows), Decimal(0)) for column in (*SPENT, *SAID)}
    return EmployeeUsage(
        agent_id=agent_id,
        agent_name=newest["name"],
        input_tokens=sum(int(total[column]) for column in INPUTS),
        output_tokens=int(total["output_tokens"]),
        cost_usd=total["cost_usd"],
        received=int(total["received"]),
        sent=int(total["sent"]),
    )
