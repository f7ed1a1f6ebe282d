"""Log-in with Google or Slack, against an independent OpenID provider over real HTTP."""

import base64
import hashlib
import html
import json
import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.sessions.models import Session
from pytest_django import Settings

from tenants.models import User
from tests.accounts.openid import Provider, query_of
from tests.accounts.visitor import Visitor, code_for, confirmed, mails_to, text
from tests.conftest import Cast

# The provider's own library uses a deprecated call.
pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning")
GMAIL = {"email": "nora@gmail.com", "email_verified": True, "name": "Nora Nguyen"}


def _app(name: str, url: str) -> dict[str, Any]:
    secret = {"client_id": f"{name}-client", "secret": f"{name}-secret"}
    settings = {"oauth_pkce_enabled": True, "fetch_userinfo": False, "token_auth_method": "client_secret_post"}
    return {"provider_id": name, "name": name.title(), **secret, "settings": {"server_url": url, **settings}}


@pytest.fixture(autouse=True)
def _configured(provider: Provider, settings: Settings) -> None:
    """The provider stands in for Google and Slack."""
    apps = [_app("google", provider.url), _app("slack", provider.url)]
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": apps}}


def leave(visitor: Visitor, name: str = "google", process: str = "login") -> str:
    """Press the button; returns the provider's URL from the next page."""
    page = visitor.client.post(f"/accounts/oidc/{name}/login/?process={process}")
    assert page.status_code == 200, "form-action 'self' would block a redirect"
    found = re.search(r'<a class="btn btn-primary" href="([^"]+)"', page.content.decode())
    assert found, text(page)
    return html.unescape(found[1])


def come_back(visitor: Visitor, path: str) -> Any:
    return visitor.client.get(path, follow=True)


def log_in(visitor: Visitor, provider: Provider, sub: str, name: str = "google", process: str = "login") -> Any:
    return come_back(visitor, provider.allow(leave(visitor, name, process), sub))


@pytest.mark.usefixtures("db")
def test_an_address_verified_by_google_creates_an_account_right_away(provider: Provider) -> None:
    provider.knows("nora", **GMAIL)
    visitor = Visitor()
    log_in(visitor, provider, "nora")

    assert visitor.is_logged_in
    user = User.objects.get(email="nora@gmail.com")
    assert [user.name, user.has_usable_password()] == ["Nora Nguyen", False]
    visitor.post("logout/")
    log_in(visitor, provider, "nora")
    assert visitor.is_logged_in
    assert User.objects.count() == 1


@pytest.mark.usefixtures("db")
def test_state_pkce_and_nonce_belong_to_this_log_in(provider: Provider) -> None:
    provider.knows("nora", **GMAIL)
    log_in(Visitor(), provider, "nora")
    asked, told = provider.asked["/oauth2/authorize"], provider.asked["/oauth2/token"]

    digest = hashlib.sha256(told["code_verifier"].encode()).digest()
    assert asked["code_challenge_method"] == "S256"
    assert asked["code_challenge"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert len(asked["nonce"]) >= 32
    assert len(asked["state"]) >= 16
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}


@pytest.mark.usefixtures("db")
def test_the_providers_tokens_are_not_stored(provider: Provider) -> None:
    provider.knows("nora", **GMAIL)
    log_in(Visitor(), provider, "nora")
    kept = [each.get_decoded() for each in Session.objects.all()]

    assert not SocialToken.objects.exists()
    assert SocialAccount.objects.get().extra_data == {"email": "nora@gmail.com", "name": "Nora Nguyen"}
    assert "access_token" not in json.dumps(kept)
    assert "token_secret" not in json.dumps(kept)


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("parameter", ["nonce", "state"])
def test_an_answer_to_another_log_in_is_refused(provider: Provider, parameter: str) -> None:
    provider.knows("nora", **GMAIL)
    visitor = Visitor()
    address = leave(visitor)
    path = provider.allow(address.replace(query_of(address)[parameter], "another-one"), "nora")
    answer = come_back(visitor, path)

    assert answer.status_code == 401
    assert "That log-in did not work" in text(answer)
    assert not visitor.is_logged_in
    assert not User.objects.exists()


@pytest.mark.usefixtures("db")
def test_an_answer_in_a_browser_that_did_not_ask_is_refused(provider: Provider) -> None:
    provider.knows("nora", **GMAIL)
    path = provider.allow(leave(Visitor()), "nora")
    victim = Visitor()

    assert come_back(victim, path).status_code == 401
    assert not victim.is_logged_in


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    ("name", "claims"),
    [
        ("google", {"email": "nora@acme.example", "email_verified": False}),
        ("google", {"email": "nora@acme.example", "email_verified": "true"}),
        ("google", {"email": "nora@acme.example", "email_verified": True}),
        ("google", {"email": "nora@acme.example", "email_verified": True, "hd": "other.example"}),
        ("slack", {"email": "nora@acme.example", "email_verified": True, "https://slack.com/team_id": "T1"}),
    ],
)
def test_an_unverified_address_gets_a_code(provider: Provider, name: str, claims: dict[str, Any]) -> None:
    provider.knows("nora", **claims)
    visitor = Visitor()
    asked = log_in(visitor, provider, "nora", name)
    assert "Check your e-mail" in text(asked)
    assert not visitor.is_logged_in
    visitor.post("confirm-email/", code=code_for("nora@acme.example"))

    assert visitor.is_logged_in


