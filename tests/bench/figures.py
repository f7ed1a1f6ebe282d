"""Measurements and how they are shown."""

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

from tests.stack import Stack


@dataclass(frozen=True)
class Spread:
    """Durations in seconds, shown in milliseconds."""

    seconds: Sequence[float]

    @property
    def median(self) -> float:
        return median(self.seconds)

    def percentile(self, part: float) -> float:
        """The smallest duration that this share (0 to 1) of them doesn't exceed."""
        ordered = sorted(self.seconds)
        return ordered[ceil(part * len(ordered)) - 1]

    def cells(self) -> list[str]:
        """Count, median, 90th and 99th percentile, and maximum."""
        shown = (self.median, self.percentile(0.9), self.percentile(0.99), max(self.seconds))
        return [str(len(self.seconds)), *(f"{each * 1000:.0f} ms" for each in shown)]


SPREAD = ("n", "median", "p90", "p99", "longest")


def ms(seconds: float) -> float:
    """Seconds as milliseconds, for a figure."""
    return round(seconds * 1000, 1)


def say(line: str = "") -> None:
    """Print one line to the terminal immediately."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table with text in the first column and numbers in the others."""
    lines = [[title, *head], *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        first, *others = (
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        say("  ".join([first, *others]))
    say()


def load() -> str:
    """What else is running on this machine, as far as we can tell."""
    return f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}"


def cpu_seconds(stack: Stack, word: str) -> float:
    """Total CPU time of the stack's processes with this word in their command line."""
    return sum(float(times.user + times.system) for times in (each.cpu_times() for each in stack.processes(word)))
