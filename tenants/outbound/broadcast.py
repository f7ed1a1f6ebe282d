"""Telling whoever listens at this moment, in any process, by Redis: best effort, and never waited for.

Nothing is kept. What matters is in Postgres, where a listener looks when it begins to listen, or may have missed
something.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

import redis
import redis.asyncio
from django.conf import settings
from redis.exceptions import RedisError

from tenants.outbound.breaker import Breaker

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 0.25
AGAIN_SECONDS = 2.0
MOST_CONNECTIONS = 16
MOST_WAITING = 20
"""Messages that wait for a slow listener. Then the oldest is dropped."""
PREFIX = "roster:live:"

_breaker = Breaker()


def tell(topic: str, message: str) -> None:
    """Tell whoever listens to this topic, from a thread."""
    if not _breaker.lets_through():
        return
    try:
        _redis(settings.REDIS_URL).publish(f"{PREFIX}{topic}", message)
    except RedisError as error:
        _breaker.report(worked=False)
        log.warning("Redis cannot be reached (%s): nobody hears of news at once.", error)
    else:
        _breaker.report(worked=True)


async def tell_soon(topic: str, message: str) -> None:
    """The same on the process's event loop."""
    if not _breaker.lets_through():
        return
    try:
        await _on_loop(settings.REDIS_URL).publish(f"{PREFIX}{topic}", message)
    except RedisError:
        _breaker.report(worked=False)
    else:
        _breaker.report(worked=True)


@cache
def _redis(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS)


@cache
def _on_loop(url: str) -> "redis.asyncio.Redis":
    """Only for one event loop: that of tenants.outbound.event_loop."""
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        url,
        max_connections=MOST_CONNECTIONS,
        timeout=PATIENCE_SECONDS,
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
    )
    return redis.asyncio.Redis(connection_pool=pool)


class Switchboard:
    """The listeners of one event loop, over one connection to Redis, however many they are."""

    def __init__(self) -> None:
        self._queues: dict[str, set[asyncio.Queue[str]]] = {}
        self._subscription: Any = None
        self._task: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        """Topics are changed one after the other, so that none is left out of a connection that is made just now."""

    @property
    def listeners(self) -> int:
        """How many there are."""
        return sum(map(len, self._queues.values()))

    @contextlib.asynccontextmanager
    async def listening(self, topic: str) -> AsyncIterator["asyncio.Queue[str]"]:
        """What is told about this topic from now on."""
        queue: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)
        is_first = topic not in self._queues
        self._queues.setdefault(topic, set()).add(queue)
        try:
            if is_first:
                await self._change("subscribe", topic)
            if self._task is None or self._task.done():
                self._task = asyncio.ensure_future(self._listen())
            yield queue
        finally:
            self._queues[topic].discard(queue)
            if not self._queues[topic]:
                del self._queues[topic]
                await self._change("unsubscribe", topic)

    async def _change(self, how: str, topic: str) -> None:
        """Where the connection is broken, it is made again with all topics of then."""
        async with self._lock:
            if self._subscription is None:
                return
            with contextlib.suppress(RedisError, OSError):
                await getattr(self._subscription, how)(f"{PREFIX}{topic}")

    async def _listen(self) -> None:
        while self._queues:
            client = redis.asyncio.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=PATIENCE_SECONDS)
            try:
                async with client.pubsub() as subscription:
                    async with self._lock:
                        await subscription.subscribe(*(f"{PREFIX}{topic}" for topic in self._queues))
                        self._subscription = subscription
                    async for message in subscription.listen():
                        self._pass_on(message)
            except (RedisError, OSError) as error:
                log.warning("Redis cannot be reached (%s): open chats look by themselves meanwhile.", error)
                await asyncio.sleep(AGAIN_SECONDS)
            finally:
                self._subscription = None
                await client.aclose()

    def _pass_on(self, message: dict[str, Any]) -> None:
        if message["type"] != "message":
            return
        topic, words = message["channel"].decode().removeprefix(PREFIX), message["data"].decode()
        for queue in self._queues.get(topic, ()):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(words)
