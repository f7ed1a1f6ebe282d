"""Secrets are masked by name, by format and by value; everything else stays readable."""

import json
import time
from typing import Any

import pytest

from config.http.scrubber import MASK, Scrubber, secrets_of

SECRET_SHAPES = [
    "xoxb-1234567890-abcdefghij1a2b",
    "xoxp-1234567890-abcdefghij1a2b",
    "xoxe.xoxp-1-Mi0yLTEyMzQ1Njc4",
    "xapp-1-A0123-456-abcdef",
    "sk-proj-abcdefghijklmnop",
    "sk-ant-api03-abcdefghijklm",
    "sk_live_abcdefghijklmnop",
    "rk_test_abcdefghijklmnop",
    "whsec_abcdefghijklmnop",
    "rst_0123456789abcdefghijABCDEFGHIJ",
    "gAAAAABmZmZmZmZmZmZmZmZmZmZm==",
    "EAABwzLixnjYBO0123456789abc",
    "AIzaSyA0123456789abcdefghijklmnopqrstu",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
]


@pytest.mark.parametrize("secret", SECRET_SHAPES)
@pytest.mark.parametrize("around", ["{}", "It was {} before.", '{{"x": "{}"}}', "(<{}>)", "a={}&b=1", "\n  {}\n"])
def test_a_format_is_recognized_anywhere(secret: str, around: str) -> None:
    scrubbed = Scrubber().text(around.format(secret))
    assert secret not in scrubbed
    assert MASK in scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "password=C4nary",
        "password: C4nary",
        "{'password': 'C4nary'}",
        '{"new_password1": "C4nary \\" C4nary"}',
        '{\\"client_secret\\": \\"C4nary\\"}',
        "csrfmiddlewaretoken=C4nary&next=/",
        "Authorization: Digest C4nary, C4nary",
        "Cookie: a=C4nary; b=C4nary",
        "Set-Cookie: sessionid=C4nary; Path=/",
        "X-Api-Key: C4nary",
        "Bearer C4narytoken",
        "token bearer C4narytoken",
        "GET /oauth/slack/callback?code=C4nary&state=C4nary",
        "postgres://app:C4nary@db.example/roster",
        "amqp://roster:C4n@ry@C4nary@mq.example//",
        "redis://:C4nary@cache.example:6379/0",
        "b'password=C4nary'",
        "/invitations/C4naryAbcdefghijklmnopqrstuvwxyz012/accept",
    ],
)
def test_a_value_is_recognized_by_its_name(text: str) -> None:
    scrubbed = Scrubber().text(text)
    assert "C4n" not in scrubbed
    assert MASK in scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "Slack no longer accepts the token (token_revoked): connect Slack again.",
        "SECRET_KEY is not set: set it to a long random string.",
        "input_tokens=120 max_output_tokens: 1000",
        "/t/acme/conversations/8f14e45f-ceea-467f-a0e6-9a1f1e1e1e1e/",
        "has_password=True, token=None",
        "postgres://app@db.example:5432/roster",
        'File "/srv/roster/channels/messages/land.py", line 120, in _answered',
        "The broker cannot be reached ([Errno 111] Connection refused): the next sweep finds the work.",
    ],
)
def test_other_values_stay(text: str) -> None:
    assert Scrubber().text(text) == text


def test_nested_values_are_masked_by_their_names() -> None:
    seen: dict[str, Any] = {
        "request": {"headers": [["Cookie", "a=C4nary"], ["Host", "x"]], "cookies": {"a": "C4nary"}},
        "accessToken": "C4nary",
        "password": 12345678,
        "form": ({"new_password": "C4nary"}, b"token=C4nary"),
        "has_token": True,
        "input_tokens": 7,
        "code": 404,
    }
    scrubbed = Scrubber()(None, "info", seen)
    assert "C4nary" not in json.dumps(scrubbed)
    assert "12345678" not in json.dumps(scrubbed)
    assert scrubbed["request"]["headers"][1] == ["Host", "x"]
    assert (scrubbed["has_token"], scrubbed["input_tokens"], scrubbed["code"]) == (True, 7, 404)


def test_this_installations_own_secrets_are_recognized_in_any_text() -> None:
    environment = {
        "SECRET_KEY": "plain words as a key",
        "PLATFORM_ENCRYPTION_KEYS": "firstfernetkey, secondfernetkey",
        "SLACK_CLIENT_SECRET": "0123456789abcdef",
        "DATABASE_URL": "postgres://app:p%2Fssw0rd-of-app@db/roster",
        "PUBLIC_URL": "https://roster.example",
        "HOME": "/home/roster",
    }
    known = secrets_of(environment)
    assert known - {""} == {
        "plain words as a key", "firstfernetkey", "secondfernetkey", "0123456789abcdef",
        "p%2Fssw0rd-of-app", "p/ssw0rd-of-app",
    }  # fmt: skip
    scrubber = Scrubber(known)
    for secret in known - {""}:
        assert secret not in scrubber.text(f"Somewhere <{secret}> in a sentence")
    assert scrubber.text("at https://roster.example, /home/roster") == "at https://roster.example, /home/roster"


class Unprintable:
    """An object whose string conversion fails."""

    def __str__(self) -> str:
        raise RuntimeError("C4nary")


def test_it_never_raises_and_says_when_it_left_something_out() -> None:
    line = Scrubber()(None, "info", {"event": "x", "what": Unprintable()})
    assert line == {
        "event": "A log line was left out: it could not be searched for secrets.", "error": "RuntimeError",
    }  # fmt: skip


def test_recursive_values_end() -> None:
    loop: dict[str, Any] = {}
    loop["again"] = loop
    assert "[too deep]" in json.dumps(Scrubber()(None, "info", loop))


@pytest.mark.parametrize(
    "text",
    [
        "a" * 60_000, "-" * 60_000, "token" * 12_000, "/" + "a1A" * 20_000, "x://" + "a" * 59_000, '"' * 60_000,
        "secret=" * 8_000, "-----BEGIN PRIVATE KEY-----" * 2_000, "bearer " * 8_000, "/a1A" * 15_000, "eyJ" * 20_000,
        "a" * 10_000_000,
    ],
)  # fmt: skip
def test_no_text_takes_too_long(text: str) -> None:
    began = time.process_time()
    Scrubber().text(text)
    assert time.process_time() - began < 0.5
