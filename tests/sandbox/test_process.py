"""The sandbox process: its settings, its messages, its stored data."""

from __future__ import annotations

import dataclasses
import socket
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

from tests.sandbox.conftest import ROOT, SLACK, Sandbox, Workspace, free_port


def run(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the sandbox in an environment where it must refuse to start."""
    command = [sys.executable, "-m", "sandbox"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=10, check=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLACK_SIGNING_SECRET", ""),
        ("SANDBOX", "slack,fax"),
        ("SANDBOX", "0"),
        ("SANDBOX_PORT", "eighty"),
        ("SANDBOX_LLM_LATENCY", "-1"),
        ("SANDBOX_SLACK_RETRY_DELAYS", "0,soon"),
        ("SANDBOX_STRIPE_RETRY_DELAYS", "-1"),
        ("STRIPE_SECRET_KEY", "sk_live_0123456789abcdefghijklmn"),
    ],
)
def test_a_wrong_variable_is_named_and_stops_the_start(sandbox: Sandbox, name: str, value: str) -> None:
    ended = run(sandbox.environment | {name: value})
    assert ended.returncode == 2
    assert name in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_port_in_use_is_reported_in_one_sentence(sandbox: Sandbox) -> None:
    ended = run(sandbox.environment)
    assert ended.returncode == 1
    assert f"Port {sandbox.port} is in use" in ended.stderr


def test_tokens_and_messages_survive_a_restart(sandbox: Sandbox) -> None:
    ports = {"SANDBOX_PORT": str(free_port()), "SANDBOX_SMTP_PORT": str(free_port())}
    environment = sandbox.environment | ports | {"SANDBOX_DATA": sandbox.environment["SANDBOX_DATA"] + "/other"}
    other = dataclasses.replace(
        sandbox, port=int(ports["SANDBOX_PORT"]), smtp_port=int(ports["SANDBOX_SMTP_PORT"]), environment=environment
    )
    other.start()
    facts = other.slack("workspaces", install=True, join=["general"])
    sent = other.client(facts["access_token"]).chat_postMessage(channel="general", text="still here?")
    other.http.post("/openai/v1/chat/completions", json={"model": "gpt-4.1"})
    assert other.stop() == 0
    other.start()
    try:
        found = other.client(facts["access_token"]).conversations_history(channel=sent["channel"])
        assert found["messages"][0]["ts"] == sent["ts"]
    finally:
        assert other.stop() == 0


PATHS = {
    "slack": [
        "/slack/chat/",
        "/slack/api/api.test",
        "/slack/oauth/v2/authorize",
        "/slack/apps",
        "/slack/control/calls",
    ],
    "stripe": ["/stripe/", "/stripe/v1/customers", "/stripe/control/deliveries"],
    "llm": ["/openai/v1/models", "/openai/control/calls"],
    "mail": ["/mail/", "/mail/control/messages"],
}


@pytest.mark.parametrize("served", [{"slack"}, {"stripe", "mail"}, {"llm"}], ids=lambda names: "+".join(sorted(names)))
def test_only_the_peers_that_are_named_are_served(sandbox: Sandbox, tmp_path: Path, served: set[str]) -> None:
    given = {name: value for name, value in sandbox.environment.items() if name.startswith(("SANDBOX_", "PATH"))}
    if "slack" in served:
        given |= SLACK
    ports = {"SANDBOX_PORT": str(free_port()), "SANDBOX_SMTP_PORT": str(free_port())}
    given |= {**ports, "SANDBOX": ",".join(served), "SANDBOX_DATA": str(tmp_path / "data")}
    one = dataclasses.replace(
        sandbox, port=int(ports["SANDBOX_PORT"]), smtp_port=int(ports["SANDBOX_SMTP_PORT"]), environment=given
    )
    one.start()
    try:
        assert set(one.http.get("/healthz").json()) == served | {"ok"}
        start = one.http.get("/").text
        for name, paths in PATHS.items():
            refused = {path for path in paths if one.http.get(path).status_code == 404}
            assert refused == (set() if name in served else set(paths)), name
            assert (f'href="{paths[0]}"' in start) == (name in served) or name == "llm"
        with socket.socket() as mail:
            assert (mail.connect_ex(("127.0.0.1", one.smtp_port)) == 0) == ("mail" in served)
    finally:
        assert one.stop() == 0


@pytest.mark.parametrize("path", ["/", "/slack/chat/", "/mail/"])
def test_every_page_works_and_loads_only_its_own_files(workspace: Workspace, path: str) -> None:
    page = workspace.sandbox.http.get(path)
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert 'style="' not in page.text
    for file in ("sandbox.css", "sandbox.js", "icon.svg"):
        assert f"/static/{file}" in page.text
        assert workspace.sandbox.http.get(f"/static/{file}").status_code == 200


def test_a_person_chats_on_the_page(workspace: Workspace) -> None:
    place = {"team": workspace.id, "user": workspace.ben, "channel": workspace.general}
    http = workspace.sandbox.http
    sent = http.post("/slack/chat/send", params=place, data={"text": "@Roster is <b>this</b> *safe*?"})
    assert sent.status_code == 303
    page = unescape(http.get("/slack/chat/", params=place).text)
    assert '<span class="mention">@Roster</span> is <b>this</b> <strong>safe</strong>?' in page
    assert "&lt;b&gt;this&lt;/b&gt;" in http.get("/slack/chat/", params=place).text
    messages = http.get("/slack/control/messages", params={"team": workspace.id, "channel": "general"}).json()[
        "messages"
    ]
    ts = messages[-1]["ts"]
    http.post("/slack/chat/edit", params=place | {"ts": ts}, data={"text": "never mind"})
    assert "never mind" in http.get("/slack/chat/messages", params=place).text
    http.post("/slack/chat/delete", params=place | {"ts": ts})
    assert "never mind" not in http.get("/slack/chat/messages", params=place).text
    http.post("/slack/chat/uninstall", params=place)
    assert "is not installed in this workspace" in http.get("/slack/chat/", params=place).text
