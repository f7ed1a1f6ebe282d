"""A circuit breaker for services that nothing should wait for: the broker and Redis."""

import threading
import time
from collections.abc import Callable

BREAKER_SECONDS = 5.0


class Breaker:
    """After a failed or slow call, one thread every five seconds tries: a dead broker must not slow webhooks down."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._is_open = False
        self._next_try_at = 0.0
        self._lock = threading.Lock()

    def lets_through(self) -> bool:
        """May this call be tried?"""
        with self._lock:
            if not self._is_open:
                return True
            if self._clock() < self._next_try_at:
                return False
            self._next_try_at = self._clock() + BREAKER_SECONDS
            return True

    def report(self, *, worked: bool) -> None:
        with self._lock:
            self._is_open = not worked
            self._next_try_at = self._clock() + BREAKER_SECONDS
