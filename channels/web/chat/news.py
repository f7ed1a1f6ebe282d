"""What an open page hears, as server-sent events: that there is something to look at, and an answer as it is written.

It runs on the web process's event loop and holds neither a thread nor a connection to Postgres. Nothing is lost with a
connection: whoever comes back is told to look first, so `Last-Event-ID` has nothing to tell.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

from django.conf import settings

from channels.providers import hosting
from tenants.outbound.broadcast import Switchboard

OPEN_SECONDS = 5 * 60
"""Then the browser comes back, with its cookie looked at again."""
BEAT_SECONDS = 20
"""Proxies close what is silent for longer than a minute."""
AGAIN_MS = 3_000

_switchboard = Switchboard()
_open: Counter[str] = Counter()
"""Open pages by the network that they come from: nobody alone can have all that there may be."""


def is_full(network: str) -> bool:
    """Does this process have as many open pages as it may, altogether or of this network?"""
    if _switchboard.listeners >= settings.CHAT_OPEN_PAGES:
        return True
    return _open[network] >= settings.CHAT_OPEN_PAGES_PER_ADDRESS


async def stream(topic: str, network: str) -> AsyncIterator[bytes]:
    """News about this topic for a page of this network, for a few minutes."""
    _open[network] += 1
    try:
        async for event in _events(topic):
            yield event
    finally:
        _open[network] -= 1
        if not _open[network]:
            del _open[network]


async def _events(topic: str) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    end = loop.time() + OPEN_SECONDS
    async with _switchboard.listening(topic) as heard:
        yield f"retry: {AGAIN_MS}\n".encode() + _event(hosting.NEWS)
        while (left := end - loop.time()) > 0:
            try:
                async with asyncio.timeout(min(left, BEAT_SECONDS)):
                    news = await heard.get()
            except TimeoutError:
                yield b": still here\n\n"
            else:
                yield _event(news)


def _event(data: str) -> bytes:
    return f"data: {data}\n\n".encode()
