"""The real sandbox in its own process on free ports, and a receiver for its events."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from stripe import StripeClient

from tests.sandbox.receiver import Receiver
from tests.sandbox.stripe_shapes import ShapeJudge, load_judge

ROOT = Path(__file__).parents[2]
SLACK = {"SLACK_CLIENT_ID": "111.222", "SLACK_CLIENT_SECRET": "client-secret", "SLACK_SIGNING_SECRET": "signing-secret"}
REDIRECT_URL = "http://127.0.0.1:8000/oauth/slack/callback"
KEY = "sk-registered-with-the-sandbox"
STRIPE_KEY = "sk_test_registeredWithTheSandbox"


@dataclass
class Sandbox:
    """A running `python -m sandbox`."""

    port: int
    smtp_port: int
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=self.url, timeout=10)

    def start(self) -> None:
        """Start the process and wait until it is healthy."""
        self.process = subprocess.Popen([sys.executable, "-m", "sandbox"], cwd=ROOT, env=self.environment)
        poll(self._is_healthy)

    def stop(self) -> int:
        """Stop it with SIGTERM; returns the exit code."""
        assert self.process
        self.process.terminate()
        return self.process.wait(30)

    def _is_healthy(self) -> bool:
        try:
            return self.http.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False

    def control(self, path: str, **body: Any) -> dict[str, Any]:
        """POST to a control API; the answer must be a 200."""
        response = self.http.post(path, json=body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def slack(self, path: str, **body: Any) -> dict[str, Any]:
        """POST to the control API of Slack."""
        return self.control(f"/slack/control/{path}", **body)

    def stripe(self, path: str, **body: Any) -> dict[str, Any]:
        """POST to the control API of Stripe."""
        return self.control(f"/stripe/control/{path}", **body)

    def client(self, token: str | None = None) -> WebClient:
        """The official Slack client, without its own retries."""
        return WebClient(token, base_url=f"{self.url}/slack/api/", timeout=3, retry_handlers=[])


def poll(condition: Callable[[], Any], seconds: float = 10) -> Any:
    """The condition's first true value. Fails if it isn't true in time."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        pause.wait(0.02)
    raise AssertionError("the condition was not true in time")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    """The receiver of the sandbox Slack's events."""
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="session")
def stripe_receiver() -> Iterator[Receiver]:
    """The receiver that tests register with the sandbox Stripe."""
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="session")
def sandbox(receiver: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One sandbox for all tests; each test creates its own workspace."""
    port, smtp_port = free_port(), free_port()
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **SLACK,
        "SANDBOX_PORT": str(port),
        "SANDBOX_SMTP_PORT": str(smtp_port),
        "SANDBOX_DATA": str(tmp_path_factory.mktemp("sandbox")),
        "SANDBOX_LLM_LATENCY": "0",
        "SANDBOX_SLACK_RETRY_DELAYS": "0,0.1,0.2",
        "SANDBOX_WHATSAPP_RETRY_DELAYS": "0.1,0.2",
        "SLACK_EVENTS_URL": receiver.url,
        "SLACK_REDIRECT_URL": REDIRECT_URL,
        "OPENAI_API_KEY": KEY,
        "STRIPE_SECRET_KEY": STRIPE_KEY,
        "SANDBOX_STRIPE_RETRY_DELAYS": "0.1,0.2",
    }
    sandbox = Sandbox(port, smtp_port, environment)
    sandbox.start()
    yield sandbox
    assert sandbox.stop() == 0


@pytest.fixture(autouse=True)
def _fresh(sandbox: Sandbox, receiver: Receiver, stripe_receiver: Receiver) -> None:
    receiver.reset()
    stripe_receiver.reset()
    for path in ("/slack/control/reset", "/openai/control/reset", "/stripe/control/reset", "/whatsapp/control/reset"):
        sandbox.control(path)
    sandbox.control("/slack/control/limits", history_limited=True, post_burst=20)


@pytest.fixture(scope="session")
def stripe(sandbox: Sandbox) -> StripeClient:
    """The official Stripe client, without its own retries."""
    return StripeClient(STRIPE_KEY, base_addresses={"api": f"{sandbox.url}/stripe"}, max_network_retries=0)


@pytest.fixture(scope="session")
def judge() -> ShapeJudge:
    """Compares objects with Stripe's examples; skips the test without them."""
    return load_judge()


@dataclass(frozen=True)
class Workspace:
    """A workspace with the app installed and in #general."""

    sandbox: Sandbox
    facts: dict[str, Any]

    @property
    def id(self) -> str:
        """The team id."""
        return str(self.facts["id"])

    @property
    def general(self) -> str:
        """The id of #general."""
        return str(self.facts["channels"]["general"])

    @property
    def support(self) -> str:
        """The id of #support, which the bot is not in."""
        return str(self.facts["channels"]["support"])

    @property
    def bot(self) -> str:
        """The bot's user id."""
        return str(self.facts["bot_user_id"])

    @property
    def ben(self) -> str:
        """A member's user id."""
        return next(str(person["id"]) for person in self.facts["people"] if person["handle"] == "ben")

    @property
    def client(self) -> WebClient:
        """The official client with the bot's token."""
        return self.sandbox.client(self.facts["access_token"])

    def says(self, text: str, **more: Any) -> dict[str, Any]:
        """Ben writes a message, in #general unless told otherwise."""
        return self.sandbox.slack(
            "messages", **{"team": self.id, "channel": "general", "user": "ben", "text": text, **more}
        )


@pytest.fixture
def workspace(sandbox: Sandbox, receiver: Receiver) -> Workspace:
    """A new workspace; the event about the bot joining is already consumed."""
    facts = sandbox.slack("workspaces", install=True, join=["general"])
    receiver.event(team=facts["id"])
    return Workspace(sandbox, facts)
