"""Why Slack takes no message, by its error code, for those who can do something about it in Slack.

https://docs.slack.dev/reference/methods/chat.postMessage#errors
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NOT_THERE = _(
    "Slack did not take the message: the app is not in that channel any more. Somebody there can invite it again."
)
CLOSED = _(
    "Slack did not take the message: your Slack's settings do not let apps write there. An administrator of your Slack "
    "can change that."
)
DELETED = _("Slack did not take the message: the message that it answers was deleted.")
TO_AN_APP = _("Slack did not take the message: it answers an app.")
NO_PERMISSION = _(
    "Slack did not take the message: the app lacks a permission. Connect Slack again, and Slack asks you for it."
)
REFUSALS: Mapping[str, Promise] = {
    "channel_not_found": NOT_THERE,
    "not_in_channel": NOT_THERE,
    "is_archived": _("Slack did not take the message: the channel is archived."),
    "cannot_reply_to_message": _("Slack did not take the message: what it answers takes no replies."),
    "thread_not_found": DELETED,
    "message_not_found": DELETED,
    "msg_too_long": _("Slack did not take the message: it was too long."),
    "user_is_bot": TO_AN_APP,
    "cannot_dm_bot": TO_AN_APP,
    "messages_tab_disabled": _(
        "Slack did not take the message: direct messages to the app are switched off in your Slack."
    ),
    "restricted_action": CLOSED,
    "restricted_action_thread_locked": _("Slack did not take the message: the thread is locked."),
    "restricted_action_read_only_channel": CLOSED,
    "restricted_action_thread_only_channel": CLOSED,
    "restricted_action_non_threadable_channel": CLOSED,
    "ekm_access_denied": CLOSED,
    "team_access_not_granted": CLOSED,
    "missing_scope": NO_PERMISSION,
    "no_permission": NO_PERMISSION,
}
