"""The subtypes of Slack's message event, and what each means for an AI employee.

https://docs.slack.dev/reference/events/message lists them; some more are seen in practice.
"""

from channels.providers.base import NOT_A_PERSON
from channels.providers.slack import wordings
from tenants.wordings import NOTHING, Reason, Wording

SPOKEN = {"", "file_share", "thread_broadcast", "me_message", "document_mention", "huddle_thread", "sh_room_created"}
"""Somebody says something, or wants to be heard. The last two are calls: only in a direct message meant for us."""

SILENT: dict[str, Wording] = {
    **dict.fromkeys(("bot_message", "slackbot_response"), NOT_A_PERSON),
    **dict.fromkeys(("message_replied", "reply_broadcast"), wordings.TOLD_BY_ANOTHER),
    **dict.fromkeys(("message_changed", "message_deleted", "tombstone"), wordings.CHANGED),
    "ekm_access_denied": wordings.ENCRYPTED,
    **dict.fromkeys(
        (
            "assistant_app_thread", "app_conversation_join", "app_conversation_leave", "bot_add", "bot_disable",
            "bot_enable", "bot_remove", "channel_archive", "channel_canvas_updated", "channel_convert_to_private",
            "channel_convert_to_public", "channel_join", "channel_leave", "channel_name",
            "channel_posting_permissions", "channel_purpose", "channel_topic", "channel_unarchive", "file_comment",
            "file_mention", "group_archive", "group_join", "group_leave", "group_name", "group_purpose",
            "group_topic", "group_unarchive", "joiner_notification", "joiner_notification_for_inviter",
            "pinned_item", "reminder_add", "reminder_delete", "sh_room_shared", "tabbed_canvas_updated",
            "unpinned_item",
        ),
        wordings.ANNOUNCED,
    ),
}  # fmt: skip
"""Why nobody answers it, by subtype."""


def why_silent(subtype: str, *, is_typed: bool) -> Reason:
    """Why nobody answers an event of this subtype; empty if somebody may.

    is_typed: it has the mark of a message that a person's own Slack sent. An unknown subtype with that mark is newer
    than this code, and is heard.
    """
    if subtype in SPOKEN or (subtype not in SILENT and is_typed):
        return NOTHING
    return SILENT.get(subtype, wordings.ANNOUNCED)()
