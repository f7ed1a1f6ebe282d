"""A bell that many may ring at once: a few wake-ups are published for any number of rings.

A publisher may take long, such as one that waits for a broker that does not answer. So it is called in a thread of its
own, never in the one that rings.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

EVERY_SECONDS = 0.05
FLUSH_SECONDS = 0.5

Key = TypeVar("Key")


class Bell(Generic[Key]):
    """Calls `publish` with a key soon after it rang, at most once every EVERY_SECONDS for each key.

    The first ring is published at once. A publication always begins after the last ring. Only a process that ends first
    loses one, so something else has to find the work in the end.
    """

    def __init__(self, publish: Callable[[Key], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._publish, self._clock = publish, clock
        self.forget()

    def forget(self) -> None:
        """Begin anew, without a thread: a forked child has none of its parent's threads and locks."""
        self._changed = threading.Condition()
        self._due: dict[Key, float] = {}
        self._last: dict[Key, float] = {}
        self._is_publishing = False
        self._thread: threading.Thread | None = None

    def ring(self, key: Key) -> None:
        """Returns at once."""
        with self._changed:
            if key in self._due:
                return
            now = self._clock()
            self._due[key] = max(now, self._last.get(key, now - EVERY_SECONDS) + EVERY_SECONDS)
            self._see_that_it_lives()
            self._changed.notify_all()

    def publish_due(self) -> None:
        """Publish what rang and has waited long enough. Only the bell's own thread calls this, and tests."""
        for key in self._take_due():
            try:
                self._publish(key)
            except Exception:  # whatever it is, the next one has to be published
                log.exception("A wake-up could not be published: the next sweep finds the work.")
        with self._changed:
            self._is_publishing = False
            self._changed.notify_all()

    def seconds_left(self) -> float | None:
        """Until something is due; None if nothing rang."""
        with self._changed:
            return max(0.0, min(self._due.values()) - self._clock()) if self._due else None

    def flush(self, within: float = FLUSH_SECONDS) -> bool:
        """Publish all that rang without further delay. Waits at most so many seconds for it; False if that is over."""
        with self._changed:
            self._due = dict.fromkeys(self._due, self._clock())
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._due and not self._is_publishing, within)

    def _take_due(self) -> list[Key]:
        with self._changed:
            now = self._clock()
            taken = [key for key, at in self._due.items() if at <= now]
            for key in taken:
                del self._due[key]
                self._last[key] = now
            self._is_publishing = bool(taken)
            return taken

    def _run(self) -> None:
        while True:
            with self._changed:
                left = self.seconds_left()
                if left != 0:
                    self._changed.wait(left)
            self.publish_due()

    def _see_that_it_lives(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="bell", daemon=True)
            self._thread.start()
