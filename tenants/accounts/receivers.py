"""Writes down for an account's owner what allauth and Django report about it.

The middleware bound its actor before the log-in, so each receiver names the person itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as social
from django.contrib.auth import signals as auth
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.accounts import log_in_methods
from tenants.accounts.sessions import end_oldest
from tenants.accounts.signup import forget_strangers
from tenants.audit import actions, actor, journal
from tenants.clients import client_ip
from tenants.models import User
from tenants.wordings import NOTHING, TOLD, Reason, Wording

SOMEBODY = "Somebody"
"""The actor of a log-in that failed. The pages translate it."""
WRONG_PASSWORD = Wording("tenants.wrong_password", _("Wrong password."))
WRONG_CODE = Wording("tenants.wrong_code", _("Wrong code from a mail."))
WRONG_SECOND_STEP = Wording("tenants.wrong_second_step", _("Wrong second step."))


@receiver(auth.user_logged_in)
def logged_in(request: HttpRequest, user: User, **kwargs: Any) -> None:
    with _by(request, user):
        journal.record_account(actions.LOGGED_IN, user, detail=log_in_methods.of(request, user))
    end_oldest(user)


@receiver(auth.user_logged_out)
def logged_out(request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user:
        with _by(request, user):
            journal.record_account(actions.LOGGED_OUT, user)


@receiver(auth.user_login_failed)
def password_was_wrong(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Only if the account exists; from outside nobody can tell."""
    given = str(credentials.get("email") or credentials.get("username") or "")
    _failed(request, User.objects.find(given), WRONG_PASSWORD())


@receiver(account.login_code_rejected)
@receiver(account.password_reset_code_rejected)
def code_was_wrong(request: HttpRequest, user: User | None = None, **kwargs: Any) -> None:
    _failed(request, user, WRONG_CODE())


@receiver(mfa.authentication_failed)
def second_step_was_wrong(request: HttpRequest, user: User, **kwargs: Any) -> None:
    _failed(request, user, WRONG_SECOND_STEP())


@receiver(account.user_signed_up)
def signed_up(request: HttpRequest, user: User, **kwargs: Any) -> None:
    _note(actions.SIGNED_UP, request, user)


@receiver(account.password_changed)
def password_changed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    _note(actions.PASSWORD_CHANGED, request, user)


@receiver(account.password_set)
def password_set(request: HttpRequest, user: User, **kwargs: Any) -> None:
    _note(actions.PASSWORD_SET, request, user)


@receiver(account.password_reset)
def password_reset(request: HttpRequest, user: User, **kwargs: Any) -> None:
    _note(actions.PASSWORD_RESET, request, user)


@receiver(account.email_added)
def email_added(request: HttpRequest, user: User, email_address: Any, **kwargs: Any) -> None:
    _note(actions.EMAIL_ADDED, request, user, TOLD(text=email_address.email))


@receiver(account.email_confirmed)
def email_confirmed(request: HttpRequest, email_address: Any, **kwargs: Any) -> None:
    _note(actions.EMAIL_CONFIRMED, request, email_address.user, TOLD(text=email_address.email))
    if forget_strangers(request, email_address):
        _note(actions.UNPROVED_FORGOTTEN, request, email_address.user)


@receiver(account.email_changed)
def email_changed(
    request: HttpRequest, user: User, from_email_address: Any, to_email_address: Any, **kwargs: Any
) -> None:
    """Not for the first address, which is noted when it is confirmed."""
    if from_email_address:
        changes = {"email": [from_email_address.email, to_email_address.email]}
        with _by(request, user):
            journal.record_account(actions.EMAIL_CHANGED, user, changes=changes)


@receiver(account.email_removed)
def email_removed(request: HttpRequest, user: User, email_address: Any, **kwargs: Any) -> None:
    _note(actions.EMAIL_REMOVED, request, user, TOLD(text=email_address.email))


@receiver(mfa.authenticator_added)
def second_step_added(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _note(actions.SECOND_STEP_ADDED, request, user, log_in_methods.second_step(authenticator))


@receiver(mfa.authenticator_removed)
def second_step_removed(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _note(actions.SECOND_STEP_REMOVED, request, user, log_in_methods.second_step(authenticator))


@receiver(mfa.authenticator_reset)
def recovery_codes_renewed(request: HttpRequest, user: User, **kwargs: Any) -> None:
    _note(actions.RECOVERY_CODES_RENEWED, request, user)


@receiver(mfa.authenticator_used)
def recovery_code_used(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Other second steps are noted with the log-in."""
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        _note(actions.RECOVERY_CODE_USED, request, user)


@receiver(social.social_account_added)
def login_connected(request: HttpRequest, sociallogin: Any, **kwargs: Any) -> None:
    _note(actions.LOGIN_CONNECTED, request, sociallogin.user, TOLD(text=sociallogin.account.provider.capitalize()))


@receiver(social.social_account_removed)
def login_disconnected(request: HttpRequest, socialaccount: Any, **kwargs: Any) -> None:
    _note(actions.LOGIN_DISCONNECTED, request, socialaccount.user, TOLD(text=socialaccount.provider.capitalize()))


def _note(action: journal.Action, request: HttpRequest, user: User, detail: Reason = NOTHING) -> None:
    with _by(request, user):
        journal.record_account(action, user, detail=detail)


def _failed(request: HttpRequest | None, user: User | None, why: Reason) -> None:
    if user:
        with _by(request, None):
            journal.record_account(actions.LOG_IN_FAILED, user, detail=why)


@contextmanager
def _by(request: HttpRequest | None, user: User | None) -> Iterator[None]:
    """The person, or somebody who did not prove who they are; with the request's origin."""
    ip = client_ip(request) if request else ""
    user_agent = request.headers.get("User-Agent", "") if request else ""
    stranger = actor.Actor(name=SOMEBODY, ip=ip, user_agent=user_agent)
    with actor.acting(actor.person(user, ip=ip, user_agent=user_agent) if user else stranger):
        yield
