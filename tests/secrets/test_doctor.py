"""`doctor`: no problems on the whole product, and the cause and fix of each fault."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from channels.connections import credentials
from tenants import encryption
from tests.flow.office import Office, open_office
from tests.stack import ROOT, Stack
from tests.waiting import eventually, free_ports

WELL = [
    "Postgres as app", "Postgres as owner", "Migrations", "Roles and grants", "Clock", "Redis", "Broker", "Mail",
    "Worker and beat", "Slack app", "Slack's API", "Connections", "Channels", "OpenAI", "PUBLIC_URL",
    "Encryption keys", "Stripe",
    "Stripe prices", "Stripe portal", "Stripe webhook", "Stripe events", "Sandbox",
]  # fmt: skip
Findings = dict[str, dict[str, str]]


def ask(stack: Stack) -> tuple[int, Findings]:
    """`manage.py doctor --json` beside the stack: its exit status, and the findings by subject."""
    printed, error = stack.console.ask(["doctor", "--json"])
    assert error in {None, "exit status 1"}
    assert "Traceback" not in (stack.folder / "console.log").read_text()
    return int(error is not None), by_subject(printed)


def ask_anew(stack: Stack, **changes: str) -> tuple[int, Findings]:
    """The same in a new process with other environment variables."""
    command = [sys.executable, "manage.py", "doctor", "--json"]
    given = {**stack.environment, **changes}
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False, timeout=110)
    assert "Traceback" not in done.stderr
    return done.returncode, by_subject(done.stdout)


def by_subject(printed: str) -> Findings:
    found: list[dict[str, Any]] = json.loads(printed)
    return {each["subject"]: each for each in found}


def problems(found: Findings) -> dict[str, str]:
    return {subject: each["text"] for subject, each in found.items() if each["state"] == "problem"}


@pytest.fixture(scope="module")
def office(stack: Stack) -> Office:
    return open_office(stack)


def test_all_is_well_on_the_whole_product(office: Office) -> None:
    eventually(lambda: ask(office.stack)[0] == 0, what="a worker's first sweep")
    status, found = ask_anew(office.stack)
    assert (status, problems(found)) == (0, {})
    for subject in WELL:
        assert found[subject]["state"] == "ok", found[subject]
    assert found["Error reports"]["state"] == "skipped"


def test_without_json_it_prints_lines(office: Office) -> None:
    lines = office.stack.manage("doctor").splitlines()
    assert any(line.startswith("ok       Postgres as app: ") for line in lines)
    assert lines[-1].endswith("checks, 0 problems.")


def test_each_fault_is_reported_with_its_cause_and_fix(office: Office) -> None:
    closed = free_ports(1)
    status, found = ask_anew(
        office.stack,
        DATABASE_OWNER_URL=office.stack.generated["DATABASE_OWNER_URL"].replace("owner:", "owner:wrong"),
        DATABASE_STAFF_URL=f"postgres://staff@127.0.0.1:{closed}/roster",
        REDIS_URL=f"redis://127.0.0.1:{closed}/0",
        EMAIL_URL=f"smtp://127.0.0.1:{closed}",
        OPENAI_API_KEY="sk-wrong-key-of-somebody",
        OPENAI_BASE_URL=f"{office.stack.sandbox_url}/openai/v1",
        STRIPE_SECRET_KEY="sk_test_0123456789ofSomebodyElse",
        STRIPE_API_URL=f"{office.stack.sandbox_url}/stripe",
        SLACK_SIGNING_SECRET="too-short-to-be-true",
        SLACK_CLIENT_SECRET="",
        SLACK_API_URL=f"http://127.0.0.1:{closed}/api/",
        SENTRY_DSN=f"http://public@127.0.0.1:{closed}/1",
    )
    told = problems(found)
    assert status == 1
    assert told.pop("Postgres as owner").startswith("Postgres refuses the password: correct it in DATABASE_OWNER_URL")
    assert told.pop("Postgres as staff").startswith("Postgres is not listening there: start it, or correct host")
    assert told.pop("Redis") == "cannot be reached: start it, or correct the host and port in REDIS_URL."
    assert told.pop("Broker").startswith("cannot be used (ConnectionError): start it, or correct CELERY_BROKER_URL")
    assert told.pop("Worker and beat").startswith("no sweep is known: start the worker and beat")
    assert told.pop("Mail").startswith(f"nothing is listening on 127.0.0.1:{closed}: start the mail server")
    assert told.pop("OpenAI").startswith("does not accept the key (HTTP 401): set OPENAI_API_KEY")
    assert told.pop("Stripe").startswith("Stripe does not accept the key, so nothing can be paid here")
    assert told.pop("Slack app").startswith("SLACK_SIGNING_SECRET has 20 characters and not the shape of one: copy it")
    assert told.pop("Slack's API").startswith("cannot be reached (ConnectError): check SLACK_API_URL")
    assert told.pop("Error reports").startswith(f"127.0.0.1:{closed} cannot be reached")
    assert told == {}
    assert found["Postgres as app"]["state"] == "ok"


def test_a_mail_server_that_refuses_the_log_in(office: Office) -> None:
    mail_port = office.stack.port + 2
    _, found = ask_anew(
        office.stack,
        EMAIL_URL=f"smtp://roster:C4nary@127.0.0.1:{mail_port}",
        DATABASE_URL="postgres://app@127.0.0.1:9/x",
        DATABASE_POOL_SIZE="0",  # a pool would wait half a minute
    )
    assert problems(found)["Mail"].startswith(f"127.0.0.1:{mail_port} offers no TLS or login")
    assert problems(found)["Postgres as app"].startswith("Postgres is not listening there")
    assert "C4nary" not in json.dumps(found)
    assert problems(found)["tenants.doctor.checks.migrations"].startswith("This check stopped with OperationalError")


@contextmanager
def token_in_database(office: Office, ciphertext: str) -> Iterator[None]:
    """Give the office's connection another token for the duration."""
    before = office.rows("channels_connection")[0]
    change = "UPDATE channels_connection SET secrets = %s WHERE id = %s RETURNING id"
    assert office.stack.query(change, [ciphertext, before["id"]])
    try:
        yield
    finally:
        office.stack.query(change, [before["secrets"], before["id"]])


