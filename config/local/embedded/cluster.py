"""Creates a database cluster, completely or not at all."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from config.local.embedded.account import Account
from config.local.embedded.errors import EmbeddedError
from config.local.embedded.files import sync_folder, write_private

# Since this version, Postgres has a built-in locale with Unicode support, which is the same on all systems.
BUILTIN_LOCALE_SINCE = 17


def major_version(programs: Path) -> int:
    """The major version of the Postgres in the folder `programs`."""
    output = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    if not (found := re.search(r"(\d+)", output)):
        raise EmbeddedError(f"{programs}/postgres does not print a version: reinstall PostgreSQL.")
    return int(found.group(1))


def create_cluster(programs: Path, cluster: Path, account: Account, password: str) -> None:
    """Creates `cluster` with the superuser `postgres` and the database `roster`; raises EmbeddedError.

    Works in a folder next to it and renames that at the end, so a kill leaves nothing half done.
    """
    workshop = cluster.with_name(f"{cluster.name}.new")
    shutil.rmtree(workshop, ignore_errors=True)
    workshop.mkdir(mode=0o700)
    secret = workshop.with_name("password")
    write_private(secret, password)
    account.own(workshop)
    account.own(secret)
    _run(account, [*_initdb(programs), "-D", str(workshop), "--pwfile", str(secret)])
    _run(account, [str(programs / "postgres"), "--single", "-D", str(workshop), "postgres"], "CREATE DATABASE roster\n")
    secret.unlink()
    workshop.replace(cluster)
    sync_folder(cluster.parent)


def _initdb(programs: Path) -> list[str]:
    command = [str(programs / "initdb"), "--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8"]
    if major_version(programs) >= BUILTIN_LOCALE_SINCE:
        return [*command, "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return [*command, "--locale=en_US.UTF-8" if sys.platform == "darwin" else "--locale=C.UTF-8"]


def _run(account: Account, command: list[str], text: str = "") -> None:
    done = account.run(command, {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, text)
    if done.returncode or "ERROR:" in done.stdout:
        reason = done.stdout.strip().splitlines()[-1:] or ["no output"]
        raise EmbeddedError(f"{Path(command[0]).name} could not create {command[3]}: {reason[0]}")
