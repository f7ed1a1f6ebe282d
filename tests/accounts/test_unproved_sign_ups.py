"""Someone signs up with another person's address and waits until its owner confirms it."""

from collections.abc import Callable

import pytest
from django.core.cache import cache

from tenants.models import AccountEvent
from tests.accounts.openid import Provider
from tests.accounts.test_providers import _configured, log_in  # noqa: F401 - one is a fixture
from tests.accounts.visitor import PASSWORD, Visitor, code_for, text

VICTIM = "victim@example.com"
PHRASE = "a calm and quiet harbour"
SLACK = {"email": VICTIM, "email_verified": True, "https://slack.com/team_id": "T1"}

pytestmark = [
    pytest.mark.usefixtures("db"),
    pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning"),
]


def prove_by_code() -> Visitor:
    victim = Visitor()
    victim.post("login/code/", email=VICTIM)
    page = victim.post("login/code/confirm/", code=code_for(VICTIM))
    assert "no longer works" in text(page)
    return victim


def prove_by_reset() -> Visitor:
    victim = Visitor()
    victim.post("password/reset/", email=VICTIM)
    victim.post("password/reset/confirm/", code=code_for(VICTIM))
    victim.post("password/reset/complete/", password1=PHRASE, password2=PHRASE)
    victim.log_in(VICTIM, PHRASE)
    return victim


PROOFS = pytest.mark.parametrize("prove", [prove_by_code, prove_by_reset])


@PROOFS
def test_their_password_is_useless_once_the_owner_confirms_the_address(prove: Callable[[], Visitor]) -> None:
    stranger, again = Visitor(), Visitor()
    stranger.post("signup/", email=VICTIM, password1=PASSWORD)
    victim = prove()
    assert victim.is_logged_in

    again.log_in(VICTIM)
    stranger.get("confirm-email/")
    assert not again.is_logged_in
    assert not stranger.is_logged_in, "nor does the pending sign-up that needs a code"
    assert AccountEvent.objects.filter(action="account.unproved_forgotten").count() == 1


@PROOFS
def test_so_is_their_slack_log_in(provider: Provider, prove: Callable[[], Visitor]) -> None:
    provider.knows("mallory", **SLACK)
    log_in(Visitor(), provider, "mallory", "slack")
    victim = prove()
    assert victim.is_logged_in

    cache.clear()  # clears the limits on mails to one address, which would also stop them
    again = Visitor()
    log_in(again, provider, "mallory", "slack")
    assert not again.is_logged_in


def test_entering_the_code_after_the_password_keeps_the_password() -> None:
    Visitor().post("signup/", email=VICTIM, password1=PASSWORD)
    cache.clear()
    later = Visitor()
    later.log_in(VICTIM)
    later.post("confirm-email/", code=code_for(VICTIM))
    assert later.is_logged_in
    again = Visitor()
    again.log_in(VICTIM)
    assert again.is_logged_in


def test_entering_the_code_after_slack_keeps_the_connection(provider: Provider) -> None:
    provider.knows("vera", **SLACK)
    vera = Visitor()
    log_in(vera, provider, "vera", "slack")
    vera.post("confirm-email/", code=code_for(VICTIM))
    again = Visitor()
    log_in(again, provider, "vera", "slack")
    assert again.is_logged_in
