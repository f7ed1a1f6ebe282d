"""Why Slack takes no message, by its error code, for those who can do something about it in Slack.

https://docs.slack.dev/reference/methods/chat.postMessage#errors
"""

from collections.abc import Mapping

NOT_THERE = "the app is not in that channel any more. Somebody there can invite it again."
CLOSED = "your Slack's settings do not let apps write there. An administrator of your Slack can change that."
REFUSALS: Mapping[str, str] = {
    "channel_not_found": NOT_THERE,
    "not_in_channel": NOT_THERE,
    "is_archived": "the channel is archived.",
    "cannot_reply_to_message": "what it answers cannot be replied to.",
    "thread_not_found": "the message that it answers was deleted.",
    "message_not_found": "the message that it answers was deleted.",
    "msg_too_long": "it was too long.",
    "user_is_bot": "what wrote is an app.",
    "cannot_dm_bot": "what wrote is an app.",
    "messages_tab_disabled": "direct messages to the app are switched off in your Slack.",
    "restricted_action": CLOSED,
    "restricted_action_thread_locked": "the thread is locked.",
    "restricted_action_read_only_channel": CLOSED,
    "restricted_action_thread_only_channel": CLOSED,
    "restricted_action_non_threadable_channel": CLOSED,
    "ekm_access_denied": CLOSED,
    "team_access_not_granted": CLOSED,
    "missing_scope": "the app lacks a permission. Connect Slack again, and it is asked for.",
    "no_permission": "the app lacks a permission. Connect Slack again, and it is asked for.",
}
