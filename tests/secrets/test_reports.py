"""Canaries in messages, arguments, exceptions, local variables, headers, cookies, bodies: none leaves the process."""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.fernet import Fernet

from config.local.embedded.postgres import Postgres
from tests.secrets.processes import environment
from tests.secrets.sentry import Sentry
from tests.stack import ROOT

OWN_SECRET = "an ordinary sentence that is this installation's key"
CANARIES = [
    "xoxb-1234567890-canary1a2b",
    "sk-canary-abcdefghijklmnop",
    "rst_canary0123456789abcdefghijABCDEF",
    "whsec_canaryabcdefghijklmnop",
    "EAAcanary0123456789abcdef",
    "gAAAAABcanarymZmZmZmZmZmZmZmZm==",
    "postgres://app:canary-password@db/roster",
    OWN_SECRET,
]


@dataclass(frozen=True)
class Outcome:
    """What the failing process leaked."""

    lines: list[dict[str, Any]]
    log: str
    reports: list[str]


@pytest.fixture(scope="module")
def outcome(django_db_setup: None, postgres: Postgres) -> Outcome:
    sentry = Sentry()
    keys = [Fernet.generate_key().decode()]
    given = environment(postgres, keys, SECRET_KEY=OWN_SECRET, SENTRY_DSN=sentry.dsn, CANARIES=",".join(CANARIES))
    command = [sys.executable, "-m", "tests.secrets.failing"]
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False, timeout=60)
    sentry.close()
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    return Outcome(lines, done.stdout + done.stderr, sentry.envelopes)


def found(text: str) -> list[str]:
    """The canaries in a text, complete or only their middle part."""
    known = [*CANARIES, "canary-password", "canary0123", "canaryabc", "canarym", "canary1a2b", OWN_SECRET[:30]]
    return [each for each in known if each in text or json.dumps(each)[1:-1] in text]


def test_no_canary_is_in_the_log(outcome: Outcome) -> None:
    assert len(outcome.lines) > 6 * len(CANARIES)
    assert found(outcome.log) == []
    assert not any(line["event"].startswith("A log line was left out") for line in outcome.lines)


def test_no_canary_is_in_an_error_report(outcome: Outcome) -> None:
    events = "".join(outcome.reports)
    assert events.count('"type":"event"') > 4 * len(CANARIES)
    assert found(events) == []
    assert '"vars"' not in events, "local variables"
    assert '"data":{"password"' not in events, "bodies"
    assert "RefusedError" in events


def test_a_failed_request_is_one_line_with_its_id(outcome: Outcome) -> None:
    failed = [line for line in outcome.lines if line["event"] == "request_failed"]
    assert len(failed) == 1
    assert failed[0]["request"] == "POST /fail/"
    assert failed[0]["caller_request_id"] == "from-the-proxy-1"
    assert failed[0]["request_id"] != "from-the-proxy-1"
    assert "RefusedError" in failed[0]["exception"]
    of_request = {line.get("request_id") for line in outcome.lines if line["event"] == "caught"}
    assert of_request == {failed[0]["request_id"]}


def test_a_crashed_thread_is_a_line(outcome: Outcome) -> None:
    crashed = [line for line in outcome.lines if line["event"] == "A thread crashed."]
    assert ["RefusedError" in line["exception"] for line in crashed] == [True]


def test_reports_carry_the_request_as_a_tag(outcome: Outcome) -> None:
    request_id = next(line["request_id"] for line in outcome.lines if line["event"] == "request_failed")
    assert any(f'"request_id":"{request_id}"' in report for report in outcome.reports)
