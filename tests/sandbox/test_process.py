"""The sandbox process: its settings, its messages, its stored data."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from html import unescape

import pytest

from tests.sandbox.conftest import ROOT, Sandbox, Workspace, free_port


def run(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the sandbox in an environment where it must refuse to start."""
    command = [sys.executable, "-m", "sandbox"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=10, check=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLACK_SIGNING_SECRET", ""),
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
