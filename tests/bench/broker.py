"""The webhook's response time while Valkey is up, dead and frozen: publishing must never block."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import urlsplit

from tests.bench.client import open_loop
from tests.bench.figures import Spread
from tests.bench.ingest import only_the_web
from tests.bench.slack_events import Sender
from tests.stack import Stack
from tests.waiting import eventually

REQUESTS = 400
EVERY_SECONDS = 0.05
CONNECTIONS = 64


def measure(stack: Stack, sender: Sender) -> list[list[str]]:
    """The table's rows, one per state of Valkey."""
    states = {"Valkey well": _well, "Valkey dead": _dead, "Valkey frozen": _frozen}
    return [_row(stack, sender, name, state) for name, state in states.items()]


def _row(stack: Stack, sender: Sender, name: str, state: Callable[[Stack], AbstractContextManager[None]]) -> list[str]:
    with only_the_web(stack), state(stack):
        burst = open_loop(stack.port, list(sender.mentions(REQUESTS)), CONNECTIONS, EVERY_SECONDS)
    return [name, *Spread(burst.seconds).cells(), str(burst.refused)]


@contextmanager
def _well(stack: Stack) -> Iterator[None]:
    yield


@contextmanager
def _frozen(stack: Stack) -> Iterator[None]:
    """Valkey accepts connections and answers nothing."""
    servers = stack.processes("valkey-server")
    for each in servers:
        each.suspend()
    try:
        yield
    finally:
        for each in servers:
            each.resume()


@contextmanager
def _dead(stack: Stack) -> Iterator[None]:
    """Valkey is killed, and the supervisor suspended so that it stays dead."""
    assert stack.process
    os.kill(stack.process.pid, signal.SIGSTOP)
    try:
        stack.kill("valkey-server")
        yield
    finally:
        os.kill(stack.process.pid, signal.SIGCONT)
    eventually(lambda: _answers(stack), what="Valkey's restart")


def _answers(stack: Stack) -> bool:
    url = urlsplit(stack.generated["REDIS_URL"])
    with socket.socket() as probe:
        return probe.connect_ex((url.hostname or "127.0.0.1", url.port or 6379)) == 0
