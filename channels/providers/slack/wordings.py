"""What goes wrong with Slack, in sentences that can be stored. %(code)s is Slack's own word for it."""

from django.utils.translation import gettext_lazy as _

from tenants.wordings import Wording

BUSY = Wording("slack.busy", _("Slack does not answer right now. Nothing was changed: try again in a minute."))
UNREACHABLE = Wording("slack.unreachable", _("Slack cannot be reached."))
LIMITED = Wording("slack.limited", _("Slack limits how often messages may be sent."))
OWN_TROUBLE = Wording("slack.own_trouble", _("Slack has a problem of its own (HTTP %(status)s %(code)s)."))
DEAD_TOKEN = Wording("slack.dead_token", _("Slack no longer accepts the token (%(code)s): connect Slack again."))
REFUSED = Wording("slack.refused", _("Slack refused the message: %(code)s."))
NO_FILES = Wording(
    "slack.no_files",
    _(
        "Slack did not hand over the file: the app may lack the permission files:read. Connect Slack again under "
        "Channels, and Slack asks you for it."
    ),
)

NO_ANSWER = Wording("slack.no_answer", _("Slack's answer did not arrive: %(error)s."))
UNREADABLE = Wording("slack.unreadable", _("Slack's answer cannot be read (%(error)s)."))
UNDOCUMENTED = Wording(
    "slack.undocumented",
    _("Slack's answer to %(method)s is not as Slack's documentation says: look at its %(field)s."),
)
CUT_OFF = Wording("slack.cut_off", _("The connection to Slack broke: %(error)s."))
TOO_MUCH_SINCE = Wording(
    "slack.too_much_since",
    _("Too many messages came after it to see whether it arrived: look in Slack."),
)

NOT_A_MESSAGE = Wording("slack.not_a_message", _("Not a message."))
ANNOUNCED = Wording("slack.announced", _("Slack's own announcement: nobody wrote it."))
TOLD_BY_ANOTHER = Wording("slack.told_by_another", _("Slack sends the message in another event."))
CHANGED = Wording("slack.changed", _("A message was changed or deleted."))
ENCRYPTED = Wording("slack.encrypted", _("The Slack workspace's own encryption keeps it from us."))
