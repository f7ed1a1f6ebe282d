"""Repeated POSTs get the first answer. https://docs.stripe.com/api/idempotent_requests"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from typing import Final

from sandbox.database import Database
from sandbox.stripe.account.errors import INVALID, StripeError

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS stripe_idempotency (
    key TEXT PRIMARY KEY, path TEXT NOT NULL, params TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    request_id TEXT NOT NULL, created REAL NOT NULL
);
"""
SECONDS: Final = 86400
LONGEST: Final = 255
Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """The first request's answer, and its request id."""

    status: int
    body: str
    request_id: str


def prepare(database: Database) -> None:
    """Create the table."""
    database.script(SCHEMA)


def earlier(database: Database, key: str, path: str, pairs: Pairs) -> Answer | None:
    """The saved answer for this key, or None. Raises StripeError when the key was used for a different request."""
    if len(key) > LONGEST:
        raise StripeError(400, INVALID, f"Idempotency keys can be at most {LONGEST} characters long.")
    database.run("DELETE FROM stripe_idempotency WHERE created < ?", time.time() - SECONDS)
    row = database.one("SELECT * FROM stripe_idempotency WHERE key = ?", key)
    if row is None:
        return None
    if row["path"] != path:
        raise _used(key, f"for the same endpoint they were first used for ('{path}' was not '{row['path']}')")
    if row["params"] != _fingerprint(pairs):
        raise _used(key, "with the same parameters they were first used with")
    return Answer(row["status"], row["body"], row["request_id"])


def remember(database: Database, key: str, path: str, pairs: Pairs, answer: tuple[int, str, str]) -> None:
    """Save status, body and request id for retries."""
    values = (key, path, _fingerprint(pairs), *answer, time.time())
    database.run("INSERT INTO stripe_idempotency VALUES (?, ?, ?, ?, ?, ?, ?)", *values)


def _fingerprint(pairs: Pairs) -> str:
    return hashlib.sha256(json.dumps(sorted(pairs)).encode()).hexdigest()


def _used(key: str, rule: str) -> StripeError:
    message = (
        f"Keys for idempotent requests can only be used {rule}. Try using a key other than '{key}' if you meant to "
        "execute a different request."
    )
    return StripeError(400, "idempotency_error", message)
