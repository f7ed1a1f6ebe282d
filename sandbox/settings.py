"""The settings that the sandbox reads from its environment at startup."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PEERS: Final = ("slack", "whatsapp", "stripe", "llm", "mail")
"""What SANDBOX may name."""


class SettingsError(ValueError):
    """An environment variable is missing or malformed; the message names it and the fix."""


@dataclass(frozen=True)
class SlackApp:
    """The one app that is registered with the sandbox Slack, as on a Slack app's Basic Information page.

    `retry_delays` are the seconds before each retry of an event; `post_burst` is how many messages a channel takes at
    once before the limit of one per second applies (0: no limit); `history_limited` applies Slack's limits for apps
    outside its Marketplace.
    """

    name: str
    client_id: str
    client_secret: str
    signing_secret: str
    events_url: str
    redirect_url: str
    retry_delays: tuple[float, ...]
    history_limited: bool
    post_burst: int

    @property
    def app_id(self) -> str:
        """Slack's `A…` id, derived from the client id so that it survives restarts."""
        return "A0" + hashlib.sha256(self.client_id.encode()).hexdigest()[:9].upper()

    @property
    def verification_token(self) -> str:
        """The deprecated `token` of every event, which Slack still sends."""
        return hashlib.sha256(f"verification:{self.client_secret}".encode()).hexdigest()[:24]


@dataclass(frozen=True)
class StripeAccount:
    """The one account of the sandbox Stripe, in test mode.

    Only `secret_key` is accepted; empty accepts every `sk_test_…`. `retry_delays` are the seconds before each retry of
    an event.
    """

    name: str
    secret_key: str
    retry_delays: tuple[float, ...]

    @property
    def id(self) -> str:
        """Stripe's `acct_…` id, derived from the key so that it survives restarts."""
        return "acct_1" + hashlib.sha256(f"account:{self.secret_key}".encode()).hexdigest()[:15].upper()


@dataclass(frozen=True)
class Settings:
    """The peers to serve, ports, the URL for browsers, the data folder, each peer's credentials. Latency is in seconds.

    `slack` is None if Slack is not served. `whatsapp_retry_delays` are the seconds before each retry of a webhook.
    """

    peers: frozenset[str]
    port: int
    smtp_port: int
    url: str
    data: Path
    slack: SlackApp | None
    whatsapp_retry_delays: tuple[float, ...]
    stripe: StripeAccount
    openai_api_key: str
    llm_latency: float

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the variables that README.md lists. Raises SettingsError."""
        port = _whole(environment, "SANDBOX_PORT", "8001")
        peers = _peers(environment)
        return cls(
            peers=peers,
            port=port,
            smtp_port=_whole(environment, "SANDBOX_SMTP_PORT", str(port + 1)),
            url=(environment.get("SANDBOX_URL") or f"http://127.0.0.1:{port}").rstrip("/"),
            data=Path(environment.get("SANDBOX_DATA") or ".roster/sandbox"),
            slack=_slack_app(environment) if "slack" in peers else None,
            whatsapp_retry_delays=_delays(environment, "SANDBOX_WHATSAPP_RETRY_DELAYS", "2,20,120,600"),
            stripe=_stripe_account(environment),
            openai_api_key=environment.get("OPENAI_API_KEY", ""),
            llm_latency=_seconds(environment, "SANDBOX_LLM_LATENCY", "0.6"),
        )


def _peers(environment: Mapping[str, str]) -> frozenset[str]:
    text = (environment.get("SANDBOX") or "1").strip().lower()
    if text in {"1", "true", "yes"}:
        return frozenset(PEERS)
    names = {name.strip() for name in text.split(",") if name.strip()}
    if not names or names - set(PEERS):
        raise SettingsError(f"SANDBOX is {text!r}: set it to 1, or to names such as {','.join(PEERS)}.")
    return frozenset(names)


def _slack_app(environment: Mapping[str, str]) -> SlackApp:
    return SlackApp(
        name=environment.get("SANDBOX_SLACK_APP_NAME") or "Roster",
        client_id=_required(environment, "SLACK_CLIENT_ID"),
        client_secret=_required(environment, "SLACK_CLIENT_SECRET"),
        signing_secret=_required(environment, "SLACK_SIGNING_SECRET"),
        events_url=environment.get("SLACK_EVENTS_URL", ""),
        redirect_url=environment.get("SLACK_REDIRECT_URL", ""),
        retry_delays=_delays(environment, "SANDBOX_SLACK_RETRY_DELAYS", "0,60,300"),
        history_limited=environment.get("SANDBOX_SLACK_HISTORY_LIMITED", "1") != "0",
        post_burst=_whole(environment, "SANDBOX_SLACK_POST_BURST", "20"),
    )


def _stripe_account(environment: Mapping[str, str]) -> StripeAccount:
    key = environment.get("STRIPE_SECRET_KEY", "")
    if key and not key.startswith(("sk_test_", "rk_test_")):
        raise SettingsError("STRIPE_SECRET_KEY must begin with sk_test_: the sandbox never accepts a live key.")
    return StripeAccount(
        name=environment.get("SANDBOX_STRIPE_ACCOUNT_NAME") or "Roster",
        secret_key=key,
        retry_delays=_delays(environment, "SANDBOX_STRIPE_RETRY_DELAYS", "60,600,3600"),
    )


def _required(environment: Mapping[str, str], name: str) -> str:
    if not environment.get(name):
        raise SettingsError(f"{name} is empty: set it to the same value as the product's {name}; any text will do.")
    return environment[name]


def _whole(environment: Mapping[str, str], name: str, default: str) -> int:
    text = environment.get(name) or default
    if not text.isdecimal() or int(text) > 65535:
        raise SettingsError(f"{name} is {text!r}: set it to a whole number from 0 to 65535.")
    return int(text)


def _seconds(environment: Mapping[str, str], name: str, default: str) -> float:
    return _number(name, environment.get(name) or default)


def _delays(environment: Mapping[str, str], name: str, default: str) -> tuple[float, ...]:
    return tuple(_number(name, part) for part in (environment.get(name) or default).split(","))


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 86400:
        raise SettingsError(f"{name} contains {text!r}: set it to seconds, such as 0.6.")
    return value
