"""The embedded Valkey, with its real program."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.local.embedded import binaries
from config.local.embedded.errors import EmbeddedError
from config.local.embedded.valkey import Valkey, temporary_valkey


@pytest.fixture
def server() -> Iterator[Valkey]:
    with temporary_valkey() as server:
        yield server


def client(server: Valkey) -> redis.Redis:
    return redis.Redis.from_url(server.url, decode_responses=True)


def test_keeps_its_data_when_it_is_killed(server: Valkey) -> None:
    client(server).rpush("queue", *range(500))
    assert server.pid
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    server.start()
    assert client(server).llen("queue") == 500


def test_never_evicts_and_requires_a_password(server: Valkey) -> None:
    assert client(server).config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert client(server).config_get("appendonly") == {"appendonly": "yes"}
    assert client(server).config_get("bind") == {"bind": "127.0.0.1"}
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=server.port, retry=Retry(NoBackoff(), 0)).ping()


def test_its_password_is_not_on_the_command_line(server: Valkey) -> None:
    assert server.record["password"] not in " ".join(psutil.Process(server.pid).cmdline())
    assert (server.folder / "valkey.conf").stat().st_mode & 0o777 == 0o600


def test_takes_another_port_when_its_own_is_taken(server: Valkey) -> None:
    client(server).set("note", "kept")
    server.stop()
    with socket.create_server(("127.0.0.1", server.port)) as squatter:
        server.start()
        assert server.port != squatter.getsockname()[1]
    assert client(server).get("note") == "kept"


def test_says_what_to_do_without_any_valkey(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(binaries, "VALKEY_WHEEL", "no_such_package")
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(EmbeddedError, match="install valkey-server or redis-server, or set REDIS_URL"):
        Valkey(folder / "valkey").prepare()
