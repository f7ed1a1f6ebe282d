"""A request and the task it started share one id in the log, whichever process wrote the line."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.fernet import Fernet
from django.test import Client

from config.local.embedded.postgres import Postgres
from config.local.embedded.valkey import Valkey
from tests.secrets.processes import environment
from tests.stack import ROOT
from tests.waiting import eventually

Line = dict[str, Any]
COMMAND = [
    "-m",
    "celery",
    "-A",
    "tests.secrets.failing",
    "--quiet",
    "worker",
    "--pool",
    "threads",
    "--concurrency",
    "1",
]


@pytest.fixture
def given(django_db_setup: None, postgres: Postgres, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of web and worker, including a broker."""
    with Valkey(tmp_path / "valkey") as valkey:
        keys = [Fernet.generate_key().decode()]
        yield environment(postgres, keys, REDIS_URL=valkey.url, CANARIES="sk-canary-abcdefghijklmnop")


def lines(log: Path) -> list[Line]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


def test_a_failing_task_names_the_request_that_started_it(given: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with log.open("w") as stderr:
        worker = subprocess.Popen([sys.executable, *COMMAND], cwd=ROOT, env=given, stdout=stderr, stderr=stderr)
    try:
        command = [sys.executable, "-m", "tests.secrets.failing", "wake"]
        done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=True, timeout=60)
        failed = eventually(lambda: [line for line in lines(log) if "exception" in line], within=80)
    finally:
        worker.terminate()
        worker.wait(30)
    woken = json.loads(done.stdout)
    assert len(failed) == 1
    assert failed[0]["event"] == "task_failed"
    assert failed[0]["task"] == "tests.failing_work"
    assert UUID(failed[0]["task_id"])
    assert failed[0]["tenant"] == woken["tenant"]
    assert failed[0]["request_id"] == woken["request_id"]
    assert "canary" not in log.read_text()


@pytest.mark.django_db
@pytest.mark.parametrize("theirs", ["well-formed-id", "x" * 65, "short", 'quo"te-and-more', "spaces in it"])
def test_a_response_has_our_own_request_id(client: Client, theirs: str) -> None:
    answer = client.get("/livez", headers={"X-Request-ID": theirs})
    assert UUID(answer.headers["X-Request-ID"])
