"""One event loop per process, for calls to the outside that must end on time.

A socket's time-out limits each read, not the call: a peer that sends a byte now and then keeps it open forever. A call
that is canceled on an event loop ends at once: its connection is closed, and nothing more is sent.
"""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")

GRACE_SECONDS = 5.0
"""How late the loop itself may be; after that the caller goes on without it."""

__all__ = ["GRACE_SECONDS", "Cancellation", "CancelledError", "run"]

_starting = threading.Lock()


@cache
def _loop_once() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="event-loop", daemon=True).start()
    return loop


def _loop() -> asyncio.AbstractEventLoop:
    with _starting:  # functools.cache alone lets threads that begin together make several
        return _loop_once()


class Cancellation:
    """Lets another thread end a call: `run` then raises CancelledError. May be used again for the next call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_cancelled = False
        self._future: Future[Any] | None = None

    def cancel(self) -> None:
        """End the call that is under way, or the next one."""
        with self._lock:
            self._is_cancelled, future = True, self._future
        if future:
            future.cancel()

    def watch(self, future: "Future[Any]") -> None:
        with self._lock:
            self._future, is_cancelled = future, self._is_cancelled
        if is_cancelled:
            future.cancel()


def run(work: Coroutine[Any, Any, T], *, within: float, cancellation: Cancellation | None = None) -> T:
    """Do this on the loop and wait for it, at most so many seconds.

    Raises TimeoutError, CancelledError if `cancellation` says so, and whatever `work` raises. Clients that hold
    connections cannot be shared between loops, so all of a process use this one.
    """
    future = asyncio.run_coroutine_threadsafe(_within(work, within), _loop())
    if cancellation:
        cancellation.watch(future)
    try:
        return future.result(within + GRACE_SECONDS)
    finally:
        future.cancel()


async def _within(work: Coroutine[Any, Any, T], seconds: float) -> T:
    async with asyncio.timeout(seconds):
        return await work
