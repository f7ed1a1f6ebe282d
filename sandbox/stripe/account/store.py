"""Stripe's objects, stored as the JSON that the API returns, with ids and times in Stripe's format."""

from __future__ import annotations

import json
import secrets
import string
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from sandbox.database import Database
from sandbox.stripe.account.errors import StripeError

JsonObject = dict[str, Any]

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS stripe_object (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, object TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS stripe_object_by_type ON stripe_object (object, number);
CREATE INDEX IF NOT EXISTS stripe_object_by_customer ON stripe_object (object, json_extract(body, '$.customer'));
CREATE TABLE IF NOT EXISTS stripe_fact (id TEXT PRIMARY KEY, body TEXT NOT NULL);
"""
ALPHABET: Final = string.digits + string.ascii_letters
SHORT: Final = frozenset({"cus", "prod", "si"})  # ids of 14 characters; others have 24
BURIED: Final = "deleted "


class NotFoundError(KeyError):
    """No object has this id."""


class Store:
    """Objects by id. It returns copies: change one, then `put` it."""

    def __init__(self, database: Database) -> None:
        database.script(SCHEMA)
        self._database = database
        self._depth = 0

    def get(self, object_id: str) -> JsonObject:
        """The object, or the stub of a deleted one. Raises NotFoundError; use `Stripe.need` to answer an API caller."""
        found = self.find(object_id)
        if found is None:
            raise NotFoundError(object_id)
        return found

    def find(self, object_id: str) -> JsonObject | None:
        """The object, the stub of a deleted one (`deleted` is true), or None."""
        row = self._database.one("SELECT body FROM stripe_object WHERE id = ?", object_id)
        return json.loads(row["body"]) if row else None

    def put(self, obj: JsonObject) -> JsonObject:
        """Store a new object, or an existing one's new state; returns it."""
        sql = (
            "INSERT INTO stripe_object (id, object, body) VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET object = excluded.object, body = excluded.body"
        )
        self._database.run(sql, obj["id"], obj["object"], json.dumps(obj))
        return obj

    def remove(self, object_id: str) -> None:
        """Delete an object and its facts."""
        self._database.run("DELETE FROM stripe_object WHERE id = ?", object_id)
        self._database.run("DELETE FROM stripe_fact WHERE id = ?", object_id)

    def mark_deleted(self, object_id: str) -> JsonObject:
        """Replace an object with a deleted stub, as Stripe shows customers; `select` no longer finds it."""
        rest = {"id": object_id, "object": self.get(object_id)["object"], "deleted": True}
        sql = "UPDATE stripe_object SET object = ?, body = ? WHERE id = ?"
        self._database.run(sql, BURIED + rest["object"], json.dumps(rest), object_id)
        return rest

    def select(self, object_type: str, **filters: Any) -> list[JsonObject]:
        """Objects of a type, newest first. A filter's name is a key, `a__b` is one inside a hash; None matches null."""
        clauses = "".join(f" AND json_extract(body, '$.{name.replace('__', '.')}') IS ?" for name in filters)
        sql = f"SELECT body FROM stripe_object WHERE object = ?{clauses} ORDER BY number DESC"  # noqa: S608 - names are ours
        return [json.loads(row["body"]) for row in self._database.all(sql, object_type, *filters.values())]

    def keep(self, object_id: str, **facts: Any) -> None:
        """Store facts about an object that the API doesn't show, in addition to earlier ones."""
        merged = json.dumps(self.kept(object_id) | facts)
        sql = "INSERT INTO stripe_fact VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body"
        self._database.run(sql, object_id, merged)

    def kept(self, object_id: str) -> JsonObject:
        """The facts stored about an object."""
        row = self._database.one("SELECT body FROM stripe_fact WHERE id = ?", object_id)
        return json.loads(row["body"]) if row else {}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all changes or none; can be nested. A StripeError that `is_kept`, as for a declined card, commits."""
        savepoint = f"stripe_{self._depth}"
        self._database.run(f"SAVEPOINT {savepoint}")
        self._depth += 1
        try:
            yield
        except BaseException as error:
            if not (isinstance(error, StripeError) and error.is_kept):
                self._database.run(f"ROLLBACK TO {savepoint}")
            raise
        finally:
            self._depth -= 1
            self._database.run(f"RELEASE {savepoint}")

    def new_id(self, prefix: str) -> str:
        """A new id with a prefix: `cus` gives cus_…, `cs_test` gives cs_test_…"""
        length = 58 if prefix.startswith("cs_") else 14 if prefix in SHORT else 24
        return f"{prefix}_{random_text(length)}"

    def now(self, owner: Mapping[str, Any] | str | None = None) -> int:
        """Unix time, from the test clock if `owner` is one, belongs to one, or its customer does."""
        clock = self.find(self.clock_of(owner) or "")
        return int(clock["frozen_time"]) if clock and "frozen_time" in clock else int(time.time())

    def clock_of(self, owner: Mapping[str, Any] | str | None) -> str | None:
        """The id of the test clock that an object or a customer belongs to; also accepts an id."""
        if isinstance(owner, str):
            owner = self.find(owner)
        if owner is None or owner.get("object") == "test_helpers.test_clock":
            return owner["id"] if owner else None
        clock: str | None = owner.get("test_clock")
        return clock or self.clock_of(owner.get("customer"))


def random_text(length: int) -> str:
    """Random letters and digits for ids and secrets."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