def test_a_token_that_slack_no_longer_accepts_names_the_workspace(office: Office, settings: Settings) -> None:
    settings.PLATFORM_ENCRYPTION_KEYS = office.stack.generated["PLATFORM_ENCRYPTION_KEYS"].split(",")
    with token_in_database(office, encryption.encrypt(credentials.as_json("xoxb-revoked-1234567890", {}))):
        status, found = ask(office.stack)
    assert status == 1
    assert list(problems(found).values()) == ["Slack no longer accepts the token (invalid_auth): connect Slack again."]
    assert f"/t/{office.slug}/" in next(iter(problems(found)))


def test_a_secret_with_a_missing_key_names_the_row(office: Office, settings: Settings) -> None:
    settings.PLATFORM_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    lost = encryption.encrypt(credentials.as_json("xoxb-lost-1234567890", {}))
    with token_in_database(office, lost):
        status, found = ask(office.stack)
    row = office.rows("channels_connection")[0]["id"]
    assert status == 1
    assert problems(found)["Encryption keys"].startswith(
        f"No key opens channels_connection.secrets of row {row} (key {lost[:8]}): put the key back"
    )
    assert len(problems(found)) == 2, "with the connection that has it"


def test_a_providers_rate_limit_is_not_a_problem(office: Office) -> None:
    office.stack.control("openai/control/faults", kind="503", times=100, method="models")
    office.stack.control("slack/control/faults", kind="503", times=100, method="auth.test")
    status, found = ask(office.stack)
    office.stack.control("slack/control/reset")
    office.stack.control("openai/control/reset")
    assert (status, problems(found)) == (0, {})
    assert found["OpenAI"]["text"].startswith("has a problem of its own or limits us (HTTP 503)")
    assert found[f"Connection “{office.slug}” of /t/{office.slug}/"]["state"] == "warning"
