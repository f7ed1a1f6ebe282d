"""A product whose statements are recorded, and what was recorded between two moments."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.statements.recorder import FILE
from tests.stack import UNLOOPED, Stack
from tests.temporary import temporary_stack
from tests.waiting import eventually

NOT_COUNTED = re.compile(
    r"\s*($|BEGIN\b|COMMIT\b|ROLLBACK\b|SAVEPOINT\b|RELEASE SAVEPOINT\b|SELECT set_config\b)", re.IGNORECASE
)
"""Also not counted is the empty statement with which the pool tests a connection."""
TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE|JOIN) "?(\w+)', re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """One statement. step: the outermost functions that asked for it; opens: the first one of its transaction."""

    at: float
    opens: bool
    step: str
    text: str

    @property
    def counts(self) -> bool:
        return not NOT_COUNTED.match(self.text)

    @property
    def is_savepoint(self) -> bool:
        return self.text.startswith("SAVEPOINT")

    @property
    def kind(self) -> str:
        """Its verb and its first table."""
        verb, found = self.text.split(None, 1)[0].upper(), TABLE.search(self.text)
        return f"{verb} {found[1]}" if found else f"{verb} {self.text.split(None, 1)[-1][:40]}"


@dataclass
class Recording:
    """A running product's statements."""

    stack: Stack
    path: Path
    _from: int = field(default=0, init=False)

    def start_over(self) -> None:
        """Forget what came before."""
        self._from = self.path.stat().st_size

    def taken(self) -> list[Statement]:
        """What was executed since start_over, in order."""
        with self.path.open("rb") as file:
            file.seek(self._from)
            found = [Statement(**json.loads(line)) for line in file]
        return sorted(found, key=lambda each: each.at)

    def settle(self) -> None:
        """Wait until nothing is going on any more."""
        sizes: list[int] = []

        def is_still() -> bool:
            sizes.append(self.path.stat().st_size)
            return len(sizes) > STILL_LOOKS and len(set(sizes[-STILL_LOOKS:])) == 1

        eventually(is_still, within=60, what="an end of the statements")


STILL_LOOKS = 20
"""A look every 50 ms: nothing is going on if there was no statement for a second."""


@contextmanager
def recorded_stack() -> Iterator[Recording]:
    """A product without quiet period, with an LLM that answers at once."""
    with TemporaryDirectory(prefix="roster-statements-") as folder:
        path = Path(folder) / "statements.jsonl"
        with temporary_stack(
            DJANGO_SETTINGS_MODULE="tests.bench.statements.settings",
            SANDBOX_LLM_LATENCY="0",
            SANDBOX_SLACK_POST_BURST="0",
            QUIET_SECONDS="0",
            TRIAL_CREDIT_USD="1000",
            **{FILE: str(path)},
            **UNLOOPED,
        ) as stack:
            path.touch()
            yield Recording(stack, path)


@contextmanager
def without(stack: Stack, *arguments: str) -> Iterator[None]:
    """Suspend Celery's processes with one of these arguments, such as `beat`, so that no sweeps are counted."""
    still = [each for each in stack.processes("celery") if {*arguments} & {*each.cmdline()}]
    assert still, f"Celery runs nothing of {arguments}"
    for process in still:
        process.suspend()
    try:
        yield
    finally:
        for process in still:
            process.resume()


def counted(statements: Iterable[Statement]) -> int:
    """How many of them count."""
    return sum(each.counts for each in statements)


def by_step(statements: Iterable[Statement]) -> Counter[tuple[str, str]]:
    """How often each kind was executed, by step, in the order of their first."""
    return Counter((each.step, each.kind) for each in statements if each.counts)
