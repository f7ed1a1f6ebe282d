"""The embedded Postgres, with its real programs."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from config.local.embedded import binaries, home
from config.local.embedded.account import Account, server_account
from config.local.embedded.errors import EmbeddedError
from config.local.embedded.files import FolderLock
from config.local.embedded.postgres import Postgres
from config.local.embedded.processes import is_alive

Eventually = Callable[[Callable[[], bool]], None]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A running server with one row in the table `note`, for tests that don't change it."""
    with tempfile.TemporaryDirectory(prefix="roster-test-") as name:
        Path(name).chmod(0o711)
        server = Postgres(Path(name) / "postgres")
        server.start()
        execute(server, "CREATE TABLE note (body text)")
        execute(server, "INSERT INTO note VALUES ('kept')")
        yield server
        server.stop()
        server.remove()


def execute(server: Postgres, statement: str) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(statement)


def notes(server: Postgres) -> list[str]:
    with psycopg.connect(server.url("postgres")) as connection:
        return [str(body) for (body,) in connection.execute("SELECT body FROM note").fetchall()]


def kill(server: Postgres) -> None:
    """Simulates killing the whole process tree: the postmaster is gone, its lock file remains."""
    assert server.pid
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    assert (server.working_folder / "postmaster.pid").exists()


def test_runs_as_we_are_but_never_as_root(server: Postgres) -> None:
    uid = psutil.Process(server.pid).uids().real
    assert uid == server_account().uid
    assert uid != 0


def test_listens_only_on_loopback_requires_a_scram_password_and_syncs(server: Postgres) -> None:
    with psycopg.connect(server.url("postgres")) as connection:
        row = connection.execute(
            "SELECT current_setting('listen_addresses'), current_setting('unix_socket_directories'), rolpassword, "
            "current_setting('fsync') FROM pg_authid WHERE rolname = 'postgres'"
        ).fetchone()
    assert row
    assert row[:2] == ("127.0.0.1", "")
    assert row[2].startswith("SCRAM-SHA-256$")
    assert row[3] == "on"
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.url("postgres").replace(":" + server.record["passwords"]["postgres"], ":wrong"))


def test_has_a_separate_password_for_each_role(server: Postgres) -> None:
    urls = {server.url(role) for role in ("app", "owner", "staff", "postgres")}
    assert len({url.split(":")[2] for url in urls}) == 4


def test_keeps_its_data_when_it_is_killed(server: Postgres) -> None:
    port = server.port
    kill(server)
    server.start()
    assert notes(server) == ["kept"]
    assert server.port == port


def test_starts_although_the_lock_file_names_a_living_process(server: Postgres) -> None:
    kill(server)
    lock_file = server.working_folder / "postmaster.pid"
    lines = lock_file.read_text().splitlines()
    lock_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    server.start()
    assert notes(server) == ["kept"]


def test_takes_another_port_when_its_own_is_taken(server: Postgres) -> None:
    server.stop()
    with socket.create_server(("127.0.0.1", server.port)) as squatter:
        server.start()
        assert server.port != squatter.getsockname()[1]
    assert notes(server) == ["kept"]


def test_ends_the_server_of_a_killed_owner(server: Postgres) -> None:
    server.stop()
    script = "import sys, signal; from pathlib import Path; from config.local.embedded.postgres import Postgres\n"
    script += "server = Postgres(Path(sys.argv[1])); server.start(); print(server.pid, flush=True); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", script, str(server.folder)], stdout=subprocess.PIPE) as owner:
        assert owner.stdout
        left = psutil.Process(int(owner.stdout.readline()))
        owner.kill()
    server.start()
    assert not is_alive(left)
    assert notes(server) == ["kept"]


def test_refuses_a_folder_that_another_process_uses(server: Postgres) -> None:
    with pytest.raises(EmbeddedError, match=f"in use by process {os.getpid()}"):
        Postgres(server.folder).start()


def test_does_not_show_our_environment_to_its_user(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    server.stop()
    server.start()
    assert "OPENAI_API_KEY" not in psutil.Process(server.pid).environ()


def test_keeps_secrets_readable_by_their_owner_only(server: Postgres) -> None:
    record = server.folder / "service.json"
    assert record.stat().st_mode & 0o777 == 0o600
    assert json.loads(record.read_text())["passwords"]["app"] in server.url("app")
    assert not list(server.folder.glob("**/password"))


def test_a_kill_during_initdb_leaves_no_partial_data_and_remove_leaves_nothing(folder: Path) -> None:
    half_made = folder / "postgres" / "cluster.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    with Postgres(folder / "postgres", durable=False) as server:
        execute(server, "SELECT 1")
        assert not half_made.exists()
    server.remove()
    assert list(folder.iterdir()) == []


def test_moves_the_data_when_the_servers_user_cannot_access_the_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden, open_to_all = folder / "hidden", folder / "open"
    hidden.mkdir(mode=0o700)
    open_to_all.mkdir(mode=0o755)
    monkeypatch.setattr(home, "ELSEWHERE", (hidden, open_to_all))
    monkeypatch.setattr(Account, "reaches", lambda _, path: hidden not in [path, *path.parents])
    server = Postgres(hidden)
    server.keep(elsewhere=str(home.find_home(hidden, server_account())))
    assert server.home.parent == open_to_all
    assert str(server.home) in server.notice


def test_falls_back_to_the_systems_postgres(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(binaries, "POSTGRES_WHEEL", "no_such_package")
    for program in ("initdb", "postgres"):
        (folder / program).write_text("#!/bin/sh\n")
        (folder / program).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    assert binaries.postgres_wheel() is None
    assert binaries.system_postgres() == folder.resolve()


def test_says_what_to_do_without_any_postgres(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(binaries, "POSTGRES_WHEEL", "no_such_package")
    monkeypatch.setattr(binaries, "SYSTEM_POSTGRES", folder)
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(EmbeddedError, match="install PostgreSQL, or set DATABASE_URL"):
        Postgres(folder / "postgres").prepare()


def test_a_lock_is_free_again_when_its_process_dies(folder: Path) -> None:
    script = "import sys, signal; from pathlib import Path; from config.local.embedded.files import FolderLock\n"
    script += "print(FolderLock(Path(sys.argv[1])).acquire(), flush=True); signal.pause()"
    lock = FolderLock(folder / "lock")
    with subprocess.Popen([sys.executable, "-c", script, str(lock.path)], stdout=subprocess.PIPE) as owner:
        assert owner.stdout
        assert owner.stdout.readline() == b"True\n"
        assert not lock.acquire()
        owner.kill()
    assert lock.acquire()
    lock.release()
