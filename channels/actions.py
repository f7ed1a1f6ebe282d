"""What can be done with channels, as the audit trail calls it."""

from tenants.audit.journal import Action

INSTALL_BEGUN = Action("channel.install_begun", "Began to connect a channel")
CHANNEL_CONNECTED = Action("channel.connected", "Connected a channel")
CHANNEL_CHANGED = Action("channel.changed", "Changed when a channel is answered")
CHANNEL_DISCONNECTED = Action("channel.disconnected", "Disconnected a channel")
CHANNEL_BROKEN = Action("channel.broken", "A channel stopped working")
CHANNEL_ENDED = Action("channel.ended", "The provider ended a channel")
TEST_SENT = Action("channel.test_sent", "Sent a test message")
PERSON_ERASED = Action("person.erased", "Erased what a person said")
CONVERSATIONS_FORGOTTEN = Action("conversations.forgotten", "Deleted old conversations")
MESSAGES_REPLAYED = Action("message.replayed", "Tried failed messages again")
