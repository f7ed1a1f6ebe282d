"""Checks that each regular expression, and each reader of outside text, takes linear time on its worst inputs.

Linear is a ratio of 4 between n and 4n characters, quadratic is 16. A pattern missing from WORST fails a test.
"""

import gc
import importlib
import json
import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from channels.providers.slack.incoming.markup import plain_text
from channels.providers.slack.outgoing import harmless, presentation
from config.http.scrubber import Scrubber
from config.local.run import programs
from tenants import encryption
from tenants.http import idempotency
from tenants.privacy import archive, exact_ids
from tests.bench.figures import say
from tests.bench.worst_inputs import EVERYWHERE, READERS, WORST, Pump

SHORT, REPEATS = 4_000, 5
HIGHEST_RATIO = 8.0
TOO_QUICK = 0.002
"""Seconds: below this at 4n, the ratio is noise and the time is harmless."""
LONGEST = 20
HEAD = ("n", "4n", "ratio")


@dataclass(frozen=True)
class Case:
    """One use of a pattern (or one reader) with one of its worst inputs."""

    name: str
    pump: Pump
    use: Callable[[str], object]

    def text(self, length: int) -> str:
        first, unit, last = self.pump
        return first + unit * (length // len(unit) + 1) + last


@dataclass(frozen=True)
class Measured:
    """This process's CPU seconds for n and for 4n characters, which other load barely affects."""

    case: Case
    short: float
    long: float

    @property
    def ratio(self) -> float:
        return self.long / max(self.short, 1e-9)

    @property
    def is_linear(self) -> bool:
        return self.long < TOO_QUICK or self.ratio <= HIGHEST_RATIO


def cases() -> Iterator[Case]:
    """All cases to measure."""
    for name, pumps in WORST.items():
        yield from (Case(name, pump, use(name)) for pump in (*pumps, *EVERYWHERE))
    for name, pumps in READERS.items():
        yield from (Case(name, pump, _READ[name]) for pump in pumps)


def measure() -> list[Measured]:
    """Measure each case at n and 4n characters, best of five."""
    gc.disable()  # its time depends on the number of objects in the process, not on the input
    try:
        return [Measured(case, _seconds(case, SHORT), _seconds(case, 4 * SHORT)) for case in cases()]
    finally:
        gc.enable()


def rows(found: list[Measured]) -> list[list[str]]:
    """The table's rows: the slowest input per name."""
    slowest: dict[str, Measured] = {}
    for each in found:
        if each.case.name not in slowest or each.long > slowest[each.case.name].long:
            slowest[each.case.name] = each
    return [
        [name, f"{each.short * 1e3:.2f} ms", f"{each.long * 1e3:.2f} ms", f"{each.ratio:.1f}"]
        for name, each in slowest.items()
    ]


def report(found: list[Measured], *, as_json: bool) -> bool:
    """Print which aren't linear, and optionally all results as JSON. True if all are linear."""
    wrong = [each for each in found if not each.is_linear]
    for each in wrong:
        say(f"NOT LINEAR: {each.case.name} with {each.case.pump!r}: {each.long * 1e3:.1f} ms, ratio {each.ratio:.1f}")
    known = f"{len(found)} inputs of {len(WORST)} patterns and {len(READERS)} readers"
    say(f"{known}; with a ratio above {HIGHEST_RATIO:g}: {len(wrong)}.\n")
    if as_json:
        named = [{"name": each.case.name, "input": each.case.pump, "n": each.short, "4n": each.long} for each in found]
        say(json.dumps(named))
    return not wrong


def use(name: str) -> Callable[[str], object]:
    """The product's call with the pattern of this name."""
    if name in _USES:
        return _USES[name]
    module, _, constant = name.partition("#")[0].rpartition(".")
    held = getattr(importlib.import_module(module), constant)
    if isinstance(held, re.Pattern):
        return _matcher([held])
    if isinstance(held, Mapping):
        return _matcher(list(held.values()))
    if isinstance(held, tuple):
        return _matcher([pattern for _, pattern in held])
    return _validator(TypeAdapter(held))


def _matcher(patterns: list[re.Pattern[str]]) -> Callable[[str], object]:
    def run(text: str) -> None:
        for pattern in patterns:
            pattern.sub("", text)
            pattern.match(text)
            pattern.fullmatch(text)

    return run


def _validator(adapter: TypeAdapter[Any]) -> Callable[[str], object]:
    def run(text: str) -> None:
        try:
            adapter.validate_python(text)
        except ValidationError:
            return

    return run


def _seconds(case: Case, length: int) -> float:
    text = case.text(length)
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(TimeoutError(case.name)))
    best = float("inf")
    for _ in range(REPEATS):
        signal.alarm(LONGEST)
        begun = time.process_time()
        try:
            case.use(text)
        except TimeoutError:
            return float(LONGEST)
        finally:
            signal.alarm(0)
        best = min(best, time.process_time() - begun)
        if best > 1:
            break
    return best


_SEALED = _matcher([re.compile(encryption.SEALED)])
_USES: Mapping[str, Callable[[str], object]] = {
    "config.local.embedded.cluster.major_version": _matcher([re.compile(r"(\d+)")]),
    "config.local.run.child.Child._relay_lines": _matcher([re.compile(programs.WORKER_READY)]),
    "tenants.privacy.archive.Table.lines": lambda text: re.sub(encryption.SEALED, archive.MASK, text),
    "tenants.encryption.key_ids_in": encryption.key_ids_in,
    "tenants.encryption.is_sealed": encryption.is_sealed,
    "tenants.http.idempotency._asked": _matcher([re.compile(idempotency.PATTERN)]),
    "tenants.privacy.exact_ids.names": lambda text: exact_ids.names(text, "cus_1"),
    "tenants.privacy.rotation.Document.rows": _SEALED,
    "tenants.privacy.rotation.Document.outdated": _SEALED,
    "tenants.privacy.rotation.Document.sealed_in": _SEALED,
}
"""Patterns that aren't constants. Key rotation's run in Postgres, whose regular expressions take linear time."""
_READ: Mapping[str, Callable[[str], object]] = {
    "plain_text": lambda text: plain_text(text, "U2"),
    "split": presentation.split,
    "content": lambda text: presentation.content(text, has_blocks=True),
    "shows_another": lambda text: harmless.shows_another(text, "https://a.example"),
    "scrubber": Scrubber().text,
}
