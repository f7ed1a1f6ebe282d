"""Folders that the user `nobody` can access, unlike pytest's own."""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

DEADLINE = 15.0


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that everyone may traverse."""
    with tempfile.TemporaryDirectory(prefix="roster-test-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Polls a condition and fails if it isn't true in time."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < deadline, "the condition was not true in time"

    return wait
