"""Who works here, in the order of seats, as pages show it."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from agents.models import Agent
from billing import quota, standing
from billing.standing import Standing


class Duty(StrEnum):
    """Whether an AI employee answers, and if not, why."""

    ON_DUTY = "on_duty"
    NO_SEAT = "no_seat"
    PAUSED = "paused"


@dataclass(frozen=True)
class Place:
    """An AI employee and where it stands."""

    agent: Agent
    state: Duty
    is_first: bool = False
    is_last: bool = False

    @property
    def is_in_order(self) -> bool:
        """Has it a place in the order of seats? Who is paused has none."""
        return self.state is not Duty.PAUSED


@dataclass(frozen=True)
class Team:
    """All who are employed: first those in the order of seats, then those whom an operator has paused."""

    rows: tuple[Place, ...]
    standing: Standing

    @property
    def seats(self) -> int:
        """How many may work now."""
        return self.standing.seats

    @cached_property
    def in_order(self) -> int:
        """How many have a place in the order of seats."""
        return sum(1 for row in self.rows if row.is_in_order)

    @property
    def on_duty(self) -> int:
        """How many answer."""
        return min(self.in_order, self.seats)

    @property
    def has_free_seat(self) -> bool:
        """Could one more be hired or reactivated?"""
        return self.in_order < self.seats

    @property
    def waiting(self) -> list[str]:
        """The names of those for whom there is no seat."""
        return [row.agent.name for row in self.rows if row.state is Duty.NO_SEAT]


def look() -> Team:
    """The team of the open scope's workspace."""
    now = standing.current()
    employed = list(Agent.objects.in_order())
    last = sum(1 for agent in employed if agent.paused_at is None) - 1
    return Team(tuple(_place(agent, number, now.seats, last) for number, agent in enumerate(employed)), now)


def require_free_seat() -> None:
    """Before somebody describes a new employee. Raises billing.quota.PaymentRequiredError; hiring.hire is the law."""
    quota.require_entitled()
    team = look()
    if not team.has_free_seat:
        raise quota.NoSeatError("one more AI employee", team.seats)


def _place(agent: Agent, number: int, seats: int, last: int) -> Place:
    if agent.paused_at is not None:
        return Place(agent, Duty.PAUSED)
    state = Duty.ON_DUTY if number < seats else Duty.NO_SEAT
    return Place(agent, state, is_first=number == 0, is_last=number == last)
