"""The webhook's response time while Valkey is up, dead and frozen: publishing must never block."""

import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import urlsplit

from tests.bench.client import Burst, open_loop
from tests.bench.figures import Spread
from tests.bench.web.ingest import only_the_web
from tests.bench.web.slack_events import Sender
from tests.stack import Stack
from tests.waiting import eventually

REQUESTS = 400
EVERY_SECONDS = 0.05
CONNECTIONS = 64


def measure(stack: Stack, sender: Sender) -> dict[str, Burst]:
    """The answers in each state of Valkey."""
    states = {"well": _well, "dead": _dead, "frozen": _frozen}
    return {name: _burst(stack, sender, state) for name, state in states.items()}


def rows(found: Mapping[str, Burst]) -> list[list[str]]:
    """The table's rows, one per state of Valkey."""
    return [[f"Valkey {name}", *Spread(burst.seconds).cells(), str(burst.refused)] for name, burst in found.items()]


def _burst(stack: Stack, sender: Sender, state: Callable[[Stack], AbstractContextManager[None]]) -> Burst:
    with only_the_web(stack), state(stack):
        return open_loop(stack.port, list(sender.mentions(REQUESTS)), CONNECTIONS, EVERY_SECONDS)


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
