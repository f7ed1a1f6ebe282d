"""Passkey forms. What a browser sends in them is untrusted JSON, and a challenge is answered once."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms as allauth_forms
from allauth.mfa.webauthn.internal import auth
from django import forms
from django.conf import settings
from django.utils.translation import gettext as _

from tenants import strict_json
from tenants.accounts import tries

MOST_PASSKEYS = 20


class CredentialField(forms.JSONField):
    """Django's own fails with a server error on deeply nested JSON and on numbers with thousands of digits."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value:
            try:
                strict_json.loads(value, settings.JSON_MAX_DEPTH)
            except strict_json.UnusableError as error:
                raise get_adapter().validation_error("incorrect_code") from error
        return super().to_python(value)


def _refuse_nonsense(parse: Any, credential: Any) -> None:
    """Raises ValidationError for what the library cannot read."""
    try:
        parse(credential)
    except Exception as error:
        raise get_adapter().validation_error("incorrect_code") from error


class AddWebAuthnForm(allauth_forms.AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey. Nobody can tell more than MOST_PASSKEYS apart."""

    credential = CredentialField(required=True, widget=forms.HiddenInput)

    def clean_credential(self) -> Any:
        credential = self.cleaned_data["credential"]
        _refuse_nonsense(auth.parse_registration_response, credential)
        return credential

    def clean(self) -> dict[str, Any]:
        own = Authenticator.objects.filter(user=self.user, type=Authenticator.Type.WEBAUTHN)
        if own.count() >= MOST_PASSKEYS:
            words = _("You have %(number)s passkeys. Remove one that you do not use.")
            raise forms.ValidationError(words % {"number": MOST_PASSKEYS})
        cleaned: dict[str, Any] = super().clean()
        return cleaned


class _Answer(allauth_forms.AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey's answer counts once: the next try gets a new challenge."""

    credential = CredentialField(required=True, widget=forms.HiddenInput)

    def clean_credential(self) -> Authenticator:
        _refuse_nonsense(auth.parse_authentication_response, self.cleaned_data["credential"])
        state = auth.get_state()
        if state and not tries.take("challenge", str(state.get("challenge")), 1):
            raise get_adapter().validation_error("incorrect_code")
        return super().clean_credential()


class AuthenticateWebAuthnForm(_Answer):
    """The second step of a log-in."""


class LoginWebAuthnForm(_Answer, allauth_forms.LoginWebAuthnForm):  # type: ignore[misc]
    """A log-in with only a passkey."""


class ReauthenticateWebAuthnForm(_Answer, allauth_forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """The proof before a change to the account."""
