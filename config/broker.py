"""Kombu's transport to Redis, so that a worker outlives a broker that dies.

Kombu 5.7 gives unacknowledged messages back when it closes a broken connection, after it has forgotten where the
broker is. The AttributeError of that ends the worker, with all that it has under way; a connection error is ignored.
"""

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis
from redis.exceptions import ConnectionError as BrokerGoneError


class Channel(redis.Channel):
    """Kombu's, which says that the connection is gone where it is."""

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if self.connection.client is None:
            raise BrokerGoneError("The connection to the broker is closed already.")
        found: dict[str, Any] = super()._connparams(asynchronous=asynchronous)  # type: ignore[misc]  # untyped
        return found


class Transport(redis.Transport):
    """Kombu's, with these channels."""

    Channel = Channel


def mend() -> None:
    """Use this transport for redis:// and rediss:// in this process."""
    TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), f"{__name__}:Transport"))
