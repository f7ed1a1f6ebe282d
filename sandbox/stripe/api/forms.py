"""Stripe's bracketed parameters: from `items[0][price]=…` to nested values, and readers that reject invalid ones.

An endpoint declares its parameters as a mapping of names to readers; `read` returns the values of the parameters that
were sent, and no others. A parameter that `is_clearable` may be sent empty to unset it: its value is then None.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from sandbox.stripe.account.errors import StripeError, invalid

Raw = str | list["Raw"] | dict[str, "Raw"]
NAME: Final = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
WHOLE: Final = re.compile(r"-?\d{1,18}")
DECIMAL: Final = re.compile(r"-?\d{1,12}(\.\d{1,12})?")
METADATA_KEYS, METADATA_NAME, METADATA_TEXT = 50, 40, 500


def decode(pairs: Iterable[tuple[str, str]]) -> dict[str, Raw]:
    """Nest bracketed names. Raises StripeError for a name used both as a value and as a hash."""
    tree: dict[str, Raw] = {}
    for name, value in pairs:
        match = NAME.fullmatch(name)
        if match is None:
            raise unknown([name])
        _plant(tree, [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])], value, name)
    return tree


def _plant(tree: dict[str, Raw], path: list[str], value: str, name: str) -> None:
    for key in path[:-1]:
        inner = tree.setdefault(key or str(len(tree)), {})
        if not isinstance(inner, dict):
            raise invalid(name, f"Invalid request: `{name}` is given both as a value and as a hash.")
        tree = inner
    last = path[-1] or str(len(tree))
    if isinstance(tree.get(last), dict):
        raise invalid(name, f"Invalid request: `{name}` is given both as a value and as a hash.")
    tree[last] = value


@dataclass(frozen=True, kw_only=True)
class Field:
    """One parameter: whether it is required, and whether an empty value unsets it."""

    is_required: bool = False
    is_clearable: bool = False

    def read(self, raw: Raw, name: str) -> Any:
        """The value, or None when it is unset. Raises StripeError."""
        if raw != "":
            return self.parse(raw, name)
        if not self.is_clearable:
            raise _empty(name)
        return None

    def parse(self, raw: Raw, name: str) -> Any:
        """The value, when it isn't empty."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Text(Field):
    """A string, or one of `choices`."""

    longest: int = 5000
    choices: tuple[str, ...] = ()

    def parse(self, raw: Raw, name: str) -> str:
        """The string. Raises StripeError for another type, and for one that is too long or not a choice."""
        if not isinstance(raw, str):
            raise invalid(name, f"Invalid string: {raw}")
        if len(raw) > self.longest:
            raise invalid(name, f"Invalid string: {raw[:20]}...{raw[-5:]}; must be at most {self.longest} characters")
        if self.choices and raw not in self.choices:
            raise invalid(name, f"Invalid {name}: must be {listed(self.choices)}")
        return raw


def one_of(*choices: str, is_required: bool = False, is_clearable: bool = False) -> Text:
    """One of a few strings."""
    return Text(choices=choices, is_required=is_required, is_clearable=is_clearable)


@dataclass(frozen=True, kw_only=True)
class Whole(Field):
    """An integer: amounts in the currency's smallest unit, quantities."""

    least: int | None = None
    most: int | None = None

    def parse(self, raw: Raw, name: str) -> int:
        """The number. Raises StripeError."""
        if not isinstance(raw, str) or not WHOLE.fullmatch(raw):
            raise invalid(name, f"Invalid integer: {raw}", "parameter_invalid_integer")
        number = int(raw)
        if self.least is not None and number < self.least:
            message = f"This value must be greater than or equal to {self.least}."
            raise invalid(name, message, "parameter_invalid_integer")
        if self.most is not None and number > self.most:
            raise invalid(name, f"This value must be less than or equal to {self.most}.", "parameter_invalid_integer")
        return number


@dataclass(frozen=True, kw_only=True)
class Number(Field):
    """A decimal number."""

    def parse(self, raw: Raw, name: str) -> Decimal:
        """The number. Raises StripeError."""
        if not isinstance(raw, str) or not DECIMAL.fullmatch(raw):
            raise invalid(name, f"Invalid decimal: {raw}")
        return Decimal(raw)


@dataclass(frozen=True, kw_only=True)
class Flag(Field):
    """true or false."""

    def parse(self, raw: Raw, name: str) -> bool:
        """The boolean. Raises StripeError."""
        if raw not in ("true", "false"):
            raise invalid(name, f"Invalid boolean: {raw}")
        return raw == "true"


