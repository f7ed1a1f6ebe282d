"""Signing up: the form, and what happens when somebody else proves that a sign-up's address is theirs."""

from typing import Any

from allauth.account import forms
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage, LoginStageController
from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from tenants.accounts.forms import NormalAddresses
from tenants.models import User

FORGOTTEN = _("Somebody else signed up with your address. Their password or log-in no longer works.")


class SignupForm(NormalAddresses, forms.SignupForm):  # type: ignore[misc]
    """An e-mail address, and a password for people who want one.

    Each sign-up hashes exactly once, which takes most of its time: the time does not tell whether an address has an
    account, or whether a password was given.
    """

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        password: str = self.cleaned_data.get("password1") or ""
        if self.account_already_exists or not password:
            make_password(password or "none")
        saved: tuple[Any, Any] = super().try_save(request)
        return saved


def forget_strangers(request: HttpRequest, address: EmailAddress) -> bool:
    """Anybody can sign up with somebody's address and wait until its owner confirms it: they must not get in.

    Call it when an address is confirmed. The account's password and connected log-ins are removed, unless this was the
    next step of a sign-up or log-in in this session, or a change by whoever is logged in. Returns whether there were
    any.
    """
    user: User = address.user
    if request.user == user or _is_next_step(request, user):
        return False
    connected, _ = SocialAccount.objects.filter(user=user).delete()
    had_password = user.has_usable_password()
    if had_password:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    if connected or had_password:
        get_adapter().add_message(request, messages.WARNING, message=str(FORGOTTEN))
    return bool(connected or had_password)


def _is_next_step(request: HttpRequest, user: User) -> bool:
    stage = LoginStageController.enter(request, EmailVerificationStage.key)
    return stage is not None and stage.login.user == user
