"""The base class of the embedded servers: each has a folder and a port, and recovers after a kill."""

import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from config.datafolder import read_json
from config.local.embedded import ports, processes
from config.local.embedded.account import Account, bound_to_us
from config.local.embedded.errors import EmbeddedError
from config.local.embedded.files import FolderLock, private, write_json

START_TIMEOUT = 60.0
STOP_TIMEOUT = 20.0
POLL_INTERVAL = 0.02


class Service(ABC):
    """One server, whose data, port and passwords are in `folder`.

    `prepare` gets everything ready without starting it; `start` and `stop` run it as a child of this process. A
    supervisor may run `command` itself, check `is_ready`, and call `end_leftovers` before each restart.
    """

    name: ClassVar[str]
    programs: ClassVar[frozenset[str]]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.record: dict[str, Any] = {}
        self._lock = FolderLock(self.folder / "lock")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def working_folder(self) -> Path:
        """The server's working directory, which identifies its processes."""

    @abstractmethod
    def command(self) -> list[str]:
        """The command line of the server, in the foreground."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether the server answers."""

    @abstractmethod
    def _prepare_data(self) -> None:
        """Creates what the server needs in its folder, unless it exists."""

    @property
    def account(self) -> Account | None:
        """The account that the server runs as; None: ours."""
        return None

    @property
    def environment(self) -> dict[str, str]:
        """The server's environment. It gets nothing of ours, which contains secrets."""
        return {"PATH": os.defpath, "LC_ALL": "C"}

    @property
    def port(self) -> int:
        """The port on the loopback address."""
        return int(self.record["port"])

    @property
    def notice(self) -> str:
        """Something to tell the person who starts this; '' if nothing."""
        return ""

    def prepare(self) -> None:
        """Locks the folder, ends what an earlier run left, and creates data, passwords and port if they are missing.

        Raises EmbeddedError if another process uses the folder or a program is missing, DataFolderError if the record
        is damaged.
        """
        self._create_folder()
        if not self._lock.acquire():
            raise EmbeddedError(f"{self.folder} is in use by process {self._lock.holder()}: stop that one first.")
        self.record = read_json(self._record_path)
        self._prepare_data()
        self.end_leftovers()
        self._choose_port()

    def end_leftovers(self) -> None:
        """Ends processes that an earlier run of this server left behind."""
        left = processes.working_in(self.working_folder, self.programs)
        processes.end(left, self.stop_signal, STOP_TIMEOUT)

    def start(self) -> None:
        """Starts the server and returns when it answers; its output goes to `server.log` in its folder.

        Raises EmbeddedError if it does not start. Call it from a thread that lives as long as the server should.
        """
        self.prepare()
        with open(self._log_path, "wb", opener=private) as log:
            self._process = subprocess.Popen(
                bound_to_us(self.command(), self.stop_signal, self.account),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
            )
        self._await_ready(self._process)

    def stop(self) -> None:
        """Stops the server if `start` started it, and unlocks the folder."""
        if self._process is not None:
            self._process.send_signal(self.stop_signal)
            try:
                self._process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        self.release()

    def release(self) -> None:
        """Unlocks the folder."""
        self._lock.release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The process id of the server, if `start` started it."""
        return None if self._process is None else self._process.pid

    def keep(self, **values: Any) -> None:
        """Adds values to the stored record of this server."""
        self.record |= values
        write_json(self._record_path, self.record)

    @property
    def _record_path(self) -> Path:
        return self.folder / "service.json"

    @property
    def _log_path(self) -> Path:
        return self.folder / "server.log"

    def _create_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _choose_port(self) -> None:
        if "port" not in self.record or not ports.is_free(self.port):
            self.keep(port=ports.choose_free())

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while not self.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise EmbeddedError(f"{self.name} did not start: see the end of {self._log_path}.")
            time.sleep(POLL_INTERVAL)
