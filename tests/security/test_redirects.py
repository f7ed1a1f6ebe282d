"""The redirect after logging in stays on our site, whatever the URL requests."""

from urllib.parse import quote, urlsplit

import pytest
from django.test import Client

from tests.conftest import Cast
from tests.security.hostile import EVIL, EVIL_ENCODED

TARGETS = [
    *EVIL,
    *EVIL_ENCODED,
    "///evil.example",
    "http:///evil.example",
    "\t//evil.example",
    "//testserver@evil.example",
]


def goes_elsewhere(to: str) -> bool:
    return bool(urlsplit(to).scheme or urlsplit(to).netloc) or to.startswith(("//", "\\", "/\\", "/\t"))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("quoted", [True, False])
def test_logging_in_never_redirects_to_another_site(cast: Cast, target: str, quoted: bool) -> None:
    client = Client()
    query = quote(target) if quoted else target

    form = {"login": "alice@acme.example", "password": "correct horse battery", "next": target}
    answers = [client.post(f"/accounts/login/?next={query}", form), client.get(f"/accounts/login/?next={query}")]

    for answer in answers:
        assert not goes_elsewhere(answer.headers.get("Location", "/")), answer.headers["Location"]


def test_logging_in_redirects_to_our_own_page(cast: Cast) -> None:
    form = {"login": "alice@acme.example", "password": "correct horse battery", "next": "/t/acme/usage/"}
    client = Client()

    answer = client.post("/accounts/login/", form)

    assert answer.status_code == 302
    assert "usage" in answer.headers["Location"] or "usage" in str(dict(client.session))


@pytest.mark.parametrize("target", TARGETS)
def test_logging_out_never_redirects_to_another_site(alice: Client, target: str) -> None:
    answer = alice.post("/accounts/logout/", {"next": target})

    assert not goes_elsewhere(answer.headers["Location"])
