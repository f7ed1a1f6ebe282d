"""Who wrote a message event: a person, a machine, or somebody through an app, which only Slack can tell."""

from enum import Enum
from typing import Any

SLACKBOT = "USLACKBOT"


class Author(Enum):
    """What an event alone tells about its author."""

    PERSON = "person"
    MACHINE = "machine"
    UNSURE = "unsure"
    """Posted by a token. Slack puts the app's bot_id on all that a token posts, a person's token included: only
    users.info knows whether the user is a bot. https://docs.slack.dev/reference/methods/chat.postMessage#authorship"""


def author_of(event: Any, *, bot_user_id: str, app_id: str | None, is_direct: bool) -> Author:
    """Judge a message event (see events.Message). bot_user_id: our own user there; app_id: the app of the envelope."""
    if not isinstance(event.user, str) or event.user in {bot_user_id, SLACKBOT} or event.subtype == "bot_message":
        return Author.MACHINE
    profile = event.bot_profile if isinstance(event.bot_profile, dict) else {}
    posting_app = event.app_id or profile.get("app_id")
    if not (event.bot_id or posting_app):
        return Author.PERSON
    if not posting_app or posting_app == app_id or profile.get("is_workflow_bot"):
        return Author.MACHINE  # an old integration, an employee of ours in another installation, a workflow
    if is_direct or profile.get("user_id") not in (None, event.user):
        return Author.PERSON  # in a direct message there is only one person and us; or the app's bot is somebody else
    return Author.UNSURE
