"""What the figures should be, and how they are shown: value beside aim. Missing an aim is not a failure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.bench.figures import say, table

Figures = Mapping[str, Any]
"""Figures by name, as the last line has them with JSON=1. None: could not be reached, such as 400 calls in flight."""


@dataclass(frozen=True)
class Aim:
    """The least or the most that a figure should be."""

    value: float
    is_least: bool = False

    def __str__(self) -> str:
        return f"{'at least' if self.is_least else 'at most'} {self.value:g}"

    def is_met(self, value: float) -> bool:
        return value >= self.value if self.is_least else value <= self.value


AIMS: Mapping[str, Aim] = {
    "receive_ratio": Aim(0.6, is_least=True),
    "receive_p99_ms_broker_dead": Aim(200),
    "receive_p99_ms_broker_frozen": Aim(200),
    "portal_view_ratio": Aim(0.4, is_least=True),
    "webhook_view_ratio": Aim(0.4, is_least=True),
    "statements_per_message": Aim(30),
    "cpu_ms_per_message": Aim(60),
    "answers_per_second": Aim(25, is_least=True),
    "in_flight_400_mb": Aim(400),
    "added_ms_p50": Aim(50),
    "added_ms_p99": Aim(250),
    "fairness_added_ms_p50": Aim(100),
    "chats_page_p95_ratio": Aim(2),
    "chats_answers_per_second": Aim(9.5, is_least=True),
    "page_statements_max": Aim(12),
}


def show(figures: Figures) -> None:
    """A table of the figures that have an aim, of those measured."""
    measured = {name: aim for name, aim in AIMS.items() if name in figures}
    if measured:
        table("Figures", ["value", "aim", "met"], [_row(name, figures[name], aim) for name, aim in measured.items()])


def _row(name: str, value: float | None, aim: Aim) -> list[str]:
    if value is None:
        return [name, "not reached", str(aim), "no"]
    return [name, f"{value:g}", str(aim), "yes" if aim.is_met(value) else "no"]


def say_json(figures: Figures) -> None:
    """All figures as one line of JSON."""
    say(json.dumps(figures))
