"""The three credentials of a Slack app, the platform's or a workspace's own: names, shapes, and which count for a call.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings

CLIENT_ID = "client_id"
CLIENT_SECRET = "client_secret"  # noqa: S105 - the name of one
SIGNING_SECRET = "signing_secret"  # noqa: S105 - the name of one
SHAPES = {
    CLIENT_ID: re.compile(r"\d{1,40}\.\d{1,40}"),
    CLIENT_SECRET: re.compile(r"[0-9a-f]{32}"),
    SIGNING_SECRET: re.compile(r"[0-9a-f]{32}"),
}


@dataclass(frozen=True)
class App:
    """A Slack app, as it asks for consent and gives tokens back."""

    client_id: str
    client_secret: str = field(repr=False)


def app_of(secrets: Mapping[str, str]) -> App:
    """The app that a connection's own secrets name; without any, the platform's."""
    if CLIENT_ID in secrets:
        return App(secrets[CLIENT_ID], secrets.get(CLIENT_SECRET, ""))
    return App(settings.SLACK_CLIENT_ID, settings.SLACK_CLIENT_SECRET)


def signing_secret_of(secrets: Mapping[str, str] | None) -> str:
    """What signs a request: for a connection's own address (`secrets` is not None) only its own counts."""
    return str(settings.SLACK_SIGNING_SECRET) if secrets is None else secrets.get(SIGNING_SECRET, "")
