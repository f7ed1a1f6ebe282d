"""Another site's page can't act for a logged-in person."""

import pytest
from django.test import Client

from tests.conftest import Cast
from tests.security.routes import Route, all_routes

# Providers call these and sign their requests.
SIGNED = {
    "/webhooks/<provider>": 404,
    "/webhooks/<provider>/<endpoint>": 401,
    "/webhooks/<provider>/<connection_id>/": 404,
    "/webhooks/<provider>/<connection_id>/<endpoint>": 401,
    "/webhooks/stripe/<uuid>/": 404,
}
"""With the answer to a stranger: Slack's have an endpoint, Stripe's a URL per endpoint."""
CHATS = {"/chat/<connection_id>/", "/chat/<connection_id>/frame/"}
"""No session counts there; where a form comes from is looked at (channels/web/chat/posting.py)."""
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def victim(cast: Cast) -> Client:
    """Alice, whose browser another site makes send requests (CSRF)."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False, headers={"Roster-Workspace": "acme"})
    client.force_login(cast.alice)
    return client


def test_only_signed_webhooks_and_the_api_skip_djangos_check() -> None:
    exempt = {route.pattern for route in all_routes() if route.is_csrf_exempt and not route.is_api}

    assert exempt == set(SIGNED) | CHATS


@pytest.mark.parametrize(
    "route", [each for each in all_routes() if each.pattern in CHATS], ids=lambda each: each.pattern
)
def test_another_site_writes_in_no_chat(victim: Client, route: Route) -> None:
    answer = victim.post(route.path(), {"text": "x"}, headers={"Origin": "https://evil.example"})

    assert answer.status_code in {403, 404}


@pytest.mark.parametrize(
    "route", [each for each in all_routes() if each.pattern in SIGNED], ids=lambda each: each.pattern
)
def test_a_webhook_without_a_signature_is_refused(victim: Client, route: Route) -> None:
    answer = victim.post(route.path(), {"type": "event_callback"}, content_type="application/json")

    assert answer.status_code == SIGNED[route.pattern]


@pytest.mark.parametrize("route", [each for each in all_routes() if each.is_api], ids=lambda route: route.pattern)
def test_a_session_writes_through_the_api_only_with_a_csrf_token(route: Route, victim: Client) -> None:
    for method in UNSAFE:
        answer = victim.generic(method, route.path(), "{}", content_type="application/json")
        assert answer.status_code in {403, 405}, f"{method}: {answer.status_code}"


@pytest.mark.parametrize(
    "route",
    [each for each in all_routes() if not each.is_api and not each.is_csrf_exempt],
    ids=lambda route: route.pattern,
)
def test_a_form_from_another_site_changes_nothing(route: Route, victim: Client) -> None:
    answer = victim.post(route.path(), {"name": "x"}, headers={"Origin": "https://evil.example"})

    if route.pattern.startswith("/chat/"):
        assert answer.status_code == 405, "a visitor can only read there"
        return
    assert answer.status_code == 403, f"{answer.status_code}"
    assert b"This form can no longer be sent" in answer.content or answer.headers["Content-Type"].endswith("json")
