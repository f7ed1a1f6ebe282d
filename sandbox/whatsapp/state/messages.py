"""Messages between a business's number and a person, and the media in them."""

from __future__ import annotations

import base64
import json
import secrets
import time
from dataclasses import dataclass
from sqlite3 import Row
from typing import Any, Final

from sandbox.database import Database

ORDER: Final = ("accepted", "sent", "delivered", "read")
WINDOW_SECONDS: Final = 24 * 60 * 60


@dataclass(frozen=True)
class Message:
    """`body` is the message object of a webhook, or the request that sent it. `opaque` comes back in statuses."""

    id: str
    phone_id: str
    person: str
    is_from_person: bool
    body: dict[str, Any]
    at: float
    status: str
    opaque: str
    is_typing: bool

    @property
    def type(self) -> str:
        """Such as text."""
        return str(self.body.get("type", "text"))


class Messages:
    """All of them. Look-ups raise KeyError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, phone_id: str, person: str, body: dict[str, Any], *, is_from_person: bool, opaque: str = ""
    ) -> Message:
        """Something new that was said."""
        made = f"wamid.{base64.b64encode(secrets.token_bytes(32)).decode()}"
        status = "" if is_from_person else "accepted"
        values = (made, phone_id, person, int(is_from_person), json.dumps(body), time.time(), status, opaque, 0)
        self._database.run("INSERT INTO wa_message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *values)
        return self.get(made)

    def get(self, wamid: str) -> Message:
        """By its wamid."""
        row = self._database.one("SELECT * FROM wa_message WHERE id = ?", wamid)
        if row is None:
            raise KeyError(wamid)
        return _message(row)

    def between(self, phone_id: str, person: str) -> list[Message]:
        """A chat, oldest first."""
        sql = "SELECT * FROM wa_message WHERE phone_id = ? AND person = ? ORDER BY at, rowid"
        return [_message(row) for row in self._database.all(sql, phone_id, person)]

    def of_phone(self, phone_id: str) -> list[Message]:
        """Everything of one number, oldest first."""
        sql = "SELECT * FROM wa_message WHERE phone_id = ? ORDER BY at, rowid"
        return [_message(row) for row in self._database.all(sql, phone_id)]

    def advance(self, wamid: str, status: str) -> bool:
        """The next status of a message that a business sent; False if it is there already, or failed."""
        was = self.get(wamid).status
        if was == "failed" or (status in ORDER and ORDER.index(status) <= ORDER.index(was)):
            return False
        self._database.run("UPDATE wa_message SET status = ? WHERE id = ?", status, wamid)
        return True

    def mark_read(self, wamid: str, *, is_typing: bool) -> None:
        """The business has read what a person wrote, and perhaps types."""
        message = self.get(wamid)
        sql = "UPDATE wa_message SET status = 'read' WHERE phone_id = ? AND person = ? AND is_from_person AND at <= ?"
        self._database.run(sql, message.phone_id, message.person, message.at)
        self._database.run("UPDATE wa_message SET is_typing = ? WHERE id = ?", time.time() * is_typing, wamid)

    def is_window_open(self, phone_id: str, person: str) -> bool:
        """Did the person write within the last 24 hours?"""
        said = [message.at for message in self.between(phone_id, person) if message.is_from_person]
        return bool(said) and said[-1] > time.time() - WINDOW_SECONDS

    def age(self, phone_id: str, person: str, seconds: float) -> None:
        """All of a chat was that much earlier."""
        sql = "UPDATE wa_message SET at = at - ? WHERE phone_id = ? AND person = ?"
        self._database.run(sql, seconds, phone_id, person)

    def add_media(self, phone_id: str, mime_type: str, content: bytes) -> str:
        """Keep a file; its id."""
        made = str(secrets.randbelow(9 * 10**15) + 10**15)
        self._database.run("INSERT INTO wa_media VALUES (?, ?, ?, ?)", made, phone_id, mime_type, content)
        return made

    def media(self, media_id: str) -> tuple[str, str, bytes]:
        """The number that got a file, its type and content."""
        row = self._database.one("SELECT * FROM wa_media WHERE id = ?", media_id)
        if row is None:
            raise KeyError(media_id)
        return row["phone_id"], row["mime_type"], row["content"]


def _message(row: Row) -> Message:
    return Message(
        row["id"],
        row["phone_id"],
        row["person"],
        bool(row["is_from_person"]),
        json.loads(row["body"]),
        row["at"],
        row["status"],
        row["opaque"],
        bool(row["is_typing"]),
    )
