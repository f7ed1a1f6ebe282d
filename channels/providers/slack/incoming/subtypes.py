"""The subtypes of Slack's message event, and what each means for an AI employee.

https://docs.slack.dev/reference/events/message lists them; some more are seen in practice.
"""

SPOKEN = {"", "file_share", "thread_broadcast", "me_message", "document_mention", "huddle_thread", "sh_room_created"}
"""Somebody says something, or wants to be heard. The last two are calls: only in a direct message meant for us."""

NOT_A_PERSON = "Not said by a person."
ANNOUNCED = "Slack announces something; nobody said it."
TOLD_BY_ANOTHER = "Slack tells of a message by another event."
CHANGED = "A message was changed or deleted."
UNREADABLE = "The workspace's own encryption keeps it from us."

SILENT = {
    **dict.fromkeys(("bot_message", "slackbot_response"), NOT_A_PERSON),
    **dict.fromkeys(("message_replied", "reply_broadcast"), TOLD_BY_ANOTHER),
    **dict.fromkeys(("message_changed", "message_deleted", "tombstone"), CHANGED),
    "ekm_access_denied": UNREADABLE,
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
        ANNOUNCED,
    ),
}  # fmt: skip
"""Why nobody answers it, by subtype."""


def why_silent(subtype: str, *, is_typed: bool) -> str:
    """Why nobody answers an event of this subtype; empty if somebody may.

    is_typed: it has the mark of a message that a person's own Slack sent. What is neither spoken nor known, and has
    that mark, came later than this code, and is heard.
    """
    if subtype in SPOKEN or (subtype not in SILENT and is_typed):
        return ""
    return SILENT.get(subtype, ANNOUNCED)
