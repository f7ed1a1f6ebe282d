"""The environment, read once and checked. Each error is one sentence that names the variable and the fix."""

import math
import os
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from config import datafolder, peers

T = TypeVar("T")
HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\]")


class Environment:
    """Typed access to the process's environment, which overrides the generated values of the data folder.

    Every getter raises ImproperlyConfigured with a sentence that names the variable and the fix.
    """

    def __init__(self, given: Mapping[str, str], generated: Mapping[str, str]) -> None:
        self.given = given
        self.values = {**generated, **{name: value for name, value in given.items() if value != ""}}

    def text(self, name: str, default: str = "") -> str:
        return self.values.get(name, default).strip()

    def required(self, name: str, fix: str) -> str:
        value = self.text(name)
        if not value:
            raise ImproperlyConfigured(f"{name} is not set: {fix}.")
        return value

    def number(self, name: str, default: str, *, parse: Callable[[str], T], example: str) -> T:
        value = self.text(name, default)
        try:
            return parse(value)
        except (ValueError, ArithmeticError) as error:
            raise ImproperlyConfigured(
                f"{name} is {value!r}, which is not {example}: correct it or unset it."
            ) from error

    def seconds(self, name: str, default: str) -> float:
        return self.number(name, default, parse=not_negative, example="a number of seconds")

    def count(self, name: str, default: str) -> int:
        return self.number(name, default, parse=whole, example=f"a whole number such as {default}")

    def quota(self, name: str, default: str) -> int:
        return self.number(name, default, parse=at_least_one, example="a whole number of at least 1")

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.text(name, "1" if default else "0").lower()
        if value not in {"0", "1", "true", "false", "yes", "no"}:
            raise ImproperlyConfigured(f"{name} is {value!r}: set it to 1 or 0.")
        return value in {"1", "true", "yes"}

    def names(self, name: str, default: str = "") -> list[str]:
        return [item.strip() for item in self.text(name, default).split(",") if item.strip()]

    def url(self, name: str, default: str = "", *, schemes: tuple[str, ...] = ("http", "https")) -> str:
        value = self.text(name, default)
        if value and not _is_url(value, schemes):
            raise ImproperlyConfigured(f"{name} is not a complete URL: it has to begin with {schemes[0]}://.")
        return value

    def public_url(self, name: str, default: str) -> str:
        """The site's own URL: a scheme and a host. http:// is only for loopback, unless ALLOW_INSECURE_HTTP=1."""
        value = self.url(name, default).rstrip("/")
        parts = urlsplit(value)
        if value != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc:
            raise ImproperlyConfigured(
                f"{name} is more than a scheme and a host: write it as https://roster.example.com."
            )
        is_open = parts.scheme == "http" and not _is_loopback(parts.hostname or "")
        if is_open and not self.flag("ALLOW_INSECURE_HTTP", default=False):
            raise ImproperlyConfigured(
                f"{name} is {value}, so passwords would be sent unencrypted: use https://, "
                "or set ALLOW_INSECURE_HTTP=1 on a network that you trust."
            )
        return value

    def hosts(self, name: str, own: str) -> list[str]:
        """Host names to serve, always including `own`; wildcards are refused."""
        given = self.names(name)
        for host in given:
            if not HOST.fullmatch(host):
                raise ImproperlyConfigured(
                    f"{name} has {host!r}, which is not a host name: write names such as roster.example.com, "
                    "separated by commas, without scheme, port or wildcard."
                )
        return list(dict.fromkeys([*given, f"[{own}]" if ":" in own else own]))

    def database(self, name: str, *, default: str = "") -> dict[str, Any]:
        """Django's connection settings, from a postgres:// URL."""
        value = self.url(name, default, schemes=("postgres", "postgresql"))
        if not value:
            raise ImproperlyConfigured(
                f"{name} is not set: set it to a postgres:// URL, or use `make run`, which has its own database."
            )
        return dict(environ.Env.db_url_config(value))

    def email(self, name: str, default: str) -> dict[str, Any]:
        """Django's EMAIL_* settings, from an smtp:// URL."""
        try:
            return dict(environ.Env.email_url_config(self.text(name, default)))
        except Exception as error:
            raise ImproperlyConfigured(
                f"{name} is not a mail URL: write it as smtp://user:password@host:587."
            ) from error

    def fernet_keys(self, name: str) -> list[str]:
        """Fernet keys; the first one encrypts."""
        self.required(name, "set it to a Fernet key, or to several separated by commas, the newest first")
        keys = self.names(name)
        for position, key in enumerate(keys, start=1):
            try:
                Fernet(key)
            except ValueError as error:
                raise ImproperlyConfigured(
                    f"Key {position} of {name} is not a Fernet key: "
                    "make one with cryptography.fernet.Fernet.generate_key()."
                ) from error
        return keys

    def played(self) -> frozenset[str]:
        """The names of the outside services that the sandbox plays: see config.peers."""
        return peers.chosen(self.given, self.text("SANDBOX", "0"))


def _is_url(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # the port is not a number
        return False


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name, not an address
        return False


def not_negative(value: str) -> float:
    """A number of seconds. Raises ValueError."""
    number = float(value)
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(value)
    return number


def whole(value: str) -> int:
    """A count of things, 0 included. Raises ValueError."""
    if not (value.isascii() and value.isdigit()):
        raise ValueError(value)
    return int(value)


def at_least_one(value: str) -> int:
    """Raises ValueError for anything but a whole number of at least 1."""
    number = whole(value)
    if number < 1:
        raise ValueError(value)
    return number


def at_most(most: int) -> Callable[[str], int]:
    """A parser of whole numbers from 0 to `most`; it raises ValueError for anything else."""

    def parse(value: str) -> int:
        number = whole(value)
        if number > most:
            raise ValueError(value)
        return number

    return parse


def amount(value: str) -> Decimal:
    """An amount of USD. Raises ValueError or ArithmeticError."""
    number = Decimal(value)
    if not (number.is_finite() and number >= 0):
        raise ValueError(value)
    return number


def port(value: str) -> int:
    """A port number. Raises ValueError."""
    if not 0 < int(value) < 65_534:  # the sandbox takes the next two
        raise ValueError(value)
    return int(value)


def read() -> Environment:
    """The environment of this process: its own variables override those that `make run` stored in the data folder."""
    return Environment(os.environ, datafolder.environment(datafolder.default()))
