"""A wrong or missing variable stops the start with a message that names it and the fix."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from config import peers
from config.environment import Environment
from sandbox.settings import PEERS
from tests.stack import ROOT

GOOD = {
    "SECRET_KEY": "x",
    "PLATFORM_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    "DATABASE_URL": "postgres://app@127.0.0.1:9/roster",
    "REDIS_URL": "redis://127.0.0.1:9",
    "DATABASE_POOL_SIZE": "0",
}


def show_settings(folder: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """A separate process that loads the settings and prints the base URLs."""
    environment = {"PATH": os.environ["PATH"], "ROSTER_DATA": str(folder), **GOOD, **changes}
    script = "from django.conf import settings as s; print(s.SLACK_API_URL, s.OPENAI_BASE_URL, s.ANTHROPIC_BASE_URL)"
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", script]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SECRET_KEY", "", "SECRET_KEY is not set"),
        ("PLATFORM_ENCRYPTION_KEYS", "", "PLATFORM_ENCRYPTION_KEYS is not set"),
        ("PLATFORM_ENCRYPTION_KEYS", "abc", "Key 1 of PLATFORM_ENCRYPTION_KEYS is not a Fernet key"),
        ("DATABASE_URL", "", "DATABASE_URL is not set"),
        ("DATABASE_URL", "mysql://x/y", "DATABASE_URL is not a complete URL"),
        ("REDIS_URL", "", "REDIS_URL is not set"),
        ("PORT", "eighty", "PORT is 'eighty', which is not a port number"),
        ("SANDBOX", "maybe", "SANDBOX is 'maybe': set it to 1, 0 or names"),
        (
            "SANDBOX",
            "slack,fax",
            "SANDBOX is 'slack,fax': set it to 1, 0 or names such as slack,whatsapp,stripe,llm,mail",
        ),
        ("SLACK_API_URL", "slack.com", "SLACK_API_URL is not a complete URL"),
        ("WHATSAPP_GRAPH_URL", "graph", "WHATSAPP_GRAPH_URL is not a complete URL"),
        ("WHATSAPP_GRAPH_VERSION", "26", "WHATSAPP_GRAPH_VERSION is '26', which is not a version such as v26.0"),
        (
            "WHATSAPP_GRAPH_VERSION",
            "v26./x",
            "WHATSAPP_GRAPH_VERSION is 'v26./x', which is not a version such as v26.0",
        ),
        ("TRIAL_CREDIT_USD", "five", "TRIAL_CREDIT_USD is 'five'"),
        ("DATABASE_URL", "postgres://u:s3cret@h:x/db", "DATABASE_URL is not a complete URL"),
        ("TRIAL_CREDIT_USD", "NaN", "TRIAL_CREDIT_USD is 'NaN'"),
        ("QUIET_SECONDS", "-1", "QUIET_SECONDS is '-1', which is not a number of seconds"),
        ("LEASE_SECONDS", "5", "HEARTBEAT_SECONDS must be shorter than LEASE_SECONDS"),
        ("EMAIL_URL", "fax://x", "EMAIL_URL is not a mail URL"),
    ],
)
def test_a_wrong_value_gives_one_error_message(tmp_path: Path, name: str, value: str, sentence: str) -> None:
    done = show_settings(tmp_path, **{name: value})
    assert done.returncode == 1
    assert done.stderr.startswith(sentence), done.stderr
    assert "Traceback" not in done.stderr
    assert not {"abc", "s3cret"} & set(re.split(r"\W", done.stderr)), "a malformed value may contain a secret"


def test_the_defaults_are_the_providers_own(tmp_path: Path) -> None:
    assert show_settings(tmp_path).stdout.split() == [
        "https://slack.com/api/", "https://api.openai.com/v1", "https://api.anthropic.com",
    ]  # fmt: skip


def test_the_sandbox_replaces_unset_base_urls_and_keeps_set_ones(tmp_path: Path) -> None:
    done = show_settings(tmp_path, SANDBOX="1", PORT="9000", OPENAI_BASE_URL="http://127.0.0.1:5/v1")
    assert done.stdout.split() == [
        "http://127.0.0.1:9001/slack/api/", "http://127.0.0.1:5/v1", "http://127.0.0.1:9001/anthropic",
    ]  # fmt: skip


@pytest.mark.parametrize("credential", ["OPENAI_API_KEY", "ANTHROPIC_API_KEY"])
def test_one_key_makes_the_llm_real_beside_a_played_slack(tmp_path: Path, credential: str) -> None:
    done = show_settings(tmp_path, SANDBOX="1", PORT="9000", **{credential: "sk-live"})
    assert done.stdout.split() == [
        "http://127.0.0.1:9001/slack/api/", "https://api.openai.com/v1", "https://api.anthropic.com",
    ]  # fmt: skip


def test_a_real_slack_beside_a_played_llm(tmp_path: Path) -> None:
    done = show_settings(tmp_path, SANDBOX="1", PORT="9000", SLACK_SIGNING_SECRET="real")
    assert done.stdout.split() == [
        "https://slack.com/api/", "http://127.0.0.1:9001/openai/v1", "http://127.0.0.1:9001/anthropic",
    ]  # fmt: skip


def test_a_played_service_is_refused_together_with_its_credential(tmp_path: Path) -> None:
    done = show_settings(tmp_path, SANDBOX="slack,llm", OPENAI_API_KEY="sk-live")
    assert done.returncode == 1
    assert done.stderr.startswith("SANDBOX plays the LLM although OPENAI_API_KEY is set: take llm out of SANDBOX")
    assert "sk-live" not in done.stderr


def test_beside_make_run_a_credential_is_never_sent_to_what_that_plays() -> None:
    stored = "slack,whatsapp,stripe,llm,mail"
    for peer in peers.PEERS:
        for name, base_url in peer.credentials.items():
            if name != base_url:
                with pytest.raises(ImproperlyConfigured, match=f"although {name} is set"):
                    peers.chosen({name: "real"}, stored)
            assert peers.chosen({name: "real", base_url: "https://elsewhere"}, stored) == peers.NAMES
            assert peers.chosen({name: "real", "SANDBOX": "1"}, stored) == peers.NAMES - {peer.name}
    both = {"OPENAI_API_KEY": "real", "OPENAI_BASE_URL": "https://elsewhere", "ANTHROPIC_API_KEY": "real"}
    with pytest.raises(ImproperlyConfigured, match="although ANTHROPIC_API_KEY is set"):
        peers.chosen(both, stored)


def test_nothing_is_played_on_a_server_that_says_nothing() -> None:
    assert peers.chosen({}) == frozenset()
    assert peers.chosen({"OPENAI_API_KEY": "real"}) == frozenset()


def test_the_sandbox_has_the_same_names() -> None:
    """Neither may import the other."""
    assert set(PEERS) == peers.NAMES


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("TRUSTED_PROXIES", "1.5", "TRUSTED_PROXIES is '1.5', which is not a whole number such as 0"),
        ("TRUSTED_PROXIES", "-1", "TRUSTED_PROXIES is '-1'"),
        ("PUBLIC_URL", "http://roster.example.com", "PUBLIC_URL is http://roster.example.com, so passwords"),
        ("PUBLIC_URL", "http://10.0.0.1:8000", "PUBLIC_URL is http://10.0.0.1:8000, so passwords"),
        ("PUBLIC_URL", "https://roster.example.com/app", "PUBLIC_URL is more than a scheme and a host"),
        ("PUBLIC_URL", "https://u@roster.example.com", "PUBLIC_URL is more than a scheme and a host"),
        ("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS has '*', which is not a host name"),
        ("ALLOWED_HOSTS", "a.example,.example.com", "ALLOWED_HOSTS has '.example.com', which is not a host name"),
        ("ALLOWED_HOSTS", "https://a.example", "ALLOWED_HOSTS has 'https://a.example', which is not a host name"),
        ("ALLOWED_HOSTS", "a.example:443", "ALLOWED_HOSTS has 'a.example:443', which is not a host name"),
    ],
)
def test_urls_and_proxies_fail_closed(name: str, value: str, sentence: str) -> None:
    """The getters themselves; the settings call each of them."""
    environment = Environment({name: value}, {})
    reads: dict[str, Callable[[], object]] = {
        "TRUSTED_PROXIES": lambda: environment.count(name, "0"),
        "PUBLIC_URL": lambda: environment.public_url(name, ""),
        "ALLOWED_HOSTS": lambda: environment.hosts(name, "roster.example.com"),
    }

    with pytest.raises(ImproperlyConfigured, match=re.escape(sentence)):
        reads[name]()


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000", "https://roster.example.com:8443/"]
)
def test_a_safe_url_is_accepted(address: str) -> None:
    assert Environment({"PUBLIC_URL": address}, {}).public_url("PUBLIC_URL", "") == address.rstrip("/")


def test_plain_http_elsewhere_needs_explicit_permission() -> None:
    given = {"PUBLIC_URL": "http://roster.example.com", "ALLOW_INSECURE_HTTP": "1"}

    assert Environment(given, {}).public_url("PUBLIC_URL", "") == "http://roster.example.com"


def test_our_own_host_is_always_served() -> None:
    environment = Environment({"ALLOWED_HOSTS": "127.0.0.1, [::1],web_1"}, {})

    assert environment.hosts("ALLOWED_HOSTS", "::1") == ["127.0.0.1", "[::1]", "web_1"]
    assert Environment({}, {}).hosts("ALLOWED_HOSTS", "roster.example.com") == ["roster.example.com"]
