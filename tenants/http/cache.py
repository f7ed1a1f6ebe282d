"""The cache holds nothing that must not be lost, so a dead Redis means a smaller memory, not an error page.

Rate limits count in the cache. While Redis cannot be reached each process counts by itself: log-in goes on, and nobody
may guess without limit (the limit is then one for each web process instead of one for all).
"""

import logging
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

from tenants.outbound.breaker import Breaker

log = logging.getLogger(__name__)

OWN_ENTRIES = 100_000
_breaker = Breaker()


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache; while Redis fails, the process's own memory, tried again every five seconds."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._own = LocMemCache("while-redis-is-away", {"MAX_ENTRIES": OWN_ENTRIES})

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._either("get", key, default, version=version)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._either("set", *args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._either("add", *args, **kwargs))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._either("delete", *args, **kwargs))

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        self._either("delete_many", *args, **kwargs)

    def clear(self) -> None:
        self._own.clear()
        self._either("clear")

    def _either(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if _breaker.lets_through():
            try:
                answer = getattr(super(), name)(*args, **kwargs)
            except RedisError as error:
                _breaker.report(worked=False)
                log.warning("The cache cannot be reached (%s): this process remembers by itself.", error)
            else:
                _breaker.report(worked=True)
                return answer
        return getattr(self._own, name)(*args, **kwargs)
