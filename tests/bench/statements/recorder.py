"""Writes down each statement that psycopg executes in this process, with the product's functions that asked for it.

This sees what Django's debug wrapper does not: the pool's own statements and cursors outside of Django.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg
from psycopg import pq
from psycopg.sql import Composable

PRODUCT = ("agents", "billing", "channels", "tenants", "usage")
BETWEEN = ("tenants.http", "tenants.jobs", "tenants.scope", "tenants.tasks")
"""What all requests and tasks go through."""
FILE = "STATEMENTS_FILE"
"""The variable with the path. Nothing is recorded while there is no such file."""


def begin() -> None:
    """Wrap psycopg's cursors."""
    for kind in (psycopg.Cursor, psycopg.AsyncCursor, psycopg.ServerCursor, psycopg.AsyncServerCursor):
        for name in ("execute", "executemany"):
            if name in vars(kind):
                setattr(kind, name, _recorded(getattr(kind, name)))


def _recorded(execute: Callable[..., Any]) -> Callable[..., Any]:
    def wrapper(cursor: Any, query: Any, *args: Any, **named: Any) -> Any:
        path = Path(os.environ[FILE])
        if path.exists():
            _write(path, cursor, query)
        return execute(cursor, query, *args, **named)

    return wrapper


def _write(path: Path, cursor: Any, query: Any) -> None:
    text = query.as_string(cursor) if isinstance(query, Composable) else query
    line = {
        "at": time.time(),
        "opens": cursor.connection.pgconn.transaction_status == pq.TransactionStatus.IDLE,
        "step": " > ".join(islice(_asking(), 3)),
        "text": text.decode() if isinstance(text, bytes) else str(text),
    }
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")


def _asking() -> Iterator[str]:
    """The product's functions on the stack, the outermost first."""
    frames: list[tuple[str, str]] = []
    frame: FrameType | None = sys._getframe(3)
    while frame is not None:
        frames.append((frame.f_globals.get("__name__", ""), frame.f_code.co_qualname))
        frame = frame.f_back
    last = ""
    for module, function in reversed(frames):
        if module.split(".")[0] not in PRODUCT or module.startswith(BETWEEN):
            continue
        name = f"{module}.{function}".replace(".<locals>", "")
        if name != last:
            yield name
        last = name