@dataclass(frozen=True, kw_only=True)
class Moment(Field):
    """A Unix time in seconds, or one of `words` such as `now`, returned as is."""

    words: tuple[str, ...] = ()

    def parse(self, raw: Raw, name: str) -> int | str:
        """The time. Raises StripeError."""
        if isinstance(raw, str) and raw in self.words:
            return raw
        if not isinstance(raw, str) or not re.fullmatch(r"\d{1,11}", raw):
            raise invalid(name, f"Invalid timestamp: must be an integer Unix timestamp in seconds, not {raw}")
        return int(raw)


@dataclass(frozen=True, kw_only=True)
class Hash(Field):
    """A hash with its own `fields`."""

    fields: Mapping[str, Field]

    def parse(self, raw: Raw, name: str) -> dict[str, Any]:
        """The values of the fields that were sent. Raises StripeError."""
        if not isinstance(raw, dict):
            raise invalid(name, f"Invalid object: {name} must be a hash")
        return read(self.fields, raw, name)


@dataclass(frozen=True, kw_only=True)
class Listed(Field):
    """An array; sent empty, it is an empty list where that is allowed."""

    of: Field
    most: int = 100

    def read(self, raw: Raw, name: str) -> Any:
        """The values, in order."""
        return super().read(raw, name) or []

    def parse(self, raw: Raw, name: str) -> list[Any]:
        """The values. Raises StripeError."""
        if not isinstance(raw, dict) or not all(key.isdecimal() for key in raw):
            raise invalid(name, f"Invalid array: {name} must be an array")
        if len(raw) > self.most:
            raise invalid(name, f"Array {name} exceeded maximum {self.most} allowed elements.")
        return [self.of.read(raw[key], f"{name}[{key}]") for key in sorted(raw, key=int)]


@dataclass(frozen=True, kw_only=True)
class Metadata(Field):
    """Keys and values; `merged` puts them on an object. https://docs.stripe.com/api/metadata"""

    is_clearable: bool = True

    def parse(self, raw: Raw, name: str) -> dict[str, str]:
        """Keys and values; an empty value means the key is removed. Raises StripeError."""
        if not isinstance(raw, dict):
            raise invalid(name, "Invalid metadata: metadata must be a set of key-value pairs")
        for key, value in raw.items():
            if not isinstance(value, str):
                raise invalid(f"{name}[{key}]", "Metadata values must be strings")
            if len(key) > METADATA_NAME:
                message = f"Metadata keys must be at most {METADATA_NAME} characters long. Key: {key}"
                raise invalid(name, message)
            if len(value) > METADATA_TEXT:
                message = (
                    f"Metadata values can have up to {METADATA_TEXT} characters, but you passed in a value that is"
                )
                raise invalid(f"{name}[{key}]", f"{message} {len(value)} characters.")
        return {key: str(value) for key, value in raw.items()}


def merged(old: Mapping[str, str] | None, new: Mapping[str, str] | None) -> dict[str, str]:
    """An object's metadata after a request: adds and changes keys; an empty value removes one, None removes all."""
    if new is None:
        return {}
    together = {name: value for name, value in {**(old or {}), **new}.items() if value != ""}
    if len(together) > METADATA_KEYS:
        raise invalid("metadata", f"You can specify up to {METADATA_KEYS} metadata keys.")
    return together


def read(fields: Mapping[str, Field], raw: Mapping[str, Raw], prefix: str = "") -> dict[str, Any]:
    """The values of the parameters that were sent. Raises StripeError for unknown, missing and malformed ones."""

    def full(name: str) -> str:
        return f"{prefix}[{name}]" if prefix else name

    strange = [full(name) for name in raw if name not in fields]
    if strange:
        raise unknown(strange)
    values = {name: fields[name].read(value, full(name)) for name, value in raw.items()}
    for name, field in fields.items():
        if field.is_required and name not in values:
            raise required(full(name))
    return values


def unknown(names: list[str]) -> StripeError:
    """400: parameters that the endpoint doesn't accept."""
    plural = "s" if len(names) > 1 else ""
    message = f"Received unknown parameter{plural}: {', '.join(names)}"
    return invalid(names[0], message, "parameter_unknown")


def required(name: str) -> StripeError:
    """400: a required parameter is missing."""
    return invalid(name, f"Missing required param: {name}.", "parameter_missing")


def _empty(name: str) -> StripeError:
    message = (
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; however "
        f"'{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty value."
    )
    return invalid(name, message, "parameter_invalid_empty")


def listed(choices: Iterable[str]) -> str:
    """Choices in words: one of a, b, or c."""
    *first, last = choices
    if not first:
        return last
    return f"one of {', '.join(first)}{',' if len(first) > 1 else ''} or {last}"
