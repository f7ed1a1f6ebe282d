"""The environment that Django's settings need before pytest loads them; conftest.py sets the services' addresses."""

import os
import sys
import tempfile

from cryptography.fernet import Fernet

NOWHERE = "127.0.0.1:9"

# Variables that `make test-stripe` passes to the tests that need them (tests/billing/testmode.py).
STRIPE_GIVEN: dict[str, str] = {}
if os.environ.get("REAL_STRIPE"):
    STRIPE_GIVEN = {name: os.environ.get(name, "") for name in ("STRIPE_SECRET_KEY", "STRIPE_API_URL")}

# Otherwise each process that the tests start would compile the project again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Nothing of a developer's own environment or data folder may reach the tests.
OURS = (
    *("ALLOW", "ANTHROPIC_", "API_", "CELERY_", "DATABASE_", "DEFAULT_FROM", "DELETION_", "EMAIL_", "GOOGLE_", "PAST_"),
    *("HEARTBEAT_", "HSTS_", "LEASE_", "LLM_", "LOG_", "LOOP_", "MAILS_", "MESSAGE_", "OPENAI_", "PORT", "PUBLIC_"),
    *("REDIS_", "RETRY_", "SANDBOX", "SENTRY_", "SLACK_", "STAFF_", "STRIPE_", "TRIAL_", "TRUSTED_", "UNKNOWN_"),
    *("CHAT_", "CONNECTION_", "MEDIA_", "PASSWORD_", "PERSON_", "QUIET_", "TENANT_", "WEB_", "WHATSAPP_", "WORKSPACE_"),
)
for name in list(os.environ):
    if name.startswith(OURS):
        del os.environ[name]
os.environ.update(
    ROSTER_DATA=os.path.join(tempfile.gettempdir(), "roster-tests-have-no-data-folder"),  # noqa: PTH118
    SECRET_KEY="only-for-tests",
    PLATFORM_ENCRYPTION_KEYS=Fernet.generate_key().decode(),
    DATABASE_URL=f"postgres://app@{NOWHERE}/roster",
    DATABASE_OWNER_URL=f"postgres://owner@{NOWHERE}/roster",
    DATABASE_STAFF_URL=f"postgres://staff@{NOWHERE}/roster",
    DATABASE_POOL_SIZE="0",
    REDIS_URL=f"redis://{NOWHERE}",
    PUBLIC_URL="http://testserver",
    ALLOW_INSECURE_HTTP="1",
    ALLOWED_HOSTS="testserver,127.0.0.1",
    API_REQUESTS_PER_MINUTE="1000000",
    API_PROVIDER_REQUESTS_PER_MINUTE="1000000",
    API_UNKNOWN_REQUESTS_PER_MINUTE="1000000",
    WORKSPACE_MESSAGES_PER_MINUTE="0",
    CONNECTION_MESSAGES_PER_MINUTE="0",
    PERSON_MESSAGES_PER_MINUTE="0",
    SLACK_CLIENT_ID="111.222",
    SLACK_CLIENT_SECRET="client-secret",
    SLACK_SIGNING_SECRET="signing-secret",
    SLACK_API_URL=f"http://{NOWHERE}/api/",
    SLACK_FILES_URL=f"http://{NOWHERE}/files/",
    WHATSAPP_GRAPH_URL=f"http://{NOWHERE}",
    WHATSAPP_MEDIA_URL=f"http://{NOWHERE}/media/",
    STRIPE_SECRET_KEY="sk_test_0123456789abcdefghijklmnop",
    STRIPE_API_URL=f"http://{NOWHERE}/stripe",
    OPENAI_API_KEY="sk-sandbox-tests",
    OPENAI_BASE_URL=f"http://{NOWHERE}/v1",
)
