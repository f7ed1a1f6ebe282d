"""PgBouncer in transaction mode in front of a test's Postgres, if the program is installed."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from config.local.embedded.account import server_account
from config.local.embedded.postgres import Postgres
from tests.waiting import eventually, free_ports

MISSING = "PgBouncer is not installed (on Debian: apt-get install pgbouncer)"
SERVER_CONNECTIONS = 6
"""Far fewer than the web's threads, so that connections constantly move between tenants' requests."""

CONFIGURATION = """\
[databases]
roster = host={host} port={server_port} dbname=roster

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/userlist.txt
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 200
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pgbouncer.pid
"""


def program() -> str:
    """PgBouncer's path; empty if it isn't installed."""
    return shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin") or ""


@contextmanager
def transaction_pooler(postgres: Postgres, role: str = "app") -> Iterator[str]:
    """Run PgBouncer; yields the URL for `role` to reach Postgres through it."""
    server = urlsplit(postgres.url(role))
    port, password = free_ports(1), unquote(server.password or "")
    with tempfile.TemporaryDirectory(prefix="roster-pgbouncer-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "userlist.txt").write_text(f'"{role}" "{password}"\n')
        (folder / "pgbouncer.ini").write_text(
            CONFIGURATION.format(
                host=server.hostname, server_port=server.port, port=port, folder=folder, size=SERVER_CONNECTIONS
            )
        )
        with _running(folder, port):
            yield f"postgres://{role}:{server.password}@127.0.0.1:{port}/roster"


@contextmanager
def _running(folder: Path, port: int) -> Iterator[None]:
    """PgBouncer, like Postgres, refuses to run as root."""
    command, options = [program(), str(folder / "pgbouncer.ini")], {}
    if os.geteuid() == 0:
        account = server_account()
        for path in (folder, *folder.iterdir()):
            os.chown(path, account.uid, account.gid)
        options = {"user": account.uid, "group": account.gid, "extra_groups": []}
    with (folder / "output.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, **options)  # type: ignore[call-overload]
    try:
        eventually(lambda: _answers(process, folder, port), within=20, what="PgBouncer's start")
        yield
    finally:
        process.terminate()
        process.wait(20)


def _answers(process: "subprocess.Popen[bytes]", folder: Path, port: int) -> bool:
    assert process.poll() is None, (folder / "output.log").read_text()
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
