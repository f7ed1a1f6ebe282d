"""The statements of one answered message, from the signed event to the sent post, by step."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from tests.bench.statements.reading import Recording, Statement, by_step, counted, without
from tests.flow.office import Office, open_office
from tests.waiting import eventually

WARM_UP = 3
MESSAGES = 5


@dataclass(frozen=True)
class Cost:
    """What a message costs on average. Not counted: BEGIN, COMMIT, savepoints and set_config."""

    statements: float
    transactions: float
    """With single statements outside of a transaction."""
    savepoints: float
    steps: Mapping[tuple[str, str], float]
    """By step and kind, in the order of the first."""

    @classmethod
    def of(cls, taken: list[Statement], messages: int) -> "Cost":
        steps: Counter[tuple[str, str]] = by_step(taken)
        return cls(
            counted(taken) / messages,
            sum(each.opens and bool(each.text.strip()) for each in taken) / messages,
            sum(each.is_savepoint for each in taken) / messages,
            {step: number / messages for step, number in steps.items()},
        )


def measure(recording: Recording) -> dict[str, Cost]:
    """The cost of a mention that starts a conversation, and of a further message in one. Sweeps are not counted."""
    office = open_office(recording.stack)
    first = _ask(office, WARM_UP)
    found = {}
    with without(recording.stack, "beat"):
        for name, more in {"a new conversation": {}, "a message in one": {"thread_ts": first}}.items():
            _ask(office, 1, **more)
            recording.settle()
            recording.start_over()
            _ask(office, MESSAGES, **more)
            recording.settle()
            found[name] = Cost.of(recording.taken(), MESSAGES)
    return found


def _ask(office: Office, messages: int, **more: str) -> str:
    """Ask one question after another, each answered before the next; returns the first one's ts."""
    asked = []
    for number in range(messages):
        before = len(office.heard())
        asked.append(str(office.mentions(f"Note m{number}.", **more)["ts"]))
        eventually(partial(_has_heard, office, before + 1), within=60, what="a reply")
    return asked[0]


def _has_heard(office: Office, posts: int) -> bool:
    return len(office.heard()) >= posts


def rows(cost: Cost) -> Iterator[list[str]]:
    """The table's rows: each step with its statements."""
    last = ""
    for (step, kind), number in cost.steps.items():
        if step != last:
            whole = sum(each for (name, _), each in cost.steps.items() if name == step)
            yield [step or "(no function of the product's)", f"{whole:g}"]
        yield [f"    {kind}", f"{number:g}"]
        last = step
