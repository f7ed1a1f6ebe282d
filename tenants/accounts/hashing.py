"""Password hashing, which is slow on purpose: only a few run at once, whoever asks for them.

Limits per client and per account do not help against many clients with many accounts: each try would hold a web thread
and a core for a third of a second. Known and unknown addresses wait in one line and are refused alike.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.utils.translation import gettext as _

from tenants.outbound.patience import BusyError

PATIENCE_SECONDS = 3
BUSY_SECONDS = 5


class HashingBusyError(BusyError):
    """Too many passwords are being checked already."""

    def __init__(self) -> None:
        super().__init__(_("Many people are logging in right now. Try again in a few seconds."), BUSY_SECONDS)


class LimitedHasher(PBKDF2PasswordHasher):
    """Django's own, under the same name in what is stored."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """Raises HashingBusyError."""
        with _turn():
            return super().encode(password, salt, iterations)


@contextmanager
def _turn() -> Iterator[None]:
    """Wait in line, then hash as one of a few."""
    line, turns = _line(settings.PASSWORD_HASHES_AT_ONCE, settings.PASSWORD_HASHES_WAITING)
    if not line.acquire(blocking=False):
        raise HashingBusyError
    try:
        if not turns.acquire(timeout=PATIENCE_SECONDS):
            raise HashingBusyError
        try:
            yield
        finally:
            turns.release()
    finally:
        line.release()


@cache
def _line(at_once: int, waiting: int) -> tuple[BoundedSemaphore, BoundedSemaphore]:
    """In this process: places for whoever hashes or waits, and for whoever hashes."""
    return BoundedSemaphore(at_once + waiting), BoundedSemaphore(at_once)
