"""What `make run` decides before it starts anything."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from config import peers
from config.local.embedded.datafolder import DataFolder
from config.local.embedded.files import FolderLock
from config.local.embedded.postgres import Postgres
from config.local.embedded.service import Service
from config.local.embedded.valkey import Valkey
from config.local.run import programs
from config.local.run.child import Program
from config.local.run.errors import StartError
from config.local.run.greeting import greeting
from config.local.run.plan import Plan, make_plan
from config.local.run.programs import sandbox_environment
from config.local.run.static import StaticFiles


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def plan(data: DataFolder, **given: str) -> Plan:
    return make_plan(data, given)


def run(data: DataFolder, **given: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ROSTER_DATA": str(data.path), **given}
    command = [sys.executable, "-m", "config.local.run"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_what_has_a_credential_is_real_and_all_else_is_played(data: DataFolder) -> None:
    assert plan(data).played == peers.NAMES
    for peer in peers.PEERS:
        for name in peer.credentials:
            for sandbox in ("", "1"):
                assert plan(data, **{name: "secret"}, SANDBOX=sandbox).played == peers.NAMES - {peer.name}
    assert not plan(data, SANDBOX="0").sandbox
    everything = {name: "secret" for peer in peers.PEERS for name in peer.credentials}
    assert not plan(data, **everything).sandbox


def test_named_peers_alone_are_played(data: DataFolder) -> None:
    decided = plan(data, SANDBOX="stripe, Slack", OPENAI_API_KEY="secret")
    assert decided.played == {"slack", "stripe"}
    assert decided.settings["SANDBOX"] == "slack,stripe"
    assert plan(data, SANDBOX="0").settings["SANDBOX"] == "0"


def test_a_service_with_a_credential_cannot_be_named(data: DataFolder) -> None:
    key = "sk_live_0123456789abcdefghijKLMN"
    with pytest.raises(StartError) as refusal:
        plan(data, SANDBOX="slack,stripe", STRIPE_SECRET_KEY=key, STRIPE_API_URL="http://127.0.0.1:8001/stripe")
    assert str(refusal.value) == (
        "SANDBOX plays Stripe although STRIPE_SECRET_KEY is set: take stripe out of SANDBOX to use the real service, "
        "or unset STRIPE_SECRET_KEY to have it played."
    )


def test_ports_follow_from_the_first(data: DataFolder) -> None:
    decided = plan(data, PORT="8300")
    assert (decided.port, decided.sandbox_port, decided.mail_port) == (8300, 8301, 8302)
    assert decided.settings["SANDBOX_URL"] == "http://127.0.0.1:8301"
    assert plan(data, PORT="8300", SANDBOX_PORT="9000").sandbox_url == "http://127.0.0.1:9000"
    assert plan(data, SANDBOX_SMTP_PORT="9025").settings["EMAIL_URL"] == "smtp://127.0.0.1:9025"


@pytest.mark.parametrize("value", ["abc", "0", "65536", "-1", "80.5"])
def test_a_malformed_port_is_named(data: DataFolder, value: str) -> None:
    with pytest.raises(StartError, match=f"PORT is '{value}': set it to a port number such as 8000"):
        plan(data, PORT=value)


def test_a_malformed_sandbox_is_named(data: DataFolder) -> None:
    with pytest.raises(StartError, match="SANDBOX is 'perhaps': set it to 1, 0 or names such as slack,whatsapp"):
        plan(data, SANDBOX="perhaps")
    with pytest.raises(StartError, match="SANDBOX is 'slack,post'"):
        plan(data, SANDBOX="slack,post")


def test_a_port_in_use_is_reported_before_anything_starts(data: DataFolder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        port = str(squatter.getsockname()[1])
        done = run(data, PORT=port, SANDBOX="0")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"Port {port}, needed for the portal, is in use by another program" in done.stderr
    assert f"`PORT={int(port) + 100} make run`" in done.stderr
    assert not (data.path / "postgres").exists()


def test_a_second_start_while_running_is_reported(data: DataFolder) -> None:
    data.prepare()
    lock = FolderLock(data.path / "lock")
    assert lock.acquire()
    done = run(data)
    lock.release()
    assert done.returncode == 1
    assert done.stderr.startswith(f"Roster is running already (process {os.getpid()}")
    assert done.stderr.count("\n") == 1


def test_external_services_are_used_and_remembered(data: DataFolder) -> None:
    decided = plan(data, DATABASE_URL="postgres://outside", REDIS_URL="")
    assert not decided.uses_own("DATABASE_URL")
    assert decided.uses_own("REDIS_URL")
    assert decided.given_services == {"DATABASE_URL": "postgres://outside"}


def test_the_sandbox_gets_the_credentials_that_roster_uses(data: DataFolder) -> None:
    data.prepare()
    told = sandbox_environment(plan(data, PORT="8300", SLACK_CLIENT_ID="given", SLACK_CLIENT_SECRET="", SANDBOX="1"))
    assert told["SLACK_CLIENT_ID"] == "given"
    assert told["SLACK_CLIENT_SECRET"] == data.environment(peers.NAMES)["SLACK_CLIENT_SECRET"]
    assert told["SLACK_EVENTS_URL"] == "http://127.0.0.1:8300/webhooks/slack/events"
    assert told["SLACK_REDIRECT_URL"] == "http://127.0.0.1:8300/oauth/slack/callback"


EVERYTHING = {
    "SECRET_KEY": "k", "PLATFORM_ENCRYPTION_KEYS": "k", "DATABASE_URL": "postgres://app", "REDIS_URL": "redis://r",
    "DATABASE_OWNER_URL": "postgres://owner", "DATABASE_ADMIN_URL": "postgres://admin", "GOOGLE_API_KEY": "k",
    "DATABASE_STAFF_URL": "postgres://staff", "ANTHROPIC_API_KEY": "k", "EMAIL_URL": "smtp://u:p@h", "SENTRY_DSN": "d",
    "AWS_SECRET_ACCESS_KEY": "of somebody's shell", "SANDBOX": "1", "PATH": "/bin", "SANDBOX_LLM_LATENCY": "0.1",
}  # fmt: skip
ALWAYS = {
    "SLACK_EVENTS_URL", "SLACK_REDIRECT_URL", "SANDBOX", "SANDBOX_PORT", "SANDBOX_SMTP_PORT", "SANDBOX_DATA",
    "SANDBOX_LLM_LATENCY", "PATH", "PYTHONUNBUFFERED", "ROSTER_DATA",
}  # fmt: skip
SLACKS = {"SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET"}


def test_the_sandbox_gets_none_of_rosters_keys_and_no_shell_variables(data: DataFolder) -> None:
    data.prepare()
    told = sandbox_environment(plan(data, **EVERYTHING))
    assert told["SANDBOX"] == "slack,whatsapp,stripe"
    assert set(told) == ALWAYS | SLACKS | {"STRIPE_SECRET_KEY"}


@pytest.mark.parametrize("peer", peers.PEERS, ids=lambda peer: peer.name)
def test_the_sandbox_gets_the_credential_of_no_real_service(data: DataFolder, peer: peers.Peer) -> None:
    data.prepare()
    shell = {"SANDBOX_LLM_LATENCY": "0.1", "PATH": "/bin"}
    told = sandbox_environment(plan(data, **shell, **dict.fromkeys(peer.credentials, "secret")))
    assert set(told) == ALWAYS | peers.accounts(peers.NAMES - {peer.name})
    assert "secret" not in told.values()


@pytest.mark.parametrize(
    ("program", "lacks"),
    [
        (programs.database, set()),
        (programs.web, {"DATABASE_OWNER_URL", "DATABASE_ADMIN_URL"}),
        (programs.worker, {"DATABASE_OWNER_URL", "DATABASE_ADMIN_URL", "DATABASE_STAFF_URL"}),
        (programs.beat, {"DATABASE_OWNER_URL", "DATABASE_ADMIN_URL", "DATABASE_STAFF_URL"}),
        (programs.collect_static, {"DATABASE_OWNER_URL", "DATABASE_ADMIN_URL"}),
    ],
)
def test_serving_processes_do_not_get_the_table_owners_credentials(
    data: DataFolder, program: Callable[[Plan], Program], lacks: set[str]
) -> None:
    told = program(plan(data, **EVERYTHING)).environment
    assert told
    assert set(EVERYTHING) - set(told) == lacks


@pytest.mark.parametrize("service", [Postgres, Valkey])
def test_the_embedded_servers_get_no_secrets(data: DataFolder, service: type[Service]) -> None:
    assert set(service(data.path).environment) == {"PATH", "LC_ALL"}


def test_the_greeting_says_the_first_thing_to_do(data: DataFolder) -> None:
    assert "open http://127.0.0.1:8000 and sign up; the code arrives in the sandbox mailbox" in greeting(plan(data), 1)
    assert "comes by e-mail" in greeting(plan(data, SANDBOX="0"), 1)


def test_the_greeting_says_what_is_played_and_what_is_real(data: DataFolder) -> None:
    said = greeting(plan(data, OPENAI_API_KEY="sk-secret"), 1).splitlines()
    assert said[2:8] == [
        "  Portal   http://127.0.0.1:8000",
        "  Slack    played by the sandbox, http://127.0.0.1:8001/slack/chat/",
        "  WhatsApp played by the sandbox, http://127.0.0.1:8001/whatsapp/",
        "  Stripe   played by the sandbox, http://127.0.0.1:8001/stripe/",
        "  LLM      real, because OPENAI_API_KEY is set",
        "  Mail     played by the sandbox, http://127.0.0.1:8001/mail/",
    ]
    said = greeting(plan(data, SANDBOX="llm"), 1).splitlines()
    assert said[3:8] == [
        "  Slack    off, because no credential is set",
        "  WhatsApp real: each workspace connects a number of its own",
        "  Stripe   off, because no credential is set",
        "  LLM      played by the sandbox",
        "  Mail     real, the mail server at localhost:25",
    ]


def test_only_the_ports_of_what_is_played_are_needed(data: DataFolder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        port = str(squatter.getsockname()[1])
        plan(data, SANDBOX="0", SANDBOX_PORT=port, PORT="8399").check_ports()
        plan(data, EMAIL_URL="smtp://post", SANDBOX_SMTP_PORT=port, PORT="8396").check_ports()
        with pytest.raises(StartError, match=f"Port {port}, needed for the sandbox's mail"):
            plan(data, SANDBOX_SMTP_PORT=port, PORT="8396").check_ports()


def test_static_files_are_collected_again_when_a_source_changes(tmp_path: Path) -> None:
    for name in ("static/app.css", "tenants/static/one.js", ".static/staticfiles.json", "config/settings/site.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "requirements.txt").touch()
    static = StaticFiles(tmp_path, tmp_path / "data" / "static")
    assert not static.are_current()
    static.mark(static.fingerprint())
    assert static.are_current()
    (tmp_path / "tenants/static/one.js").write_text("changed")
    assert not static.are_current()
