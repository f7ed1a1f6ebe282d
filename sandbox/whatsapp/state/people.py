"""People with a phone: what webhooks say of each depends on what they show.

https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
"""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass
from sqlite3 import Row
from typing import Final

from sandbox.database import Database

NUMBER, BOTH, ID = "number", "both", "id"
FIRST: Final = (
    ("nora", "Nora Berg", "", NUMBER),
    ("sam", "Sam Ortiz", "", BOTH),
    ("kim", "Kim Lund", "kim.lund", ID),
    ("maja", "Maja Novak", "", BOTH),
)
"""Whom one can write as: with the number only, with both, with id and username only, and one who may change numbers."""


@dataclass(frozen=True)
class Person:
    """`wa_id`: the number's digits. `user_id`: the business-scoped id. `shows`: number, both or id."""

    key: str
    name: str
    wa_id: str
    user_id: str
    username: str
    shows: str

    @property
    def shown_number(self) -> str:
        """Empty for somebody who hides it."""
        return "" if self.shows == ID else self.wa_id

    @property
    def shown_id(self) -> str:
        """Empty for somebody of before April 2026."""
        return "" if self.shows == NUMBER else self.user_id


class People:
    """All of them. Look-ups raise KeyError."""

    def __init__(self, database: Database) -> None:
        self._database = database
        if not self.all():
            for key, name, username, shows in FIRST:
                self.add(name, shows, username, key)

    def add(self, name: str, shows: str = BOTH, username: str = "", key: str = "") -> Person:
        """Somebody new."""
        if shows not in (NUMBER, BOTH, ID):
            raise ValueError(f"shows is {shows!r}: use {NUMBER}, {BOTH} or {ID}.")
        made = key or secrets.token_hex(6)
        values = (made, name, _number(), _user_id(), username, shows)
        self._database.run("INSERT INTO wa_person VALUES (?, ?, ?, ?, ?, ?)", *values)
        return self.of(made)

    def all(self) -> list[Person]:
        """In the order in which they came."""
        return [_person(row) for row in self._database.all("SELECT * FROM wa_person ORDER BY rowid")]

    def of(self, key: str) -> Person:
        """By the key."""
        return self._one("key", key)

    def addressed(self, *, number: str = "", user_id: str = "") -> Person:
        """Whom a request names by the number (`to`) or by the id (`recipient`)."""
        return self._one("user_id", user_id) if user_id else self._one("wa_id", number.lstrip("+"))

    def move(self, person: Person) -> Person:
        """They have another number from now on, and so another id; who hides the number gets another id only."""
        self._database.run(
            "UPDATE wa_person SET wa_id = ?, user_id = ? WHERE key = ?", _number(), _user_id(), person.key
        )
        return self.of(person.key)

    def _one(self, column: str, value: str) -> Person:
        row = self._database.one(f"SELECT * FROM wa_person WHERE {column} = ?", value)  # noqa: S608 - ours
        if row is None:
            raise KeyError(value)
        return _person(row)


def _number() -> str:
    return f"1555{secrets.randbelow(10_000_000):07}"


def _user_id() -> str:
    return "US." + "".join(secrets.choice(string.digits) for _ in range(20))


def _person(row: Row) -> Person:
    return Person(*(row[name] for name in ("key", "name", "wa_id", "user_id", "username", "shows")))