@pytest.mark.usefixtures("db")
def test_a_google_workspaces_own_address_needs_no_code(provider: Provider) -> None:
    provider.knows("nora", email="nora@acme.example", email_verified=True, hd="acme.example")
    visitor = Visitor()
    log_in(visitor, provider, "nora")

    assert visitor.is_logged_in
    assert EmailAddress.objects.get().verified


@pytest.mark.parametrize("verified", [True, False])
def test_a_known_address_takes_over_no_account(alice: User, provider: Provider, verified: bool) -> None:
    provider.knows("mallory", email=alice.email, email_verified=verified, hd="acme.example")
    mallory = Visitor()
    answer = log_in(mallory, provider, "mallory")

    assert not mallory.is_logged_in
    assert "Check your e-mail" in text(answer), "as for an address without an account"
    assert mails_to(alice.email)[-1].subject == "You already have an account"
    assert not SocialAccount.objects.exists()


def test_a_logged_in_person_connects_it_and_can_then_log_in_with_it(
    alice: User, visitor: Visitor, provider: Provider
) -> None:
    provider.knows("alice-at-home", email="alice@gmail.com", email_verified=True)
    asked = log_in(visitor, provider, "alice-at-home", process="connect")
    assert not SocialAccount.objects.exists(), "first they prove their identity"
    visitor.client.post(asked.redirect_chain[-1][0], {"password": "correct horse battery"})
    assert SocialAccount.objects.get().user == alice
    again = Visitor()
    log_in(again, provider, "alice-at-home")

    assert again.is_logged_in
    assert mails_to(alice.email)[-1].subject == "A log-in was connected"


def test_it_is_disconnected(alice: User, visitor: Visitor, provider: Provider) -> None:
    connected = SocialAccount.objects.create(user=alice, provider="google", uid="alice-at-home")
    visitor.proves(visitor.post("3rdparty/", account=str(connected.pk)))

    assert not SocialAccount.objects.exists()


def test_one_of_a_removed_provider_can_be_disconnected(alice: User, visitor: Visitor, settings: Settings) -> None:
    connected = SocialAccount.objects.create(user=alice, provider="google", uid="alice-at-home")
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": []}}
    assert "alice-at-home" in text(visitor.get("3rdparty/"))
    visitor.proves(visitor.post("3rdparty/", account=str(connected.pk)))

    assert not SocialAccount.objects.exists()
    assert "Google is no longer connected" in str(mails_to(alice.email)[-1].body)


def test_someone_elses_is_not_connected(cast: Cast, visitor: Visitor, alice: User, provider: Provider) -> None:
    SocialAccount.objects.create(user=confirmed(cast.bob), provider="google", uid="bob")
    provider.knows("bob", email=cast.bob.email, email_verified=True)
    asked = log_in(visitor, provider, "bob", process="connect")
    visitor.client.post(asked.redirect_chain[-1][0], {"password": "correct horse battery"})

    assert SocialAccount.objects.get().user == cast.bob


@pytest.mark.usefixtures("db")
def test_the_same_slack_id_in_another_workspace_is_another_person(provider: Provider) -> None:
    for team, email in (("T1", "one@acme.example"), ("T2", "two@globex.example")):
        provider.knows("U1", email=email, **{"https://slack.com/team_id": team})
        log_in(Visitor(), provider, "U1", "slack")

    assert sorted(SocialAccount.objects.values_list("uid", flat=True)) == ["T1/U1", "T2/U1"]


@pytest.mark.usefixtures("db")
def test_a_provider_that_does_not_answer_gets_an_error_page_and_is_not_our_failure(
    provider: Provider, settings: Settings
) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [_app("google", "http://127.0.0.1:9")]}}
    answer = Visitor().client.post("/accounts/oidc/google/login/")

    assert answer.status_code == 401
    assert "did not answer" in text(answer)


@pytest.mark.usefixtures("db")
def test_opening_the_url_starts_no_log_in(provider: Provider) -> None:
    provider.asked.clear()
    page = Visitor().client.get("/accounts/oidc/google/login/")

    assert "Log in with Google?" in text(page)
    assert not provider.asked


@pytest.mark.usefixtures("db")
def test_the_buttons_appear_only_where_it_is_configured(provider: Provider, settings: Settings) -> None:
    assert "Log in with Google" in text(Visitor().get("login/"))
    assert "Sign up with Slack" in text(Visitor().get("signup/"))
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": []}}

    assert "Google" not in text(Visitor().get("login/"))
    assert "Slack" not in text(Visitor().get("signup/"))
    assert Visitor().client.post("/accounts/oidc/google/login/").status_code == 404


@pytest.mark.usefixtures("db")
def test_refusing_there_is_reported_here(provider: Provider) -> None:
    visitor = Visitor()
    state = query_of(leave(visitor))["state"]
    answer = come_back(visitor, f"/accounts/oidc/google/login/callback/?error=access_denied&state={state}")

    assert "You canceled it" in text(answer)
