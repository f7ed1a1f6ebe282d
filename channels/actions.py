"""What can be done with channels, as the audit trail calls it."""

from django.utils.translation import gettext_lazy as _

from tenants.audit.journal import Action

INSTALL_BEGUN = Action("channel.install_begun", _("Began to connect a channel"))
CHANNEL_CONNECTED = Action("channel.connected", _("Connected a channel"))
CHANNEL_CHANGED = Action("channel.changed", _("Changed when a channel is answered"))
CHANNEL_EMBEDDED = Action("channel.embedded", _("Changed which sites may show a web chat"))
CHANNEL_DISCONNECTED = Action("channel.disconnected", _("Disconnected a channel"))
CHANNEL_RELEASED = Action("channel.released", _("Released a channel to another workspace"))
CHANNEL_KEPT = Action("channel.kept", _("Kept a channel that was released"))
CHANNEL_MOVED = Action("channel.moved", _("A channel moved to another workspace"))
CHANNEL_BROKEN = Action("channel.broken", _("A channel stopped working"))
CHANNEL_WELL = Action("channel.well", _("A channel works again"))
CHANNEL_MENDED = Action("channel.mended", _("Registered a channel's address again"))
CHANNEL_ENDED = Action("channel.ended", _("The provider ended a channel"))
CHANNEL_ROUTED = Action("channel.routed", _("Chose who answers where"))
TEST_SENT = Action("channel.test_sent", _("Sent a test message"))
TEMPLATE_SENT = Action("conversation.template_sent", _("Sent a template to somebody"))
FILE_DOWNLOADED = Action("file.downloaded", _("Downloaded a file that somebody sent"))
PERSON_ERASED = Action("person.erased", _("Erased what a person said"))
CONVERSATIONS_FORGOTTEN = Action("conversations.forgotten", _("Deleted old conversations"))
MESSAGES_REPLAYED = Action("message.replayed", _("Tried failed messages again"))
