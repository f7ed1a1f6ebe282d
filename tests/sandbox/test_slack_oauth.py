"""The consent page and `oauth.v2.access`, with the official client."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth import AuthorizeUrlGenerator

from tests.sandbox.conftest import REDIRECT_URL, SLACK, Sandbox

SCOPES = ["app_mentions:read", "chat:write", "im:history"]


def consent_url(sandbox: Sandbox, **changes: str) -> str:
    """The URL that the official SDK sends an operator to, with changes to its query."""
    generator = AuthorizeUrlGenerator(
        client_id=SLACK["SLACK_CLIENT_ID"],
        scopes=SCOPES,
        redirect_uri=REDIRECT_URL,
        authorization_url=f"{sandbox.url}/slack/oauth/v2/authorize",
    )
    parts = urlsplit(generator.generate("the-state"))
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return f"{sandbox.url}{parts.path}?{urlencode(query | changes)}"


def answer_to(response: httpx.Response) -> dict[str, str]:
    """The query of the redirect back to the app."""
    assert response.status_code == 303
    location = response.headers["location"]
    assert location.startswith(REDIRECT_URL + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def allow(sandbox: Sandbox, **form: str) -> dict[str, str]:
    """Press Allow."""
    data = {"decision": "allow", "workspace": "new", "name": "Tailspin"} | form
    return answer_to(sandbox.http.post(consent_url(sandbox), data=data))


def exchange(sandbox: Sandbox, code: str, **changes: Any) -> dict[str, Any]:
    """Exchange a code with the official client; returns the answer's data."""
    arguments = {
        "client_id": SLACK["SLACK_CLIENT_ID"],
        "client_secret": SLACK["SLACK_CLIENT_SECRET"],
        "code": code,
        "redirect_uri": REDIRECT_URL,
    }
    data = sandbox.client().oauth_v2_access(**(arguments | changes)).data
    assert isinstance(data, dict)
    return data


def test_the_consent_page_names_the_app_and_describes_its_scopes(sandbox: Sandbox) -> None:
    page = sandbox.http.get(consent_url(sandbox))
    assert page.status_code == 200
    assert "Roster is requesting permission" in page.text
    assert "Send messages as itself" in page.text
    assert "unsafe-inline" not in page.headers["content-security-policy"]


def test_allow_creates_a_workspace_and_the_code_can_be_exchanged_for_a_token(sandbox: Sandbox) -> None:
    answer = allow(sandbox)
    assert answer["state"] == "the-state"
    got = exchange(sandbox, answer["code"])
    assert got["ok"] is True
    assert got["token_type"] == "bot"
    assert got["access_token"].startswith("xoxb-")
    assert got["scope"].split(",") == SCOPES
    assert got["team"] == {"id": got["team"]["id"], "name": "Tailspin"}
    assert got["enterprise"] is None
    assert got["is_enterprise_install"] is False
    assert got["app_id"].startswith("A")
    assert got["authed_user"]["id"].startswith("U")
    me = sandbox.client(got["access_token"]).auth_test()
    assert (me["team_id"], me["user_id"]) == (got["team"]["id"], got["bot_user_id"])
    assert me["bot_id"].startswith("B")


def test_a_code_works_once(sandbox: Sandbox) -> None:
    code = allow(sandbox)["code"]
    exchange(sandbox, code)
    with pytest.raises(SlackApiError, match="invalid_code"):
        exchange(sandbox, code)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "999.999"}, "invalid_client_id"),
        ({"client_secret": "wrong"}, "bad_client_secret"),
        ({"code": "wrong"}, "invalid_code"),
        ({"redirect_uri": "http://elsewhere.example/"}, "bad_redirect_uri"),
    ],
)
def test_a_wrong_exchange_is_refused_in_slacks_words_and_uses_up_nothing(
    sandbox: Sandbox, changes: dict[str, str], error: str
) -> None:
    code = allow(sandbox)["code"]
    with pytest.raises(SlackApiError) as refused:
        exchange(sandbox, **({"code": code} | changes))
    assert refused.value.response["error"] == error
    assert exchange(sandbox, code)["ok"]


def test_credentials_may_come_in_the_form_instead_of_basic(sandbox: Sandbox) -> None:
    form = {
        "client_id": SLACK["SLACK_CLIENT_ID"],
        "client_secret": SLACK["SLACK_CLIENT_SECRET"],
        "redirect_uri": REDIRECT_URL,
    }
    response = sandbox.http.post("/slack/api/oauth.v2.access", data=form | {"code": allow(sandbox)["code"]})
    assert response.json()["ok"] is True


def test_cancel_comes_back_with_access_denied_and_the_state(sandbox: Sandbox) -> None:
    response = sandbox.http.post(consent_url(sandbox), data={"decision": "cancel"})
    assert answer_to(response) == {"error": "access_denied", "state": "the-state"}


def test_a_workspace_that_needs_approval_gives_no_code(sandbox: Sandbox) -> None:
    form = {"decision": "allow", "workspace": "new", "name": "Strict", "needs_approval": "1"}
    response = sandbox.http.post(consent_url(sandbox), data=form)
    assert response.status_code == 200
    assert "Request to install" in response.text


def test_an_existing_workspace_keeps_its_bot(sandbox: Sandbox) -> None:
    first = exchange(sandbox, allow(sandbox)["code"])
    again = exchange(sandbox, allow(sandbox, workspace=first["team"]["id"])["code"])
    assert again["team"]["id"] == first["team"]["id"]
    assert again["bot_user_id"] == first["bot_user_id"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"client_id": "9"}, "invalid_client_id"),
        ({"scope": "fly:high"}, "invalid_scope"),
        ({"redirect_uri": "http://127.0.0.1:8000/oauth/slack/callback.evil.example"}, "did not match"),
    ],
)
def test_a_wrong_address_shows_slacks_refusal(sandbox: Sandbox, changes: dict[str, str], word: str) -> None:
    page = sandbox.http.get(consent_url(sandbox, **changes))
    assert page.status_code == 400
    assert word in page.text


def test_another_websites_form_is_refused(sandbox: Sandbox) -> None:
    response = sandbox.http.post(
        consent_url(sandbox), data={"decision": "allow"}, headers={"Origin": "http://evil.example"}
    )
    assert response.status_code == 403
