"""How allauth makes and guards accounts here."""

import time
from contextlib import suppress
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core import context as allauth_context
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants import addresses, encryption
from tenants.clients import client_ip
from tenants.mail import server
from tenants.mail.server import MailError
from tenants.models import User
from tenants.outbound.patience import BusyError


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are known by e-mail address alone; there is no user name."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("The e-mail address or the password is wrong."),
        "incorrect_code": _("That is not the right code. Check the newest mail or your app, and type it again."),
        "incorrect_password": _("That is not your password."),
        "enter_current_password": _("That is not your current password."),
        "too_many_login_attempts": _("Too many tries in a short time. Wait a few minutes, then try again."),
        "rate_limited": _("We sent you a code a moment ago. Wait ten seconds before you ask for another one."),
        "duplicate_email": _("This is already your address."),
    }

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """Nothing to fill in."""

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request)

    def clean_email(self, email: str) -> str:
        """Wherever an address comes in, also from a provider."""
        return addresses.normalize(email)

    def render_mail(
        self, template_prefix: str, email: str, context: dict[str, Any], headers: dict[str, str] | None = None
    ) -> EmailMessage:
        """With the headers that all our mails have, and links that begin with PUBLIC_URL."""
        context = {**context, "signup_url": _public("account_signup")}
        context["password_reset_url"] = _public("account_reset_password")
        head = {**server.headers(), **(headers or {})}
        mail: EmailMessage = super().render_mail(template_prefix, email, context, head)
        return mail

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Raises tenants.mail.server.MailError, which the pages show (tenants.web.views.entry)."""
        about = {"request": allauth_context.request, "email": email, **context}
        server.send(self.render_mail(template_prefix, email, about))

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """It reports what has already happened and is on the pages, so a mail server that is down does no harm."""
        with suppress(MailError):
            super().send_notification_mail(*args, **kwargs)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """The account alone. Allauth's key includes the Host header's port, which a client can change to start over."""
        given = str(credentials.get("email", ""))
        return addresses.normalize_or_none(given) or given

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Answer with the page for it (429), not with a form error that looks like any other."""
        key = self._get_login_attempts_cache_key(request, **credentials)
        usage = ratelimit.consume(request, app="allauth.account", action="login_failed", key=key)
        if not usage:
            raise ImmediateHttpResponse(ratelimit.respond_429(request))
        self._login_failed_rl_usage = usage

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Allauth's, but a password that could not be checked right now is not a failed try."""
        try:
            return super().authenticate(request, **credentials)
        except BusyError:
            self._rollback_login_failed_rl_usage()
            raise

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Allauth's, and a code by mail for those who have neither a password nor a second step."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if methods or not user.is_authenticated:
            return methods
        url = reverse("account_reauthenticate_by_code")
        return [{"id": "reauthenticate_by_code", "description": gettext("Send me a code by e-mail"), "url": url}]

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Allauth asks nothing of people without a password or a second step. We ask them for a code."""
        request = allauth_context.request
        if get_reauthentication_flows(request.user) or is_recently_known_by_code(request, request.user):
            return bool(super().is_reauthentication_required(app=app, **kwargs))
        raise ReauthenticationRequired


def _public(name: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name)}"


def is_recently_known_by_code(request: HttpRequest, user: User) -> bool:
    """Did they just prove who they are by typing a code from their mailbox into this session?"""
    since = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
    records = get_authentication_records(request, user)
    return any(each["method"] == "code" and each.get("reauthenticated") and each["at"] > since for each in records)


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second steps: our own service encrypts their secrets, and passkeys are named as such."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("That is not the right code. Check your app again. Each code works once, for 30 seconds."),
    }

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text)

    def generate_authenticator_name(self, user: User, type: Any) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return gettext("Passkey") if number == 1 else gettext("Passkey %(number)s") % {"number": number}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "Roster"}
