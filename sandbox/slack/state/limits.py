"""The Slack rate limits that matter here. https://docs.slack.dev/apis/web-api/rate-limits"""

from __future__ import annotations

import math
import time
from typing import Final

HISTORY_SECONDS: Final = 60.0
HISTORY_PAGE: Final = 15


class Limits:
    """Remembers recent calls. Every method returns the seconds to wait, 0 when the call is allowed."""

    def __init__(self, history_limited: bool, post_burst: int) -> None:
        self.history_limited = history_limited
        self.post_burst = post_burst
        self._history: dict[tuple[str, str], float] = {}
        self._posts: dict[str, float] = {}

    def history(self, team: str, method: str) -> int:
        """One call a minute per workspace and method, as for apps outside Slack's Marketplace."""
        now, last = time.monotonic(), self._history.get((team, method), -HISTORY_SECONDS)
        if self.history_limited and now - last < HISTORY_SECONDS:
            return math.ceil(HISTORY_SECONDS - (now - last))
        self._history[team, method] = now
        return 0

    def post(self, channel: str) -> int:
        """One message per second and channel, after a burst."""
        now = time.monotonic()
        due = max(self._posts.get(channel, now), now)
        wait = due - now - (self.post_burst - 1)
        if self.post_burst and wait > 0:
            return math.ceil(wait)
        self._posts[channel] = due + 1
        return 0

    def reset(self) -> None:
        """Forget all calls."""
        self._history.clear()
        self._posts.clear()
