"""What goes wrong with WhatsApp, in sentences that can be stored. %(code)s is Meta's own number for it."""

from django.utils.translation import gettext_lazy as _

from tenants.wordings import Wording

BUSY = Wording("whatsapp.busy", _("WhatsApp does not answer right now. Nothing was changed: try again in a minute."))
UNREACHABLE = Wording("whatsapp.unreachable", _("WhatsApp cannot be reached."))
LIMITED = Wording("whatsapp.limited", _("WhatsApp limits how many messages may be sent (%(code)s)."))
OWN_TROUBLE = Wording(
    "whatsapp.own_trouble", _("WhatsApp has a problem of its own (HTTP %(status)s, code %(code)s): %(details)s")
)
REFUSED = Wording("whatsapp.refused", _("WhatsApp refused the message (code %(code)s): %(details)s"))
DEAD_TOKEN = Wording(
    "whatsapp.dead_token", _("WhatsApp no longer accepts the access token (code %(code)s): connect WhatsApp again.")
)
LOCKED = Wording("whatsapp.locked", _("Meta has restricted the WhatsApp account (code %(code)s): %(details)s"))
NO_ANSWER = Wording("whatsapp.no_answer", _("WhatsApp's answer did not arrive: %(error)s."))
UNDOCUMENTED = Wording(
    "whatsapp.undocumented",
    _("WhatsApp's answer is not as Meta's documentation says: look at its %(field)s."),
)
WRITE_FIRST = Wording(
    "whatsapp.write_first",
    _("On WhatsApp people have to write first. Send a message to %(number)s from your own phone."),
)
NO_ACCOUNT = Wording(
    "whatsapp.account_unknown",
    _("It is not known to which WhatsApp Business account this number belongs: connect WhatsApp again."),
)

REACTION = Wording("whatsapp.reaction", _("A reaction to a message: nobody expects an answer."))
IN_A_GROUP = Wording("whatsapp.in_a_group", _("Written in a WhatsApp group, where employees do not answer."))
NEW_ID = Wording("whatsapp.new_id", _("WhatsApp's own note that somebody's number or id changed: nobody wrote it."))
META_ANSWERS = Wording("whatsapp.meta_answers", _("Meta's own agent has this conversation, and answers it."))
ECHO = Wording("whatsapp.echo", _("A copy of what the business itself wrote."))
TROUBLE = Wording("whatsapp.trouble", _("WhatsApp reports trouble of its own (code %(code)s): %(details)s"))
NO_LOOK_UP = Wording("whatsapp.no_look_up", _("WhatsApp cannot be asked what became of a message: it says so itself."))
NO_MESSAGE = Wording("whatsapp.no_message", _("Not a message."))
