"""Waiting for other processes, with a deadline and never a fixed sleep."""

import socket
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T | None], *, within: float = 30, what: str = "") -> T:
    """The first true value of `look`. Fails after `within` seconds."""
    deadline = time.monotonic() + within
    pause = threading.Event()
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        pause.wait(0.05)
    raise AssertionError(f"{what or look} was not true within {within:g} s")


def free_ports(count: int) -> int:
    """The first of `count` consecutive free ports."""
    for first in range(20_000 + time.time_ns() % 20_000, 60_000, 7):
        if all(_is_free(port) for port in range(first, first + count)):
            return first
    raise AssertionError("there are no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
