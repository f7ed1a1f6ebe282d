"""Waits until a process is ready."""

import asyncio
import http.client
import time
from collections.abc import Awaitable, Iterable
from urllib.parse import urlsplit

from config.local.run.child import Child
from config.local.run.errors import StartError

TIMEOUT = 90.0
INTERVAL = 0.1
PROBE_TIMEOUT = 5.0


async def page_answers(name: str, url: str) -> None:
    """Returns when a GET of `url` gives status 200; raises StartError if it does not in time."""
    deadline = time.monotonic() + TIMEOUT
    while await asyncio.to_thread(_status, url) != http.HTTPStatus.OK:
        if time.monotonic() > deadline:
            raise _late(name)
        await asyncio.sleep(INTERVAL)


async def said_ready(child: Child) -> None:
    """Returns when the child has logged that it is ready; raises StartError if it does not in time."""
    try:
        await asyncio.wait_for(child.said_ready.wait(), TIMEOUT)
    except TimeoutError as error:
        raise _late(child.program.name) from error


async def together(waits: Iterable[Awaitable[None]]) -> None:
    """Waits for all of them; the first error cancels the others and is raised."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _late(name: str) -> StartError:
    return StartError(f"{name} was not ready within {TIMEOUT:g} s: the lines above say why.")


def _status(url: str) -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=PROBE_TIMEOUT)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
