"""Codes by mail: how often each may be tried, also by many requests at once.

Allauth counts wrong codes in the session, which each request reads, changes and writes as a whole: of a hundred
guesses at once each would find the same count, and one that was slow could bring back a code that was given up. Here a
try is taken from the cache before the code is looked at, in one step, by the code itself.
"""

import hashlib

from allauth.account import forms as account_forms
from allauth.account.adapter import get_adapter
from allauth.core import context
from django.core.cache import cache

PER_CODE = 3
REMEMBERED_SECONDS = 60 * 60
"""Longer than any code or challenge is good for."""


def take(kind: str, secret: str, most: int) -> bool:
    """Take one of the tries that there are at `secret` in this session; False when `most` were taken."""
    session_key = context.request.session.session_key or ""
    digest = hashlib.sha256(f"{session_key}:{secret}".encode()).hexdigest()
    return any(cache.add(f"try:{kind}:{digest}:{number}", "taken", REMEMBERED_SECONDS) for number in range(most))


class _CountedCode(account_forms.BaseConfirmCodeForm):  # type: ignore[misc]
    """A code from a mail: beyond its tries also the right one is wrong."""

    def clean_code(self) -> str:
        if not take("code", self.expected_code or "", PER_CODE):
            raise get_adapter().validation_error("incorrect_code")
        code: str = super().clean_code()
        return code


class ConfirmCodeForm(_CountedCode):
    """For codes of our own: tenants/accounts/mailed_codes.py."""


class ConfirmLoginCodeForm(_CountedCode, account_forms.ConfirmLoginCodeForm):  # type: ignore[misc]
    """Log-in by a code."""


class ConfirmEmailVerificationCodeForm(_CountedCode, account_forms.ConfirmEmailVerificationCodeForm):  # type: ignore[misc]
    """Whose address it is."""


class ConfirmPasswordResetCodeForm(_CountedCode, account_forms.ConfirmPasswordResetCodeForm):  # type: ignore[misc]
    """A new password for who forgot the old one."""
