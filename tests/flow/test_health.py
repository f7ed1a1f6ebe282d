"""What a monitor and an operator see first."""

import httpx
import pytest

from tests.stack import Stack
from tests.waiting import eventually


def test_alive_and_ready(stack: Stack) -> None:
    for path in ("livez", "readyz"):
        assert httpx.get(f"{stack.url}/{path}").text == "ok\n"


def test_healthy_once_a_worker_has_swept(stack: Stack) -> None:
    eventually(lambda: httpx.get(f"{stack.url}/healthz").status_code == 200, what="a healthy answer")
    health = httpx.get(f"{stack.url}/healthz").json()
    assert (health["redis"], health["workers"]) == ("ok", "ok")
    assert health["oldest_event_seconds"] >= 0


@pytest.mark.parametrize("path", ["", "accounts/login/", "accounts/signup/"])
def test_the_log_in_page_is_public_and_strict(stack: Stack, path: str) -> None:
    answer = httpx.get(f"{stack.url}/{path}")
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_an_unknown_address_names_a_request_id(stack: Stack) -> None:
    answer = httpx.get(f"{stack.url}/no-such-page")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "equest" in answer.text
