"""Parameters and hashes that several resources share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.stripe.account.errors import invalid
from sandbox.stripe.api.forms import Raw, Text

ADDRESS_KEYS: Final = ("city", "country", "line1", "line2", "postal_code", "state")
ADDRESS: Final = {name: Text(is_clearable=True) for name in ADDRESS_KEYS}
EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


@dataclass(frozen=True, kw_only=True)
class Email(Text):
    """An email address."""

    def parse(self, raw: Raw, name: str) -> str:
        """The address. Raises StripeError."""
        text = super().parse(raw, name)
        if not EMAIL.fullmatch(text):
            raise invalid(name, f"Invalid email address: {text}", "email_invalid")
        return text


def address(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """An address with all its keys."""
    return {key: (values or {}).get(key) for key in ADDRESS_KEYS}
