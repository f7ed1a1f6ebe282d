"""The forms of passkeys. What a browser says in them is anybody's JSON, and a challenge is answered once."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms as allauth_forms
from allauth.mfa.webauthn.internal import auth
from django import forms
from django.conf import settings

from tenants import strict_json
from tenants.accounts import tries

MOST_PASSKEYS = 20


class CredentialField(forms.JSONField):
    """Django's own lets a nest and a number of thousands of digits through as errors of ours."""

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
    """A new passkey, of so many as somebody can keep apart."""

    credential = CredentialField(required=True, widget=forms.HiddenInput)

    def clean_credential(self) -> Any:
        credential = self.cleaned_data["credential"]
        _refuse_nonsense(auth.parse_registration_response, credential)
        return credential

    def clean(self) -> dict[str, Any]:
        own = Authenticator.objects.filter(user=self.user, type=Authenticator.Type.WEBAUTHN)
        if own.count() >= MOST_PASSKEYS:
            raise forms.ValidationError(f"You have {MOST_PASSKEYS} passkeys: remove one that you do not use.")
        cleaned: dict[str, Any] = super().clean()
        return cleaned


class _Answer(allauth_forms.AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey's answer counts once: the next try gets a challenge of its own."""

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
    """A log-in by passkey alone."""


class ReauthenticateWebAuthnForm(_Answer, allauth_forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """The proof before a change of the account."""
