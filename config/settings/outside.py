"""Outside services, and the platform's credentials for them."""

from config import environment
from config.settings.base import PORT, SANDBOX, env, peer
from config.settings.site import PUBLIC_HOST

# How many threads of a web process may wait for one outside service at a time, and how many seconds one request may
# wait for all of them together (tenants/outbound/patience.py).
WEB_PROVIDER_PLACES = env.quota("WEB_PROVIDER_PLACES", "3")
WEB_PROVIDER_SECONDS = env.seconds("WEB_PROVIDER_SECONDS", "20")

# Mail
vars().update(env.email("EMAIL_URL", f"smtp://127.0.0.1:{PORT + 2}" if "mail" in SANDBOX else "smtp://localhost:25"))
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", f"Roster <roster@{PUBLIC_HOST or 'localhost'}>")
MAILS_PER_DAY = env.quota("MAILS_PER_DAY", "50")
# Who gets a mail when something fails that nobody in a workspace can fix
STAFF_EMAIL = env.text("STAFF_EMAIL")

# Secrets at rest
PLATFORM_ENCRYPTION_KEYS = env.fernet_keys("PLATFORM_ENCRYPTION_KEYS")

# Slack. SLACK_APP_NAME is the app's name there, which people see.
SLACK_APP_NAME = env.text("SLACK_APP_NAME", "Roster")
SLACK_CLIENT_ID = env.text("SLACK_CLIENT_ID")
SLACK_CLIENT_SECRET = env.text("SLACK_CLIENT_SECRET")
SLACK_SIGNING_SECRET = env.text("SLACK_SIGNING_SECRET")
SLACK_API_URL = env.url("SLACK_API_URL", peer("slack", "/slack/api/", "https://slack.com/api/"))
SLACK_AUTHORIZE_URL = env.url(
    "SLACK_AUTHORIZE_URL", peer("slack", "/slack/oauth/v2/authorize", "https://slack.com/oauth/v2/authorize")
)
SLACK_FILES_URL = env.url("SLACK_FILES_URL", peer("slack", "/slack/files/", "https://files.slack.com/"))
SLACK_APPS_URL = env.url("SLACK_APPS_URL", peer("slack", "/slack/apps", "https://api.slack.com/apps"))

# WhatsApp. The platform's Meta app, if it has one; workspaces bring their own.
WHATSAPP_APP_SECRET = env.text("WHATSAPP_APP_SECRET")
WHATSAPP_VERIFY_TOKEN = env.text("WHATSAPP_VERIFY_TOKEN")
# Embedded sign-up: the platform's Meta app, and the configuration of its Facebook Login for Business.
WHATSAPP_APP_ID = env.text("WHATSAPP_APP_ID")
WHATSAPP_SIGNUP_CONFIG_ID = env.text("WHATSAPP_SIGNUP_CONFIG_ID")
WHATSAPP_SIGNUP_URL = env.url("WHATSAPP_SIGNUP_URL", "https://www.facebook.com")
WHATSAPP_GRAPH_URL = env.url("WHATSAPP_GRAPH_URL", peer("whatsapp", "/whatsapp/graph", "https://graph.facebook.com"))
# The only host from which WhatsApp's media are fetched: Meta's own.
WHATSAPP_MEDIA_URL = env.url("WHATSAPP_MEDIA_URL", peer("whatsapp", "/whatsapp/media/", "https://lookaside.fbsbx.com/"))
# Where a person opens the chat with a number.
WHATSAPP_CHAT_URL = env.url("WHATSAPP_CHAT_URL", peer("whatsapp", "/whatsapp/chat/", "https://wa.me/"))
WHATSAPP_GRAPH_VERSION = env.number(
    "WHATSAPP_GRAPH_VERSION", "v26.0", parse=environment.graph_version, example="a version such as v26.0"
)

# LLM providers
OPENAI_API_KEY = env.text("OPENAI_API_KEY")
OPENAI_BASE_URL = env.url("OPENAI_BASE_URL", peer("llm", "/openai/v1", "https://api.openai.com/v1"))
ANTHROPIC_API_KEY = env.text("ANTHROPIC_API_KEY")
ANTHROPIC_BASE_URL = env.url("ANTHROPIC_BASE_URL", peer("llm", "/anthropic", "https://api.anthropic.com"))
LLM_CONNECT_SECONDS = env.number(
    "LLM_CONNECT_SECONDS", "5", parse=environment.not_negative, example="a number of seconds"
)
LLM_TOTAL_SECONDS = env.seconds("LLM_TOTAL_SECONDS", "90")

# Trial
TRIAL_CREDIT_USD = env.number("TRIAL_CREDIT_USD", "5", parse=environment.amount, example="an amount such as 5")
