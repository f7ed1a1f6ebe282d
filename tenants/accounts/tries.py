"""How often each mailed code may be tried, even by many requests at once.

Allauth counts wrong codes in the session, which each request reads, changes and writes as a whole: a hundred guesses
at once would all find the same count, and a slow one could bring back a code that was dropped. Here each try is taken
from the cache in one step, keyed by the code itself, before the code is compared.
"""

import hashlib

from allauth.account import forms as account_forms
from allauth.account.adapter import get_adapter
from allauth.core import context
from django.core.cache import cache

PER_CODE = 3
REMEMBERED_SECONDS = 60 * 60
"""Longer than any code or challenge is valid."""


def take(kind: str, secret: str, most: int) -> bool:
    """Take one of this session's tries at `secret`; False if `most` were taken."""
    session_key = context.request.session.session_key or ""
    digest = hashlib.sha256(f"{session_key}:{secret}".encode()).hexdigest()
    return any(cache.add(f"try:{kind}:{digest}:{number}", "taken", REMEMBERED_SECONDS) for number in range(most))


class _CountedCode(account_forms.BaseConfirmCodeForm):  # type: ignore[misc]
    """A code from a mail: once its tries are used up, even the right code is wrong."""

    def clean_code(self) -> str:
        if not take("code", self.expected_code or "", PER_CODE):
            raise get_adapter().validation_error("incorrect_code")
        code: str = super().clean_code()
        return code


class ConfirmCodeForm(_CountedCode):
    """For our own codes: tenants/accounts/mailed_codes.py."""


class ConfirmLoginCodeForm(_CountedCode, account_forms.ConfirmLoginCodeForm):  # type: ignore[misc]
    """Log-in with a code."""


class ConfirmEmailVerificationCodeForm(_CountedCode, account_forms.ConfirmEmailVerificationCodeForm):  # type: ignore[misc]
    """Proves whose address it is."""


class ConfirmPasswordResetCodeForm(_CountedCode, account_forms.ConfirmPasswordResetCodeForm):  # type: ignore[misc]
    """A new password for somebody who forgot the old one."""
