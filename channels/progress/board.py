"""The newest about each place where people wait, told by a few threads. Whoever puts it there never waits.

Of several pieces of news about one place only the newest counts. They are told one after the other, in their order.
"""

import logging
import threading
import time
from collections.abc import Callable, Hashable
from functools import cache
from uuid import UUID

from tenants.jobs.pool import FairPool

log = logging.getLogger(__name__)

THREADS, SHARE = 8, 2
"""Of all workspaces, and of one: a provider that does not answer holds up that one's news only."""
MOST_WAITING = 1_000
"""Places with news that nobody was told yet. Further ones are left out: the next news about them counts."""

Tell = Callable[[], object]


class Board:
    """News by place. pool: whose threads tell them."""

    def __init__(self, pool: FairPool, most: int = MOST_WAITING) -> None:
        self._pool, self._most = pool, most
        self._changed = threading.Condition()
        self._news: dict[Hashable, Tell] = {}
        self._busy: set[Hashable] = set()
        self._is_full = False

    def put(self, tenant_id: UUID, place: Hashable, tell: Tell) -> None:
        """Call `tell` soon, instead of what was put for this place and nobody was told yet. Returns at once."""
        with self._changed:
            if not self._has_room(place):
                return
            self._news[place] = tell
            if place in self._busy:
                return
            self._busy.add(place)
        self._pool.submit(tenant_id, lambda: self._tell(tenant_id, place))

    def has_news(self, place: Hashable) -> bool:
        """Is something about this place still to be told?"""
        with self._changed:
            return place in self._busy

    def flush(self, within: float) -> bool:
        """Wait until all is told, at most so many seconds; whether it is."""
        end = time.monotonic() + within
        with self._changed:
            while self._busy and (left := end - time.monotonic()) > 0:
                self._changed.wait(left)
            return not self._busy

    def _has_room(self, place: Hashable) -> bool:
        was_full, self._is_full = self._is_full, len(self._news) >= self._most
        if self._is_full and not was_full:
            log.warning("Too many places wait for news of their employee: some people are not shown any")
        return not self._is_full or place in self._news

    def _tell(self, tenant_id: UUID, place: Hashable) -> None:
        with self._changed:
            tell = self._news.pop(place)
        try:
            tell()
        except Exception:
            log.exception("People could not be shown how far their employee is")
        finally:
            with self._changed:
                is_more = place in self._news
                if not is_more:
                    self._busy.discard(place)
                    self._changed.notify_all()
            if is_more:
                self._pool.submit(tenant_id, lambda: self._tell(tenant_id, place))


_starting = threading.Lock()


@cache
def _board_once() -> Board:
    return Board(FairPool(THREADS, SHARE, "progress"))


def board() -> Board:
    """This process's own. Its threads start with the first news."""
    with _starting:
        return _board_once()
