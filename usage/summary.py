"""What a period cost: read from the roll-ups, never from the records."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
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
    spent = {row["agent_id"]: row for row in _spending(first, last)}
    said = {row["agent_id"]: row for row in _messages(first, last)}
    names = _latest_names(first, last)
    employees = [_employee(agent, names[agent], spent.get(agent, {}), said.get(agent, {})) for agent in {**spent, **said}]
    return Summary(first, last, sorted(employees, key=lambda each: (-each.cost_usd, each.agent_name)))


def _employee(agent_id: UUID, name: str, spent: dict[str, int | Decimal], said: dict[str, int]) -> EmployeeUsage:
    cached = int(spent.get("cached", 0)) + int(spent.get("written", 0))
    return EmployeeUsage(
        agent_id=agent_id,
        agent_name=name,
        input_tokens=int(spent.get("input", 0)) + cached,
        output_tokens=int(spent.get("output", 0)),
        cost_usd=Decimal(spent.get("cost", 0)),
        received=said.get("in", 0),
        sent=said.get("out", 0),
    )


def _spending(first: date, last: date) -> QuerySet[DailyUsage, dict[str, object]]:
    return (
        DailyUsage.objects.filter(day__range=(first, last))
        .values("agent_id")
        .annotate(
            input=Sum("input_tokens"),
            cached=Sum("cached_read_tokens"),
            written=Sum("cache_write_tokens"),
            output=Sum("output_tokens"),
            cost=Sum("cost_usd"),
        )
    )


def _messages(first: date, last: date) -> QuerySet[DailyMessages, dict[str, object]]:
    rows = DailyMessages.objects.filter(day__range=(first, last)).values("agent_id")
    return rows.annotate(**{"in": Sum("received"), "out": Sum("sent")})


def _latest_names(first: date, last: date) -> dict[UUID, str]:
    """An employee that was renamed goes by its newest name."""
    names: dict[UUID, str] = {}
    for model in (DailyUsage, DailyMessages):
        rows = model._default_manager.filter(day__range=(first, last)).order_by("day")
        names.update(rows.values_list("agent_id", "agent_name"))
    return names
