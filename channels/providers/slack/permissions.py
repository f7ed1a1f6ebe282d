"""What people miss where Slack did not give the app a permission that it asked for.

https://docs.slack.dev/reference/scopes
"""

from collections.abc import Collection, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

LOSSES: Mapping[str, Promise] = {
    "app_mentions:read": gettext_lazy("Without app_mentions:read, mentions of the app are not answered."),
    "assistant:write": gettext_lazy(
        "Without assistant:write, people do not see that the AI employee is working, and cannot stop it."
    ),
    "channels:history": gettext_lazy("Without channels:history, replies in public channels need a mention."),
    "channels:read": gettext_lazy("Without channels:read, public channels cannot be chosen by their names here."),
    "chat:write": gettext_lazy("Without chat:write, nobody gets an answer."),
    "chat:write.customize": gettext_lazy(
        "Without chat:write.customize, all answers come under the app's name and picture, whoever wrote them."
    ),
    "files:read": gettext_lazy("Without files:read, the files that people send cannot be fetched."),
    "groups:history": gettext_lazy("Without groups:history, replies in private channels need a mention."),
    "groups:read": gettext_lazy("Without groups:read, private channels cannot be chosen by their names here."),
    "im:history": gettext_lazy("Without im:history, direct messages are not answered."),
    "im:write": gettext_lazy("Without im:write, no test message can be sent."),
    "mpim:history": gettext_lazy("Without mpim:history, replies in group direct messages need a mention."),
    "users:read": gettext_lazy("Without users:read, the AI employee does not know people's names."),
}


def losses(granted: Collection[str]) -> str:
    """What people miss, by what was not granted, and what to do; empty if nothing is missing."""
    missing = [str(words) for scope, words in LOSSES.items() if scope not in granted]
    if not missing:
        return ""
    intro = _("Slack did not give Roster every permission.")
    fix = _("Choose “Connect again” under Channels, and allow all of them in Slack.")
    return " ".join([intro, *missing, fix])
