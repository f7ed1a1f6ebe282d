"""Reads app manifests. https://docs.slack.dev/reference/app-manifest"""

from __future__ import annotations

import json
from typing import Any, Final

from sandbox.slack.methods.scopes import unknown

LONGEST_NAME: Final = 35
LONGEST_DESCRIPTION: Final = 300
MOST_PROMPTS: Final = 4
EVENTS: Final = frozenset(
    {"app_home_opened", "app_mention", "app_uninstalled", "message.channels", "message.im", "tokens_revoked"}
    | {"message.groups", "message.mpim", "app_context_changed", "agent_session_stopped"}
    | {"agent_session_title_changed"}
)


class ManifestError(ValueError):
    """Not a manifest that Slack takes; the message says which part is wrong."""


def read_manifest(manifest: str) -> dict[str, Any]:
    """The manifest as an object. Raises ManifestError."""
    try:
        read = json.loads(manifest)
        name = read["display_information"]["name"]
        scopes = tuple(read.get("oauth_config", {}).get("scopes", {}).get("bot", []))
        agent = read.get("features", {}).get("agent_view", {})
        told, prompts = agent.get("agent_description", ""), agent.get("suggested_prompts", [])
        events = set(read.get("settings", {}).get("event_subscriptions", {}).get("bot_events", []))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ManifestError("invalid_manifest: not JSON with display_information.name.") from error
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME:
        raise ManifestError(f"invalid_manifest: display_information.name has 1 to {LONGEST_NAME} characters.")
    if len(told) > LONGEST_DESCRIPTION or len(prompts) > MOST_PROMPTS:
        raise ManifestError("invalid_manifest: features.agent_view has a longer description or more prompts.")
    if unknown(scopes):
        raise ManifestError(f"invalid_manifest: oauth_config.scopes.bot has {', '.join(unknown(scopes))}.")
    if events - EVENTS:
        raise ManifestError(f"invalid_manifest: bot_events has {', '.join(sorted(events - EVENTS))}.")
    return dict(read)
