"""One event loop per process, for calls to the outside that must end on time.

A socket's time-out limits each read, not the call: a peer that sends a byte now and then keeps it open forever. A call
that is canceled on an event loop ends at once: its connection is closed, and nothing more is sent.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")

GRACE_SECONDS = 5.0
"""How late the loop itself may be; after that the caller goes on without it."""

_starting = threading.Lock()


@cache
def _loop_once() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="event-loop", daemon=True).start()
    return loop


def _loop() -> asyncio.AbstractEventLoop:
    with _starting:  # functools.cache alone lets threads that begin together make several
        return _loop_once()


def start(work: Coroutine[Any, Any, T]) -> "Future[T]":
    """Do this on the loop and do not wait for it. Canceling the future ends it at once."""
    return asyncio.run_coroutine_threadsafe(work, _loop())


def later(seconds: float, call: Callable[[], object]) -> None:
    """Call this on the loop after so many seconds. It must be quick."""
    _loop().call_soon_threadsafe(lambda: _loop().call_later(seconds, call))


def run(work: Coroutine[Any, Any, T], *, within: float) -> T:
    """Do this on the loop and wait for it, at most so many seconds.

    Raises TimeoutError, and whatever `work` raises. Clients that hold connections cannot be shared between loops, so
    all of a process use this one.
    """
    future = start(_within(work, within))
    try:
        return future.result(within + GRACE_SECONDS)
    finally:
        future.cancel()


async def _within(work: Coroutine[Any, Any, T], seconds: float) -> T:
    async with asyncio.timeout(seconds):
        return await work
