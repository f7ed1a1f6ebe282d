"""The cache holds nothing that must not be lost, so a dead Redis means a miss, not an error page."""

import logging
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

log = logging.getLogger(__name__)


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache that answers as if empty while Redis cannot be reached."""

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        try:
            return super().get(key, default, version)
        except (RedisConnectionError, RedisTimeoutError):
            log.warning("The cache cannot be reached: read as a miss.")
            return default

    def set(self, *args: Any, **kwargs: Any) -> None:
        try:
            super().set(*args, **kwargs)
        except (RedisConnectionError, RedisTimeoutError):
            log.warning("The cache cannot be reached: nothing kept.")

    def add(self, *args: Any, **kwargs: Any) -> bool:
        try:
            return bool(super().add(*args, **kwargs))
        except (RedisConnectionError, RedisTimeoutError):
            log.warning("The cache cannot be reached: taken as free.")
            return True

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        try:
            return bool(super().delete(*args, **kwargs))
        except (RedisConnectionError, RedisTimeoutError):
            log.warning("The cache cannot be reached: nothing deleted.")
            return False
