"""Encrypts stored secrets: Fernet (AES-128-CBC with HMAC-SHA256), newest key first, the key's id before each."""

import hashlib
import re
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

SEALED = r"[0-9a-f]{8}:gAAAA[A-Za-z0-9_=-]+"
"""What encrypt() returns, as a regular expression that Python and Postgres read alike."""


class UndecryptableError(RuntimeError):
    """None of PLATFORM_ENCRYPTION_KEYS opens this ciphertext."""


class Secret:
    """A secret in memory that only `secret.reveal()` shows.

    str() gives its last four characters, so that a log line, a template or an error page cannot leak it.
    """

    __slots__ = ("_plain", "_stored")

    def __init__(self, plain: str = "", *, stored: str = "") -> None:
        self._plain = plain
        self._stored = stored

    def reveal(self) -> str:
        """The plain text. A value from the database is decrypted only now, so a lost key breaks nothing else."""
        return decrypt(self._stored) if self._stored else self._plain

    def sealed(self) -> str:
        """The ciphertext for the database; empty for an empty secret.

        A value that was read under an older key is written under the newest one, so that saving a row does not undo a
        rotation.
        """
        if self._stored:
            return renewed(self._stored)
        return encrypt(self._plain) if self._plain else ""

    def __str__(self) -> str:
        plain = self.reveal()
        return f"••••{plain[-4:]}" if len(plain) >= 12 else "••••"

    def __repr__(self) -> str:
        return "<Secret>"

    def __bool__(self) -> bool:
        return bool(self._plain or self._stored)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.reveal() == self.reveal()

    def __hash__(self) -> int:
        return hash(self.reveal())


def key_id(key: str) -> str:
    """A short public name of a key: the first eight hexadecimal digits of its SHA-256."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]


@cache
def _keyring(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(plain: str) -> str:
    """`<key id>:<Fernet token>` under the first of PLATFORM_ENCRYPTION_KEYS."""
    keys = tuple(settings.PLATFORM_ENCRYPTION_KEYS)
    return f"{key_id(keys[0])}:{_keyring(keys).encrypt(plain.encode()).decode()}"


def decrypt(stored: str) -> str:
    """The plain text of what encrypt() returned. Raises UndecryptableError, which names the missing key."""
    name, _, token = stored.partition(":")
    try:
        return _keyring(tuple(settings.PLATFORM_ENCRYPTION_KEYS)).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise UndecryptableError(
            f"A secret was encrypted with key {name}, which PLATFORM_ENCRYPTION_KEYS lacks: put that key back."
        ) from error


def newest_key_id() -> str:
    """The id of the key that encrypts."""
    return key_id(settings.PLATFORM_ENCRYPTION_KEYS[0])


def key_ids_in(text: str) -> list[str]:
    """The key ids of all ciphertexts in a text, such as a JSON document."""
    return [sealed.partition(":")[0] for sealed in re.findall(SEALED, text)]


def is_sealed(text: str) -> bool:
    """Is this exactly what encrypt() returns?"""
    return re.fullmatch(SEALED, text) is not None


def reencrypt(stored: str) -> str:
    """The same secret under the newest key. Raises UndecryptableError."""
    return encrypt(decrypt(stored))


def renewed(stored: str) -> str:
    """The same if needed and possible: what no key opens is left as it is, since the key may come back."""
    if stored.startswith(f"{newest_key_id()}:"):
        return stored
    try:
        return reencrypt(stored)
    except UndecryptableError:
        return stored


class EncryptedField(models.TextField):  # type: ignore[type-arg]
    """A text column that holds ciphertext and reads as a Secret."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Secret | None:
        return None if value is None else Secret(stored=value)

    def to_python(self, value: Any) -> Any:
        return value if isinstance(value, Secret) or value is None else Secret(str(value))

    def get_prep_value(self, value: Any) -> str | None:
        secret = self.to_python(value)
        if secret is None:
            return None
        sealed: str = secret.sealed()
        return sealed
