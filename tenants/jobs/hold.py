"""A lease that this process holds, and how its work learns that it has to end."""

import logging
import threading
from collections.abc import Callable
from enum import Enum
from uuid import UUID

from tenants.models import Job

log = logging.getLogger(__name__)

Key = tuple[UUID, int]
"""A job's id, and the attempt that holds it."""


class Ending(Enum):
    """Why work has to end early."""

    OVERTAKEN = "overtaken"
    STOPPED = "stopped"


class OvertakenError(Exception):
    """Somebody else has the job by now, or it is gone: drop what was made."""


class StoppedError(Exception):
    """The process is stopping, or somebody stopped this job: give it back, so that another worker can take it."""


class Hold:
    """A lease that this process keeps. Work calls `check` now and then, or passes `on_end`."""

    def __init__(
        self,
        model: type[Job],
        key: Key,
        on_look: Callable[[], None] | None = None,
        on_end: Callable[[Ending], None] | None = None,
    ) -> None:
        self.model, self.key = model, key
        self._on_look, self._on_end = on_look, on_end
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._ending: Ending | None = None

    @property
    def ending(self) -> Ending | None:
        """Why the work has to end; None while it may go on."""
        return self._ending

    def check(self) -> None:
        """Raises OvertakenError or StoppedError if the work has to end."""
        if self._ending is Ending.OVERTAKEN:
            raise OvertakenError
        if self._ending is Ending.STOPPED:
            raise StoppedError

    def wait(self, seconds: float) -> Ending | None:
        """Wait at most so long for the end; why it ended, if it did."""
        self._ended.wait(seconds)
        return self._ending

    def end(self, ending: Ending) -> None:
        """Tell the work. Being overtaken outweighs being stopped: there is nothing left to give back."""
        with self._lock:
            if self._ending in (Ending.OVERTAKEN, ending):
                return
            self._ending = ending
        self._ended.set()
        if self._on_end:
            _guarded(lambda: self._on_end(ending) if self._on_end else None)

    def look(self) -> None:
        if self._on_look:
            _guarded(self._on_look)


def _guarded(call: Callable[[], None]) -> None:
    """What a job's own callback raises must not cost other jobs their leases."""
    try:
        call()
    except Exception:
        log.exception("A job's callback failed")
