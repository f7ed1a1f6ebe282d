"""The user that a server runs as, since Postgres refuses to run as root."""

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.local.embedded import launch
from config.local.embedded.errors import EmbeddedError


@dataclass(frozen=True)
class Account:
    """A user id and a group id."""

    uid: int
    gid: int

    def reaches(self, folder: Path) -> bool:
        """Whether this account may enter `folder`, as the kernel sees it."""
        command = ["test", "-x", str(folder)]
        return self.run(command, environment={"PATH": os.defpath}).returncode == 0

    def run(
        self, command: Sequence[str], environment: dict[str, str], text: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end as this account, with `text` as input; stdout and stderr are merged."""
        return subprocess.run(
            command,
            input=text,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=environment,
            check=False,
            **self._switch(),
        )

    def own(self, path: Path) -> None:
        """Makes this account the owner of `path`."""
        os.chown(path, self.uid, self.gid)

    @property
    def is_current(self) -> bool:
        """Whether this process runs as this account already."""
        return self.uid == os.geteuid()

    def _switch(self) -> dict[str, Any]:
        return {} if self.is_current else {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account() -> Account:
    """The account that runs a server: ours, or `nobody` if we are root; raises EmbeddedError without such a user."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as error:
        raise EmbeddedError(
            "Postgres does not run as root, and there is no user `nobody`: start as a normal user."
        ) from error
    return Account(nobody.pw_uid, nobody.pw_gid)


def owner_of(path: Path) -> Account:
    """The account that owns `path`."""
    status = path.stat()
    return Account(status.st_uid, status.st_gid)


def bound_to_us(command: Sequence[str], death_signal: signal.Signals, account: Account | None = None) -> list[str]:
    """The command line that runs `command` as `account`; it gets `death_signal` when this process dies.

    The kernel watches the thread that starts it, so use a thread that lives as long as the process.
    """
    switch = "-" if account is None or account.is_current else f"{account.uid}:{account.gid}"
    launcher = [sys.executable, "-I", "-S", launch.__file__]
    return [*launcher, str(os.getpid()), str(int(death_signal)), switch, *command]
