"""What a running product's processes know, and who else on the machine can read their files."""

import stat
from pathlib import Path

import pytest

from tests.stack import Stack

KEYS = {"SECRET_KEY", "PLATFORM_ENCRYPTION_KEYS"}
OTHERS = 0o077
PASS_ONLY = 0o711
"""Root's folders above the database, whose server runs as another user: it may traverse but not list them."""


def known_to(stack: Stack, word: str) -> dict[str, str]:
    """A process's environment from /proc/<pid>/environ."""
    found = stack.processes(word)
    assert found, word
    return dict(found[0].environ())


def test_the_sandbox_knows_neither_rosters_keys_nor_its_database(stack: Stack) -> None:
    known = known_to(stack, "sandbox")
    assert {"SLACK_SIGNING_SECRET", "STRIPE_SECRET_KEY"} <= set(known), "Roster's accounts with it"
    assert [name for name in known if name in KEYS or name.startswith(("DATABASE", "REDIS", "EMAIL"))] == []
    secrets = {stack.generated[name] for name in (*KEYS, "DATABASE_URL", "DATABASE_ADMIN_URL", "REDIS_URL")}
    assert not secrets & set(known.values())


@pytest.mark.parametrize("word", ["bin/postgres", "valkey"])
def test_the_database_and_the_queue_know_nothing(stack: Stack, word: str) -> None:
    assert set(known_to(stack, word)) <= {"PATH", "LC_ALL"}


@pytest.mark.parametrize("word", ["granian", "worker", "beat"])
def test_serving_processes_do_not_know_the_table_owners_credentials(stack: Stack, word: str) -> None:
    assert not {"DATABASE_OWNER_URL", "DATABASE_ADMIN_URL"} & set(known_to(stack, word))


def test_nobody_else_can_read_the_data_folder(stack: Stack) -> None:
    data = stack.folder / "data"
    assert (data / "sandbox" / "sandbox.sqlite3").exists()
    open_to_others = [f"{mode:o} {path.relative_to(data)}" for path, mode in _modes(data) if _is_open(path, mode)]
    assert open_to_others == []


def _modes(data: Path) -> list[tuple[Path, int]]:
    """The modes of everything except Postgres's own programs, which aren't secret."""
    programs = data / "postgres" / "programs"
    found = [path for path in (data, *data.rglob("*")) if not path.is_relative_to(programs) and not path.is_symlink()]
    modes = []
    for path in found:
        try:
            modes.append((path, stat.S_IMODE(path.stat().st_mode)))
        except FileNotFoundError:  # a temporary file
            continue
    return modes


def _is_open(path: Path, mode: int) -> bool:
    return bool(mode & OTHERS) and not (path.is_dir() and mode == PASS_ONLY and path.name != "sandbox")
