"""The wizard's steps, and the pipeline's clocks in seconds (see docs/pipeline.md)."""

from django.core.exceptions import ImproperlyConfigured

from config import environment
from config.settings.base import env

# The wizard: each app owns its steps.
ONBOARDING_STEPS = [
    "channels.web.onboarding.ConnectChannel",
    "agents.web.onboarding.SetUpEmployee",
    "channels.web.onboarding.SendTestMessage",
]

# The channels of AI employees, which agents cannot know (agents/web/presence.py says what this returns).
REACHABILITY = "channels.web.presence.of_employees"
SPEAKS_AS = "channels.web.connecting.whose_name"

# The channels' providers, by dotted path (see docs/adding-a-provider.md).
CHANNEL_PROVIDERS = [
    "channels.providers.slack.Slack",
    "channels.providers.whatsapp.WhatsApp",
    "channels.providers.webchat.WebChat",
]

QUIET_SECONDS = env.seconds("QUIET_SECONDS", "1")
QUIET_MAX_SECONDS = env.seconds("QUIET_MAX_SECONDS", "10")
LEASE_SECONDS = env.seconds("LEASE_SECONDS", "20")
HEARTBEAT_SECONDS = env.seconds("HEARTBEAT_SECONDS", "5")
UNKNOWN_FREES_SECONDS = env.number(
    "UNKNOWN_FREES_SECONDS", "60", parse=environment.not_negative, example="a number of seconds"
)
if HEARTBEAT_SECONDS >= LEASE_SECONDS:
    raise ImproperlyConfigured("HEARTBEAT_SECONDS must be shorter than LEASE_SECONDS: a quarter of it is good.")
# Conversations under way at once in a worker, those of one workspace, and the same for its threads. A conversation
# that waits for its LLM takes a slot and no thread.
MESSAGE_SLOTS = env.count("MESSAGE_SLOTS", "400")
TENANT_SLOTS = env.count("TENANT_SLOTS", "100")
MESSAGE_THREADS = env.count("MESSAGE_THREADS", "32")
TENANT_THREADS = env.count("TENANT_THREADS", "8")
# Of the threads of a worker (--concurrency), so many at most are for billing, exports and mail.
BACKGROUND_THREADS = env.count("BACKGROUND_THREADS", "16")
# Each connected channel is checked so often (channels/health/).
CHECK_SECONDS = env.seconds("CHECK_SECONDS", "3600")
RETRY_SECONDS = env.seconds("RETRY_SECONDS", "2")

# How long an outside account that was released may be connected by another workspace.
CHANNEL_RELEASE_HOURS = env.quota("CHANNEL_RELEASE_HOURS", "24")
# What a web chat takes in a minute: of one visitor, and from one address in one chat.
CHAT_MESSAGES_PER_MINUTE = env.quota("CHAT_MESSAGES_PER_MINUTE", "15")
# The latter is below CONNECTION_MESSAGES_PER_MINUTE, so that nobody alone keeps the others of a chat waiting.
CHAT_ADDRESS_MESSAGES_PER_MINUTE = env.quota("CHAT_ADDRESS_MESSAGES_PER_MINUTE", "20")
# Open pages of web chats that hear of news at once, for one web process, and of these from one address. Further ones
# look every few seconds. granian's --backpressure must be well above the first.
CHAT_OPEN_PAGES = env.quota("CHAT_OPEN_PAGES", "2000")
CHAT_OPEN_PAGES_PER_ADDRESS = env.quota("CHAT_OPEN_PAGES_PER_ADDRESS", "30")

# Two bots must not keep each other talking (channels/messages/limits/loops.py); 0 turns a limit off.
LOOP_ANSWERS = env.count("LOOP_ANSWERS", "20")
LOOP_SECONDS = env.seconds("LOOP_SECONDS", "300")
LOOP_DAILY_ANSWERS = env.count("LOOP_DAILY_ANSWERS", "300")

# Messages a minute that are taken up (channels/messages/limits/rates.py); the rest waits. 0 turns a limit off.
WORKSPACE_MESSAGES_PER_MINUTE = env.count("WORKSPACE_MESSAGES_PER_MINUTE", "60")
CONNECTION_MESSAGES_PER_MINUTE = env.count("CONNECTION_MESSAGES_PER_MINUTE", "30")
PERSON_MESSAGES_PER_MINUTE = env.count("PERSON_MESSAGES_PER_MINUTE", "10")

# Files that people send (channels/media): the largest of each kind, and what a workspace may keep, in MB.
MEDIA_BYTES = {
    kind: env.count(f"MEDIA_{kind.upper()}_MB", most) * 1_000_000
    for kind, most in (("image", "20"), ("audio", "25"), ("video", "100"), ("sticker", "1"), ("document", "100"))
}
MEDIA_WORKSPACE_BYTES = env.quota("MEDIA_WORKSPACE_MB", "5000") * 1_000_000
# What apps add to an export beside their tables, by dotted path (tenants/privacy/archive.py).
EXPORT_FILES = ["channels.media.exporting.files"]
