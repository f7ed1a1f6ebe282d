"""Received mails, kept in SQLite."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from sqlite3 import Row
from typing import Any, Final

from sandbox.database import Database

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, sender TEXT NOT NULL,
    recipients TEXT NOT NULL, raw BLOB NOT NULL
)
"""
LINK: Final = re.compile(r"https?://[^\s<>\"')\]]+")
ALONE: Final = re.compile(
    r"^[ \t*]*((?=[A-Z0-9-]*\d|[A-Z]{3,}-|[A-Z]{6})[A-Z0-9]{3,8}(?:-[A-Z0-9]{3,8})?)[ \t*]*$", re.MULTILINE
)
AFTER_WORD: Final = re.compile(
    r"\b[Cc]ode\b[^\n\w]{1,4}(?:is\W{1,3})?((?=[A-Z-]*\d)[A-Z0-9]{4,8}(?:-[A-Z0-9]{3,8})?)\b"
)


@dataclass(frozen=True)
class Mail:
    """One mail: the envelope's addresses and the content."""

    id: int
    at: float
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    html: str

    @classmethod
    def of(cls, row: Row) -> Mail:
        """From its row; parses the raw message."""
        message = message_from_bytes(row["raw"], policy=policy.default)
        subject = str(message.get("Subject", "")) or "(no subject)"
        html = _part(message, "html")
        text = _part(message, "plain") or _text_of(html)
        return cls(row["id"], row["at"], row["sender"], tuple(json.loads(row["recipients"])), subject, text, html)

    @property
    def code(self) -> str:
        """A code to type in, such as a log-in code; empty when there is none."""
        match = ALONE.search(self.text) or AFTER_WORD.search(self.text)
        return match[1] if match else ""

    @property
    def links(self) -> list[str]:
        """The links in the text, once each."""
        return list(dict.fromkeys(link.rstrip(".,;:") for link in LINK.findall(self.text)))

    def as_json(self) -> dict[str, Any]:
        """As the control API shows it."""
        return {
            "id": self.id,
            "received_at": datetime.fromtimestamp(self.at, UTC).isoformat(),
            "from": self.sender,
            "to": list(self.recipients),
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "code": self.code,
            "links": self.links,
        }


class Inbox:
    """All received mails."""

    def __init__(self, database: Database) -> None:
        database.script(SCHEMA)
        self._database = database

    def add(self, sender: str, recipients: list[str], raw: bytes) -> int:
        """Keep a mail; returns its id."""
        sql = "INSERT INTO mail (at, sender, recipients, raw) VALUES (?, ?, ?, ?)"
        return self._database.insert(sql, time.time(), sender, json.dumps(recipients), raw)

    def all(self, to: str = "") -> list[Mail]:
        """Newest first; with `to`, only those to that address, whatever its case."""
        mails = [Mail.of(row) for row in self._database.all("SELECT * FROM mail ORDER BY id DESC LIMIT 200")]
        return [mail for mail in mails if not to or to.lower() in (name.lower() for name in mail.recipients)]

    def get(self, number: int) -> Mail:
        """One mail. Raises KeyError."""
        row = self._database.one("SELECT * FROM mail WHERE id = ?", number)
        if row is None:
            raise KeyError(number)
        return Mail.of(row)

    def clear(self) -> None:
        """Delete all mails."""
        self._database.run("DELETE FROM mail")


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    if body is None:
        return ""
    try:
        return str(body.get_content()).replace("\r\n", "\n").strip()
    except (LookupError, UnicodeDecodeError):
        return str(body.get_payload()).strip()


class _Words(HTMLParser):
    """Collects the text of an HTML mail, with the addresses of its links."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent = tag in ("style", "script", "title")
        self.words += ["\n"] if tag in ("p", "br", "div", "tr", "li", "h1", "h2", "h3") else []
        self.words += [f"{value} " for name, value in attrs if tag == "a" and name == "href" and value]

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        self.words += [] if self._silent else [data]


def _text_of(html: str) -> str:
    parser = _Words()
    parser.feed(html)
    return re.sub(r"\n\s*\n+", "\n\n", "".join(parser.words)).strip()
