"""SQLite for the peers' state, so that tokens, chats and mails survive a restart."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
Value = str | int | float | bytes | None


class Database:
    """One connection, used only from the event loop's thread; statements commit on their own outside `transaction`."""

    def __init__(self, path: Path) -> None:
        _keep_private(path)
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON"
        )

    def script(self, sql: str) -> None:
        """Run several statements, such as a peer's schema."""
        self._connection.executescript(sql)

    def run(self, sql: str, *values: Value) -> int:
        """Execute one statement; returns the number of rows it changed."""
        return self._connection.execute(sql, values).rowcount

    def insert(self, sql: str, *values: Value) -> int:
        """Execute one INSERT; returns the new row's integer key."""
        return self._connection.execute(sql, values).lastrowid or 0

    def one(self, sql: str, *values: Value) -> sqlite3.Row | None:
        """The first row, or None."""
        row: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        """Every row."""
        return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside, or none of them."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _keep_private(path: Path) -> None:
    """Hide tokens, chats and mails from other users of this machine. SQLite's other files get this file's mode."""
    path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    path.parent.chmod(PRIVATE_FOLDER)
    path.touch(mode=PRIVATE_FILE)
    for each in path.parent.glob(f"{path.name}*"):
        each.chmod(PRIVATE_FILE)
