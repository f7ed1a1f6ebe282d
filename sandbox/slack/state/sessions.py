"""Agent sessions by thread. https://docs.slack.dev/ai/agent-sessions"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Session:
    """A thread that an agent works in. title and initiator are those that it began with."""

    channel: str
    thread_ts: str
    status: str
    title: str = ""
    initiator: str = ""


class Sessions:
    """All of them."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Session] = {}

    def set(self, channel: str, thread_ts: str, status: str, title: str, initiator: str) -> Session:
        """Change the status; begins a session where there is none."""
        begun = Session(channel, thread_ts, status, title, initiator)
        session = self._found.setdefault((channel, thread_ts), begun)
        session.status = status
        return session

    def get(self, channel: str, thread_ts: str) -> Session:
        """Raises KeyError."""
        return self._found[channel, thread_ts]

    def all(self) -> list[Session]:
        """In the order in which they began."""
        return list(self._found.values())
