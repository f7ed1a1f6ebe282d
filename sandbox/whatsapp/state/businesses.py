"""Businesses at Meta: each has one app, one WhatsApp Business Account with one number, and its access tokens."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from sqlite3 import Row
from typing import Any, Final

from sandbox.database import Database

MESSAGING, MANAGEMENT = "whatsapp_business_messaging", "whatsapp_business_management"
DAY: Final = 24 * 60 * 60
TEMPLATES: Final = (
    ("hello_world", "en_US", "UTILITY", "POSITIONAL", "Hello! This number answers questions. Just write back.", ()),
    (
        "order_ready", "en", "UTILITY", "NAMED", "Hello {{first_name}}, your order {{order_number}} is ready.",
        (("first_name", "Ada"), ("order_number", "1042")),
    ),
    ("still_interested", "en", "MARKETING", "POSITIONAL", "Hi {{1}}, do you still want {{2}}?", ("Ada", "it")),
)  # fmt: skip


@dataclass(frozen=True)
class Business:
    """`phone_id` and `account_id` are Meta's ids of the number and its account; `callback_url` overrides the app's."""

    phone_id: str
    account_id: str
    app_id: str
    app_secret: str
    name: str
    number: str
    quality: str
    about: str
    is_subscribed: bool
    callback_url: str
    is_registered: bool

    @property
    def digits(self) -> str:
        """The number as webhooks have it."""
        return "".join(each for each in self.number if each.isdigit())


@dataclass(frozen=True)
class Token:
    """An access token of a business's system user. `expires_at` is 0 for never."""

    token: str
    phone_id: str
    scopes: tuple[str, ...]
    expires_at: int
    is_valid: bool

    @property
    def works(self) -> bool:
        """Not revoked, not expired."""
        return self.is_valid and (not self.expires_at or self.expires_at > time.time())


class Businesses:
    """All of them. Look-ups raise KeyError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str) -> Business:
        """A new one, with a permanent token, a temporary one, and one without the permission to send."""
        number = f"+1 555 01{secrets.randbelow(100):02} {secrets.randbelow(10_000):04}"
        ids = (_digits(15), _digits(15), _digits(15), secrets.token_hex(16))
        values: tuple[str | float, ...] = (*ids, name, number, "GREEN", "", 0, "", 1, time.time())
        self._database.run("INSERT INTO wa_business VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *values)
        phone_id, account_id = ids[:2]
        self._add_token(phone_id, (MESSAGING, MANAGEMENT), 0)
        self._add_token(phone_id, (MESSAGING, MANAGEMENT), int(time.time()) + DAY)
        self._add_token(phone_id, (MANAGEMENT,), 0)
        for title, language, category, format_, text, example in TEMPLATES:
            self.add_template(account_id, title, language, category, format_, text, example)
        return self.of_phone(phone_id)

    def all(self) -> list[Business]:
        """Oldest first."""
        return [_business(row) for row in self._database.all("SELECT * FROM wa_business ORDER BY created")]

    def of_phone(self, phone_id: str) -> Business:
        """By the number's id."""
        return self._one("phone_id", phone_id)

    def of_account(self, account_id: str) -> Business:
        """By the account's id."""
        return self._one("account_id", account_id)

    def change(self, phone_id: str, **columns: str | int) -> None:
        """Set some of its columns."""
        for name, value in columns.items():
            self._database.run(f"UPDATE wa_business SET {name} = ? WHERE phone_id = ?", value, phone_id)  # noqa: S608 - ours

    def token(self, token: str) -> Token:
        """By its text."""
        row = self._database.one("SELECT * FROM wa_token WHERE token = ?", token)
        if row is None:
            raise KeyError("token")
        return _token(row)

    def tokens(self, phone_id: str) -> list[Token]:
        """A business's, in the order of `create`."""
        return [
            _token(row)
            for row in self._database.all("SELECT * FROM wa_token WHERE phone_id = ? ORDER BY rowid", phone_id)
        ]

    def revoke(self, phone_id: str) -> None:
        """All tokens of a business stop working."""
        self._database.run("UPDATE wa_token SET is_valid = 0 WHERE phone_id = ?", phone_id)

    def templates(self, account_id: str) -> list[dict[str, Any]]:
        """Message templates as the API lists them."""
        rows = self._database.all("SELECT body FROM wa_template WHERE account_id = ? ORDER BY rowid", account_id)
        return [json.loads(row["body"]) for row in rows]

    def add_template(
        self, account_id: str, name: str, language: str, category: str, format_: str, text: str, example: Any = (),
        status: str = "APPROVED",
    ) -> None:  # fmt: skip
        """A template with a body only; `example` has its parameters, with their names where the format is NAMED."""
        body: dict[str, Any] = {"type": "BODY", "text": text}
        if example and format_ == "NAMED":
            named = [{"param_name": key, "example": value} for key, value in example]
            body["example"] = {"body_text_named_params": named}
        elif example:
            body["example"] = {"body_text": [list(example)]}
        made: dict[str, Any] = {
            "id": _digits(15),
            "name": name,
            "parameter_format": format_,
            "components": [body],
            "language": language,
            "status": status,
            "category": category,
        }
        self._database.run(
            "INSERT INTO wa_template VALUES (?, ?, ?, ?, ?)",
            str(made["id"]),
            account_id,
            name,
            language,
            json.dumps(made),
        )

    def set_template_status(self, account_id: str, name: str, status: str) -> None:
        """Such as PAUSED. Raises KeyError if there is none of this name."""
        found = [each for each in self.templates(account_id) if each["name"] == name]
        if not found:
            raise KeyError(name)
        for each in found:
            self._database.run(
                "UPDATE wa_template SET body = ? WHERE id = ?", json.dumps(each | {"status": status}), each["id"]
            )

    def _one(self, column: str, value: str) -> Business:
        row = self._database.one(f"SELECT * FROM wa_business WHERE {column} = ?", value)  # noqa: S608 - ours
        if row is None:
            raise KeyError(value)
        return _business(row)

    def _add_token(self, phone_id: str, scopes: tuple[str, ...], expires_at: int) -> None:
        token = "EAA" + secrets.token_hex(40)
        self._database.run("INSERT INTO wa_token VALUES (?, ?, ?, ?, 1)", token, phone_id, ",".join(scopes), expires_at)


def _digits(length: int) -> str:
    return str(secrets.randbelow(9 * 10 ** (length - 1)) + 10 ** (length - 1))


def _business(row: Row) -> Business:
    values = {name: row[name] for name in row.keys() if name != "created"}  # noqa: SIM118 - a Row iterates its values
    return Business(**values | {name: bool(values[name]) for name in ("is_subscribed", "is_registered")})


def _token(row: Row) -> Token:
    return Token(
        row["token"], row["phone_id"], tuple(row["scopes"].split(",")), row["expires_at"], bool(row["is_valid"])
    )
