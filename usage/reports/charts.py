"""Charts as numbers, for a template that draws them as SVG, with a table beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10

from django.contrib.humanize.templatetags.humanize import intcomma

from usage.reports.summary import EmployeeUsage

HEIGHT = 200.0


@dataclass(frozen=True)
class Bar:
    """One stacked bar: x and width in per cent of the plot, y and heights in pixels from the top."""

    employee: EmployeeUsage
    x: float
    width: float
    middle: float
    input_y: float
    input_height: float
    output_y: float
    output_height: float


@dataclass(frozen=True)
class Tick:
    """A line across the plot and its number."""

    value: int
    y: float


@dataclass(frozen=True)
class Bars:
    bars: list[Bar]
    ticks: list[Tick]

    @property
    def described(self) -> str:
        """Each employee with its tokens: “Maya 4,100, Leo 350”."""
        return ", ".join(f"{bar.employee.agent_name} {intcomma(bar.employee.tokens)}" for bar in self.bars)


def token_bars(employees: Sequence[EmployeeUsage]) -> Bars:
    """Tokens per employee, output on top of input."""
    top = _round_up(max((each.tokens for each in employees), default=0))
    step = 100 / max(len(employees), 1)
    bars = [_bar(each, position * step, step, top) for position, each in enumerate(employees)]
    return Bars(bars, [Tick(round(top * part / 4), HEIGHT - HEIGHT * part / 4) for part in range(5)])


def _bar(employee: EmployeeUsage, left: float, step: float, top: int) -> Bar:
    width = min(step / 2, 10.0)
    input_height = HEIGHT * employee.input_tokens / top
    output_height = HEIGHT * employee.output_tokens / top
    input_y = HEIGHT - input_height
    return Bar(
        employee=employee,
        x=round(left + (step - width) / 2, 2),
        width=round(width, 2),
        middle=round(left + step / 2, 2),
        input_y=round(input_y, 1),
        input_height=round(input_height, 1),
        output_y=round(input_y - output_height, 1),
        output_height=round(output_height, 1),
    )


def _round_up(value: int) -> int:
    """A round number of four even steps at or above the value."""
    if value <= 4:
        return 4
    unit = 10 ** int(log10(value))
    return next(int(unit * factor) for factor in (1, 2, 4, 5, 8, 10, 20) if unit * factor >= ceil(value))
