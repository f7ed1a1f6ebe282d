"""Log-in with Google or Slack: OpenID Connect with state, PKCE and a nonce. What they say of mail is hardly trusted."""

import secrets
from typing import Any

import requests
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.forms import DisconnectForm as AllauthDisconnectForm
from allauth.socialaccount.forms import SignupForm as AllauthSignupForm
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess, ProviderException
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants import addresses
from tenants.accounts.forms import NormalAddresses
from tenants.models import User
from tenants.outbound import deadlines, patience

SLACK_TEAM = "https://slack.com/team_id"
TIMEOUT_SECONDS = 5
MOST = 20
"""Google and Slack log-ins that one account can be connected to."""


class OpenIDLogin(OpenIDConnectProvider):  # type: ignore[misc]
    """Google or Slack, by provider_id."""

    def redirect(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A page with a link to the provider: the Content-Security-Policy stops a form's answer from redirecting there.

        The nonce is kept with the state and has to come back in the ID token (OpenID Connect Core 1.0, 3.1.2.1).
        Anything else in the request's address, such as more scopes, is not passed on.
        """
        nonce = secrets.token_urlsafe(24)
        kwargs |= {"scope": self.get_scope(), "auth_params": {**self.get_auth_params(), "nonce": nonce}}
        answer: HttpResponse = super().redirect(request, *args, **kwargs, nonce=nonce)
        if not isinstance(answer, HttpResponseRedirect):
            return answer
        return render(request, "socialaccount/onward.html", {"url": answer.url, "name": self.name})

    def sociallogin_from_response(self, request: HttpRequest, response: dict[str, Any]) -> SocialLogin:
        claims = response["id_token"]
        login: SocialLogin = super().sociallogin_from_response(request, claims)
        login.nonce = str(claims.get("nonce", ""))
        return login

    def extract_uid(self, data: dict[str, Any]) -> str:
        """Slack's user ids are unique within a workspace only (docs.slack.dev: Sign in with Slack)."""
        if self.app.provider_id != "slack":
            return str(data["sub"])
        if SLACK_TEAM not in data:
            raise ProviderException(gettext("Slack's ID token names no workspace."))
        return f"{data[SLACK_TEAM]}/{data['sub']}"

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, str]:
        """Only what the page of connected log-ins shows."""
        return {name: str(data[name]) for name in ("email", "name") if data.get(name)}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[EmailAddress]:
        email = addresses.normalize_or_none(str(data.get("email") or ""))
        if not email:
            return []
        verified = self.app.provider_id == "google" and is_vouched_for_by_google(data)
        return [EmailAddress(email=email, verified=verified, primary=True)]


def is_vouched_for_by_google(claims: dict[str, Any]) -> bool:
    """Is Google authoritative for this address? Others, and Slack's, which a workspace's admin can set, get our code.

    The rule: Gmail's own addresses, and verified ones of a Google Workspace
    (developers.google.com/identity/gsi/web/guides/verify-google-id-token).
    """
    address = addresses.normalize_or_none(str(claims.get("email", ""))) or ""
    domain = address.rpartition("@")[2]
    return claims.get("email_verified") is True and (domain == "gmail.com" or claims.get("hd") == domain)


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """How allauth logs people in through a provider here."""

    error_messages = {
        **DefaultSocialAccountAdapter.error_messages,
        "no_password": _("You could no longer log in. Choose a password first."),
        "no_verified_email": _("You could no longer log in. Confirm your e-mail address first."),
        "connected_other": _("This log-in is connected to another Roster account."),
    }

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> OpenIDLogin:
        """By its id in our settings, or by allauth's own name for all of them and the client id."""
        return OpenIDLogin(request, app=self.get_app(request, provider=provider, client_id=client_id))

    def get_requests_session(self) -> requests.Session:
        return _Session()

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        user.name = str(data.get("name") or "")[:120]
        return user

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuse an ID token that was made for another log-in, and forget the provider's tokens."""
        expected = str(sociallogin.state.get("nonce", ""))
        sociallogin.token = None
        if not expected or not secrets.compare_digest(sociallogin.nonce.encode(), expected.encode()):
            raise ImmediateHttpResponse(_refusal(request, sociallogin.provider))
        if sociallogin.state.get("process") == AuthProcess.CONNECT and _has_many(request):
            words = gettext("%(number)s log-ins are already connected. Disconnect one that you do not use.")
            messages.error(request, words % {"number": MOST})
            raise ImmediateHttpResponse(redirect("socialaccount_connections"))


def _has_many(request: HttpRequest) -> bool:
    return bool(SocialAccount.objects.filter(user=request.user).count() >= MOST)


class DisconnectForm(AllauthDisconnectForm):  # type: ignore[misc]
    """Allauth's, which also works for a provider that is no longer configured: the mail only needs its name."""

    def save(self) -> None:
        account = self.cleaned_data["account"]
        app = SocialApp(provider_id=account.provider, name=account.provider.title())
        account._provider = OpenIDLogin(self.request, app=app)  # noqa: SLF001 - where allauth looks first
        super().save()


class SignupForm(NormalAddresses, AllauthSignupForm):  # type: ignore[misc]
    """What we still ask of somebody who signs up through a provider."""


class _Session(deadlines.Session):
    """Asks the provider with a short timeout: if it does not answer, the person sees the page that says so."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        patience.enter(gettext("The log-in provider"))
        try:
            return super().request(*args, **{"timeout": TIMEOUT_SECONDS, **kwargs})
        except requests.RequestException as error:
            raise ImmediateHttpResponse(_refusal(context.request, None, error)) from error


def _refusal(request: HttpRequest, provider: OpenIDLogin | None, error: Exception | None = None) -> HttpResponse:
    answer: HttpResponse = render_authentication_error(request, provider, exception=error)
    return answer
