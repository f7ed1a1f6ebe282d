"""Forms for second steps, which close two gaps in allauth's own."""

from typing import Any

from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from django.core.cache import cache

from tenants import encryption


class _CodeOnce(forms.BaseAuthenticateForm):  # type: ignore[misc]
    """A code works only once in all the time in which it would be accepted (RFC 6238, 5.2).

    Allauth remembers it for one step of 30 seconds; with one step of tolerance on each side it is good for three.
    """

    def clean_code(self) -> str:
        code: str = super().clean_code()
        seconds = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 2)
        if not cache.add(f"second-step:{self.user.pk}:{normalize_user_code(code)}", "used", timeout=seconds):
            raise get_adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(_CodeOnce, forms.AuthenticateForm):  # type: ignore[misc]
    """The second step of a log-in."""


class ReauthenticateForm(_CodeOnce, forms.ReauthenticateForm):  # type: ignore[misc]
    """The proof before a change to the account."""


class ActivateTOTPForm(totp_forms.ActivateTOTPForm):  # type: ignore[misc]
    """A new authenticator app. Until it is turned on, the session keeps its key, encrypted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        session = context.request.session
        if sealed := session.get(SECRET_SESSION_KEY):
            session[SECRET_SESSION_KEY] = encryption.decrypt(sealed)
        super().__init__(*args, **kwargs)
        session[SECRET_SESSION_KEY] = encryption.encrypt(self.secret)
