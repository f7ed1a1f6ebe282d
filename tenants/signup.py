"""The form by which people sign up."""

from typing import Any

from allauth.account import forms
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse

from tenants.models import User


class SignupForm(forms.SignupForm):  # type: ignore[misc]
    """An e-mail address, and a password for those who want one.

    Each sign-up hashes exactly once, which takes most of its time: nobody can tell by the time whether an address has
    an account, or a password was given.
    """

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        password: str = self.cleaned_data.get("password1") or ""
        if self.account_already_exists or not password:
            make_password(password or "none")
        saved: tuple[Any, Any] = super().try_save(request)
        return saved
