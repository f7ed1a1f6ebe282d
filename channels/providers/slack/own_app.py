"""A Slack app of a workspace's own: its manifest, and the credentials that an operator copies from it.

https://docs.slack.dev/reference/app-manifest
"""

import json
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.providers.base import DeliveryRefusedError
from channels.providers.connecting import Field, NotAcceptedError
from channels.providers.slack.calls import client, failures
from channels.providers.slack.credentials import CLIENT_ID, CLIENT_SECRET, SHAPES, SIGNING_SECRET
from channels.providers.slack.incoming.accounts import app_of

SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "channels:history",
    "channels:read",
    "chat:write",
    "chat:write.customize",
    "files:read",
    "groups:history",
    "groups:read",
    "im:history",
    "im:write",
    "mpim:history",
    "users:read",
)
EVENTS = (
    "app_mention",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "app_home_opened",
    "app_context_changed",
    "agent_session_stopped",
    "agent_session_title_changed",
    "app_uninstalled",
    "tokens_revoked",
)
"""What an app asks for and hears, the platform's as well as a workspace's own."""
LONGEST_NAME, LONGEST_DESCRIPTION = 35, 300

fields: Sequence[Field] = (
    Field(
        CLIENT_ID,
        gettext_lazy("Client ID"),
        gettext_lazy("Two numbers with a dot between them."),
        is_secret=False,
    ),
    Field(CLIENT_SECRET, gettext_lazy("Client Secret"), gettext_lazy("32 letters and digits. Press Show to see it.")),
    Field(
        SIGNING_SECRET, gettext_lazy("Signing Secret"), gettext_lazy("32 letters and digits, not the Client Secret.")
    ),
)


def faults(values: Mapping[str, str]) -> Mapping[str, str]:
    """Which values do not have the shape that Slack gives them, and where the right one is."""
    found = {name: sentence for name, sentence in _shapes().items() if not SHAPES[name].fullmatch(values.get(name, ""))}
    if not found and values[CLIENT_SECRET] == values[SIGNING_SECRET]:
        found[SIGNING_SECRET] = _(
            "This is the Client Secret once more. The Signing Secret stands below it, under Basic Information at "
            "api.slack.com."
        )
    return found


def _shapes() -> dict[str, str]:
    return {
        CLIENT_ID: _(
            "A Client ID looks like 1234567890.1234567890. It is on your app's page at api.slack.com under Basic "
            "Information, in App Credentials."
        ),
        CLIENT_SECRET: _(
            "A Client Secret has 32 characters, 0 to 9 and a to f. It is on your app's page at api.slack.com under "
            "Basic Information, in App Credentials: press Show beside Client Secret."
        ),
        SIGNING_SECRET: _(
            "A Signing Secret has 32 characters, 0 to 9 and a to f. It is on your app's page at api.slack.com under "
            "Basic Information, in App Credentials: press Show beside Signing Secret."
        ),
    }


def check(values: Mapping[str, str]) -> None:
    """Ask Slack for a token with a code that nobody got: what it says first is whether it knows the app.

    Nothing can be asked with the signing secret: the first event shows whether it is right.
    """
    try:
        with failures():
            client().oauth_v2_access(client_id=values[CLIENT_ID], client_secret=values[CLIENT_SECRET], code="none")
    except DeliveryRefusedError as error:
        if error.code in {"invalid_client_id", "bad_client_secret"}:
            raise NotAcceptedError(*_refusal(error.code)) from error


def is_own(external_id: str) -> bool:
    """Does it name an app, besides the team?"""
    return bool(app_of(external_id))


def _refusal(code: str) -> tuple[str, str]:
    """The sentence and its field."""
    if code == "invalid_client_id":
        return _("Slack knows no app with this Client ID: copy it once more from Basic Information."), CLIENT_ID
    return _("This Client Secret is not that of the app with this Client ID: copy both once more."), CLIENT_SECRET


def redirect_url() -> str:
    """Where Slack sends people after they consented."""
    return f"{settings.PUBLIC_URL}{reverse('come_back', args=['slack'])}"


def request_url(connection_id: UUID) -> str:
    """Where Slack sends this connection's events."""
    return f"{settings.PUBLIC_URL}{reverse('own_webhook_endpoint', args=['slack', connection_id, 'events'])}"


def manifest(connection_id: UUID) -> str:
    """All that the app needs, as JSON to paste at Slack."""
    name = settings.SLACK_APP_NAME[:LONGEST_NAME]
    return json.dumps(
        {
            "display_information": {"name": name},
            "features": {
                "app_home": {
                    "home_tab_enabled": False,
                    "messages_tab_enabled": True,
                    "messages_tab_read_only_enabled": False,
                },
                "agent_view": {
                    "agent_description": _agent_description()[:LONGEST_DESCRIPTION],
                    "suggested_prompts": _suggested_prompts(),
                },
                "bot_user": {"display_name": name, "always_online": True},
            },
            "oauth_config": {"redirect_urls": [redirect_url()], "scopes": {"bot": list(SCOPES)}},
            "settings": {
                "event_subscriptions": {"request_url": request_url(connection_id), "bot_events": list(EVENTS)},
                "org_deploy_enabled": False,
                "socket_mode_enabled": False,
                "token_rotation_enabled": False,
            },
        },
        indent=2,
        ensure_ascii=False,
    )


def _agent_description() -> str:
    return _("Your AI employees: ask them here, or mention the app in a channel.")


def _suggested_prompts() -> list[dict[str, str]]:
    """At most four: https://docs.slack.dev/reference/app-manifest. They open a conversation with whoever answers."""
    asked = {
        _("What can you do?"): _("What can you do for me?"),
        _("Find something out"): _("I have a question: what do you need to know to answer it?"),
        _("Write a draft"): _("Help me to write a message. Ask me what it is about."),
    }
    return [{"title": title, "message": message} for title, message in asked.items()]


def context(connection_id: UUID) -> Mapping[str, str]:
    """The manifest, Slack's page that takes it, and the address that Slack asks."""
    written = manifest(connection_id)
    return {
        "manifest": written,
        "create_url": f"{settings.SLACK_APPS_URL}?{urlencode({'new_app': 1, 'manifest_json': written})}",
        "apps_url": settings.SLACK_APPS_URL,
        "request_url": request_url(connection_id),
    }
