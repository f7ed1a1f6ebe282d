"""What a check of the doctor is, and how all of them run. Each app has its own checks, named by dotted path."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from django.conf import settings
from django.utils.module_loading import import_string

TIMEOUT_SECONDS = 5
"""The longest that a check waits for an outside service."""


class State(Enum):
    """The result. Only a problem makes the doctor's exit status 1."""

    OK = "ok"
    SKIPPED = "skipped"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """One thing that was checked. `text` is a sentence: the result, or the cause and the fix; never a secret."""

    subject: str
    state: State
    text: str


Check = Callable[[], Iterable[Finding]]
"""Yields findings. Holds no transaction while it calls out, and waits at most TIMEOUT_SECONDS for each service."""


def ok(subject: str, text: str) -> Finding:
    return Finding(subject, State.OK, text)


def skipped(subject: str, text: str) -> Finding:
    return Finding(subject, State.SKIPPED, text)


def warning(subject: str, text: str) -> Finding:
    return Finding(subject, State.WARNING, text)


def problem(subject: str, text: str) -> Finding:
    return Finding(subject, State.PROBLEM, text)


def findings() -> Iterator[Finding]:
    """What each of settings.DOCTOR_CHECKS finds, in their order, as soon as it is known."""
    for path in settings.DOCTOR_CHECKS:
        yield from _guarded(path, import_string(path))


def _guarded(path: str, check: Check) -> Iterator[Finding]:
    """One broken check must not silence the others. An error's text may contain a secret, so only its type is shown."""
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001 - whatever a library raises while something is broken
        yield problem(path, f"This check stopped with {type(error).__name__}: fix what is named above first.")
