"""Puts the programs of Postgres where the server's user can run them."""

import os
import shutil
from importlib.metadata import version
from pathlib import Path

from config.local.embedded import binaries
from config.local.embedded.errors import EmbeddedError


def find_programs(home: Path) -> Path:
    """The folder of initdb and postgres: the wheel's (copied to `home` if we are root), otherwise the system's.

    Raises EmbeddedError if there are none for this machine.
    """
    if wheel := binaries.postgres_wheel():
        return _readable_copy(wheel, home) if os.geteuid() == 0 else binaries.postgres_bin(wheel)
    if system := binaries.system_postgres():
        return system
    raise EmbeddedError("There is no initdb and postgres for this machine: install PostgreSQL, or set DATABASE_URL.")


def _readable_copy(wheel: Path, home: Path) -> Path:
    target = home / f"programs-{version(wheel.name)}"
    if target.exists():
        return binaries.postgres_bin(target / wheel.name)
    for outdated in home.glob("programs-*"):
        shutil.rmtree(outdated)
    return binaries.copy_postgres(wheel, target)
