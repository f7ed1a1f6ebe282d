"""The whole product as `make run` starts it, with its own data folder and ports."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from config.datafolder import read_json
from tests.console import Console
from tests.waiting import eventually, free_ports

ROOT = Path(__file__).parents[1]
QUIET_SECONDS = 0.3
# Tests call the API more often than people do.
UNLIMITED = {f"API_{kind}REQUESTS_PER_MINUTE": "1000000" for kind in ("", "PROVIDER_", "UNKNOWN_")}
# And their people write faster.
UNHURRIED = {f"{whose}_MESSAGES_PER_MINUTE": "0" for whose in ("WORKSPACE", "CONNECTION", "PERSON")}

UNLOOPED = {"LOOP_ANSWERS": "0", "LOOP_DAILY_ANSWERS": "0"}
"""For tests that write like a machine: disables the loop detection."""


@cache
def _http() -> httpx.Client:
    """One for all: a new one loads the certificates of all authorities, which takes longer than most answers."""
    return httpx.Client(timeout=30, limits=httpx.Limits(max_keepalive_connections=0))


@dataclass
class Stack:
    """A running process tree. `environment` is what its data folder sets for `manage.py`."""

    folder: Path
    extra: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=lambda: free_ports(3))
    process: subprocess.Popen[bytes] | None = None
    _console: Console | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def log(self) -> Path:
        return self.folder / "run.log"

    @property
    def environment(self) -> dict[str, str]:
        """The variables for another process: a few of the machine's, and the data folder."""
        own = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {
            **own,
            "ROSTER_DATA": str(self.folder / "data"),
            "PORT": str(self.port),
            **UNLIMITED,
            **UNHURRIED,
            **self.extra,
        }

    @property
    def generated(self) -> dict[str, str]:
        """What the supervisor stores in environment.json."""
        kept = json.loads((self.folder / "data" / "environment.json").read_text())
        return {**kept["always"], **kept["sandbox"]}

    def start(self, *, within: float = 90) -> None:
        """Start it and wait until web, worker and sandbox are ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config.local.run"], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        eventually(self._is_ready, within=within, what=f"the start; see {self.log}")

    def _is_ready(self) -> bool:
        assert self.process
        if self.process.poll() is not None:
            raise AssertionError(f"it failed to start:\n{self.log.read_text()[-3000:]}")
        return "Ctrl-C stops everything" in self.log.read_text()

    def stop(self) -> int:
        """Press Ctrl-C; returns the exit status."""
        assert self.process
        if self._console is not None:
            self._console.close()
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(40)

    def remove_database(self) -> None:
        """Delete the database if it is outside of `folder`, because the user who runs Postgres cannot access that."""
        if home := read_json(self.folder / "data" / "postgres" / "service.json").get("elsewhere"):
            shutil.rmtree(home, ignore_errors=True)

    def processes(self, word: str) -> list[psutil.Process]:
        """The tree's processes whose command line contains this word."""
        assert self.process
        found = []
        for each in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if any(word in part for part in each.cmdline()):
                    found.append(each)
            except psutil.Error:
                continue
        return found

    def kill(self, word: str) -> None:
        """kill -9 the processes with this word in their command line, and wait until they end."""
        victims = self.processes(word)
        assert victims, f"no process of the stack has {word!r} in its command line"
        for each in victims:
            each.kill()
        psutil.wait_procs(victims, timeout=10)

    def manage(self, *arguments: str) -> str:
        """Run a management command beside the stack; what it printed."""
        return self.console.run(arguments)

    @property
    def console(self) -> Console:
        """The process that runs management commands; it logs to `console.log`."""
        if self._console is None:
            given = {**self.environment, "DJANGO_SETTINGS_MODULE": "config.settings"}
            self._console = Console(given, self.folder / "console.log")
        return self._console

    def query(self, statement: str | sql.Composed, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Query the stack's database as its superuser."""
        admin = self.generated["DATABASE_ADMIN_URL"]
        url = admin.rsplit("/", 1)[0] + "/roster"
        with psycopg.connect(url, row_factory=dict_row) as connection:
            wanted = statement.encode() if isinstance(statement, str) else statement
            return connection.execute(wanted, parameters).fetchall()

    def control(self, path: str, **body: Any) -> dict[str, Any]:
        """POST to a control API of the sandbox."""
        answer = _http().post(f"{self.sandbox_url}/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def look(self, path: str, **query: str) -> dict[str, Any]:
        """GET from a control API of the sandbox."""
        answer = _http().get(f"{self.sandbox_url}/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())
