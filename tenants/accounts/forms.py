"""Forms for signing up and logging in: allauth's, whose e-mail fields accept what ours accept."""

from typing import Any

from allauth.account.forms import AddEmailForm as AllauthAddEmailForm
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import RequestLoginCodeForm as AllauthRequestLoginCodeForm
from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from django import forms

from tenants import addresses


class AddressField(forms.EmailField):
    """An e-mail address, brought into its normal form."""

    default_validators = []

    def to_python(self, value: Any) -> str:
        text = str(value or "").strip()
        return addresses.normalize(text) if text else ""


class NormalAddresses(forms.Form):
    """For allauth's forms: their e-mail fields accept what ours accept."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field, forms.EmailField):
                self.fields[name] = AddressField(
                    label=field.label, required=field.required, initial=field.initial, widget=field.widget
                )


class LoginForm(NormalAddresses, AllauthLoginForm):  # type: ignore[misc]
    """Allauth's, with the address filled in for whoever comes from an invitation (`?email=`)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].initial = self.request.GET.get("email", "") if self.request else ""


class RequestLoginCodeForm(NormalAddresses, AllauthRequestLoginCodeForm):  # type: ignore[misc]
    """Who gets a code for logging in."""


class ResetPasswordForm(NormalAddresses, AllauthResetPasswordForm):  # type: ignore[misc]
    """Who gets a code for a new password."""


class AddEmailForm(NormalAddresses, AllauthAddEmailForm):  # type: ignore[misc]
    """The address that somebody wants to change to."""
