"""A worker outlives its broker, whatever was under way when that died."""

from types import SimpleNamespace
from typing import Any

import pytest
from kombu import Connection

from config.broker import Channel, Transport


def test_our_transport_is_the_one_for_redis() -> None:
    assert isinstance(Connection("redis://127.0.0.1:9/0").transport, Transport)
    assert isinstance(Connection("rediss://127.0.0.1:9/0").transport, Transport)


def test_a_message_that_cannot_be_given_back_is_a_connection_error() -> None:
    """Kombu's own raises AttributeError, which ends the worker."""
    channel: Any = object.__new__(Channel)
    channel.connection = SimpleNamespace(client=None)
    with pytest.raises(Connection("redis://127.0.0.1:9/0").connection_errors):
        channel._connparams()
