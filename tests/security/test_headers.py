"""Every response sends the browser the same strict policies."""

import re

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpResponseBase
from django.test import Client
from pytest_django import Settings

from tests.conftest import Cast
from tests.security.routes import Route, kinds_of_routes
from tests.staff.people import make_staff

EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
NONE = {"default-src", "object-src", "base-uri", "frame-ancestors", "worker-src"}
INLINE = re.compile(rb'<[^>]+\s(style|on[a-z]+)="|<style|<script(?![^>]*\bsrc=)|href="javascript:', re.IGNORECASE)


def directives(response: HttpResponseBase) -> dict[str, list[str]]:
    policy = response.headers["Content-Security-Policy"]
    return {name: sources for name, *sources in (part.split() for part in policy.split(";"))}


def judge(response: HttpResponseBase) -> None:
    """Raises AssertionError if a header is missing or weak, or a page contains what the policy blocks."""
    assert {name: response.headers.get(name) for name in EXPECTED} == EXPECTED
    policy = directives(response)
    assert {name for name in NONE if policy[name] == ["'none'"]} == NONE
    assert policy.pop("form-action") == ["'self'", *settings.STRIPE_PAGES], "forms redirect to payment pages"
    sources = {source for each in policy.values() for source in each}
    assert sources <= {"'none'", "'self'", "data:"}
    assert policy["img-src"] == ["'self'", "data:"]
    assert "data:" not in policy["script-src"] + policy["style-src"]
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert "publickey-credentials-get=(self)" in response.headers["Permissions-Policy"]
    assert re.fullmatch(r"[0-9a-f-]{36}", response.headers["X-Request-ID"])
    assert response.headers["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in response.headers
    if response.headers.get("Content-Type", "").startswith("text/html"):
        assert not INLINE.search(getattr(response, "content", b"")), "an inline style or script"


@pytest.mark.parametrize("route", kinds_of_routes(), ids=lambda route: route.pattern)
def test_every_url_carries_the_policies(route: Route, stranger: Client, alice: Client) -> None:
    for client in (stranger, alice):
        for method in ("GET", "POST", "OPTIONS"):
            judge(client.generic(method, route.path()))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nowhere/", 404),
        ("/accounts/login", 301),
        ("/t/acme/", 302),
        ("/%00", 400),
        ("/api/v1/nothing", 404),
        ("/livez", 200),
    ],
)
def test_refusals_and_redirects_carry_them_too(stranger: Client, cast: Cast, path: str, status: int) -> None:
    response = stranger.get(path)

    assert response.status_code == status
    judge(response)


def test_a_host_that_is_not_ours_gets_them_too(stranger: Client) -> None:
    response = stranger.get("/", headers={"Host": "evil.example"})

    assert response.status_code == 400
    judge(response)


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/tenants/tenant/", "/admin/tenants/user/", "/admin/tenants/auditevent/"]
)
def test_the_admin_carries_them_too(committed_cast: Cast, path: str) -> None:
    response = make_staff().client.get(path)

    assert response.status_code == 200
    judge(response)


def test_static_files_carry_them_and_are_limited_to_our_origin(settings: Settings) -> None:
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True
    assert finders.find("css/base.css")

    response = Client().get(f"{settings.STATIC_URL}css/base.css")

    assert response.status_code == 200
    judge(response)


def test_only_explicitly_cacheable_responses_are_cached(alice: Client) -> None:
    for path in ("/t/acme/", "/api/v1/agents/", "/", "/accounts/email/"):
        assert "no-store" in alice.get(path).headers["Cache-Control"]


def test_a_forged_host_is_not_trusted(stranger: Client, cast: Cast) -> None:
    response = stranger.get("/t/acme/", headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Port": "1"})

    assert response.headers["Location"] == "/accounts/login/?next=/t/acme/"
    assert settings.USE_X_FORWARDED_HOST is False
    assert settings.USE_X_FORWARDED_PORT is False


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_a_probe_may_use_a_pods_address(stranger: Client, cast: Cast, path: str) -> None:
    assert stranger.get(path, headers={"Host": "10.1.2.3:8000"}).status_code == 200


def test_a_pods_address_works_only_for_probes(stranger: Client) -> None:
    assert stranger.post("/livez", headers={"Host": "10.1.2.3:8000"}).status_code == 400
