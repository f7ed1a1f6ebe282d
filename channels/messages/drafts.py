"""What an LLM has said so far, for whoever has the conversation open. Nothing here is kept, and nobody waits for it.

All that was said is told each time, so that it does not matter if some of it is lost.
"""

import asyncio
from concurrent.futures import Future
from typing import Any

from agents.llm import cleaning
from channels.providers import hosting
from tenants.outbound import broadcast, event_loop

EVERY_SECONDS = 0.08


class Draft:
    """An answer under way: the sink of its words, on the process's event loop. topic: who hears of it."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self._pieces: list[str] = []
        self._is_timed = self._is_over = False
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, words: str) -> None:
        """More of it. Told with what follows within a moment."""
        self._pieces.append(words)
        if not self._is_timed:
            self._is_timed = True
            asyncio.get_running_loop().call_later(EVERY_SECONDS, self._tell)

    def end(self, call: "Future[Any]") -> None:
        """The call is over. What was said in vain is taken back; an answer is told of when it is posted."""
        self._is_over = True
        if self._pieces and (call.cancelled() or call.exception()):
            event_loop.start(broadcast.tell_soon(self.topic, hosting.draft("")))

    def _tell(self) -> None:
        self._is_timed = False
        if self._is_over:
            return
        said = cleaning.without_thoughts(cleaning.storable("".join(self._pieces)))
        task = asyncio.ensure_future(broadcast.tell_soon(self.topic, hosting.draft(said)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def draft_of(topic: str) -> Draft | None:
    """The draft of an answer for those who hear of this topic, if anybody may."""
    return Draft(topic) if topic else None
