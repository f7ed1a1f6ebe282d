"""Django's settings, all of them read from the environment (see docs/configuration.md)."""

from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import environment
from config.logging import configure_structlog, logging_config

# Makes ModelForm[Agent] and the like legal at run time.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = environment.read()

# The sandbox: local peers of every outside service. Only base URLs differ.
SANDBOX = env.flag("SANDBOX", default=False)
if SANDBOX:
    env.refuse_sandbox_with_live_credentials()
PORT = env.number("PORT", "8000", parse=environment.port, example="a port number such as 8000")
SANDBOX_URL = env.url("SANDBOX_URL", f"http://127.0.0.1:{PORT + 1}").rstrip("/")


def _peer(path: str, real: str) -> str:
    return f"{SANDBOX_URL}{path}" if SANDBOX else real


# The site
DEBUG = False
SECRET_KEY = env.required("SECRET_KEY", "set it to a long random string (`make run` makes one by itself)")
PUBLIC_URL = env.url("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
PUBLIC_HOST = urlsplit(PUBLIC_URL).hostname or ""
IS_HTTPS = PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", PUBLIC_HOST)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "lucide",
    "rest_framework",
    "template_partials",
    "tenants",
    "usage",
    "billing",
    "agents",
    "channels",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tenants.middleware.WorkspaceMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tenants.context.portal",
            ],
        },
    },
]

# Databases: `app` serves under row-level security, `owner` migrates.
_app = env.database("DATABASE_URL")
_pool_size = env.count("DATABASE_POOL_SIZE", "16")
_pool = {"min_size": 1, "max_size": _pool_size, "timeout": 5} if _pool_size else False
DATABASES = {
    "default": {
        **_app,
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"pool": _pool, "connect_timeout": 5},
    },
}
if env.text("DATABASE_OWNER_URL"):
    DATABASES["owner"] = {
        **env.database("DATABASE_OWNER_URL"),
        "ENGINE": "django.db.backends.postgresql",
        "OPTIONS": {"connect_timeout": 5},
    }
DATABASE_STAFF_URL = env.url("DATABASE_STAFF_URL", schemes=("postgres", "postgresql"))
DATABASE_ADMIN_URL = env.url("DATABASE_ADMIN_URL", schemes=("postgres", "postgresql"))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis: the broker and the cache. Neither holds truth: losing it loses nothing.
REDIS_URL = env.url("REDIS_URL", schemes=("redis", "rediss"))
if not REDIS_URL:
    raise ImproperlyConfigured("REDIS_URL is not set: give a redis:// URL, or run `make run`, which brings its own.")
CELERY_BROKER_URL = env.url("CELERY_BROKER_URL", REDIS_URL, schemes=("redis", "rediss", "amqp", "amqps"))
CACHES = {
    "default": {
        "BACKEND": "tenants.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "roster",
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
}

# Accounts
AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_ADAPTER = "tenants.accounts.AccountAdapter"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"

# Mail
vars().update(env.email("EMAIL_URL", f"smtp://127.0.0.1:{PORT + 2}" if SANDBOX else "smtp://localhost:25"))
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", f"Roster <roster@{PUBLIC_HOST or 'localhost'}>")

# Celery: Postgres is the truth, Celery the engine. Publishing must never block.
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 8
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 0.5
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 0.5,
    "socket_connect_timeout": 0.5,
    "max_retries": 0,
    "retry_on_timeout": False,
    "visibility_timeout": 3600,
}
CELERY_REDIS_SOCKET_TIMEOUT = 0.5
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "channels.tasks.sweep", "schedule": 3.0, "options": {"expires": 3}},
}

# The wizard: each app owns its step.
ONBOARDING_STEPS = [
    "channels.onboarding.ConnectChannel",
    "agents.onboarding.SetUpEmployee",
    "channels.onboarding.SendTestMessage",
]

# Secrets at rest
PLATFORM_ENCRYPTION_KEYS = env.fernet_keys("PLATFORM_ENCRYPTION_KEYS")

# Slack
SLACK_CLIENT_ID = env.text("SLACK_CLIENT_ID")
SLACK_CLIENT_SECRET = env.text("SLACK_CLIENT_SECRET")
SLACK_SIGNING_SECRET = env.text("SLACK_SIGNING_SECRET")
SLACK_API_URL = env.url("SLACK_API_URL", _peer("/slack/api/", "https://slack.com/api/"))
SLACK_AUTHORIZE_URL = env.url(
    "SLACK_AUTHORIZE_URL", _peer("/slack/oauth/v2/authorize", "https://slack.com/oauth/v2/authorize")
)

# LLM providers
OPENAI_API_KEY = env.text("OPENAI_API_KEY")
OPENAI_BASE_URL = env.url("OPENAI_BASE_URL", _peer("/openai/v1", "https://api.openai.com/v1"))
ANTHROPIC_API_KEY = env.text("ANTHROPIC_API_KEY")
ANTHROPIC_BASE_URL = env.url("ANTHROPIC_BASE_URL", _peer("/anthropic", "https://api.anthropic.com"))
LLM_CONNECT_SECONDS = env.number(
    "LLM_CONNECT_SECONDS", "5", parse=environment.not_negative, example="a number of seconds"
)
LLM_TOTAL_SECONDS = env.seconds("LLM_TOTAL_SECONDS", "90")

# Trial
TRIAL_CREDIT_USD = env.number("TRIAL_CREDIT_USD", "5", parse=environment.amount, example="an amount such as 5")

# The pipeline's clocks, in seconds (see docs/pipeline.md)
QUIET_SECONDS = env.seconds("QUIET_SECONDS", "2")
QUIET_MAX_SECONDS = env.seconds("QUIET_MAX_SECONDS", "10")
LEASE_SECONDS = env.seconds("LEASE_SECONDS", "20")
HEARTBEAT_SECONDS = env.seconds("HEARTBEAT_SECONDS", "5")
UNKNOWN_FREES_SECONDS = env.number(
    "UNKNOWN_FREES_SECONDS", "60", parse=environment.not_negative, example="a number of seconds"
)
if HEARTBEAT_SECONDS >= LEASE_SECONDS:
    raise ImproperlyConfigured("HEARTBEAT_SECONDS must be shorter than LEASE_SECONDS: a quarter of it is good.")
RETRY_SECONDS = env.seconds("RETRY_SECONDS", "2")

# Static files: hashed names, compressed, served by WhiteNoise.
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / ".static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Time and language
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

# Hardening
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# REST API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.permissions.InWorkspace"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tenants.parsers.BoundedJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "tenants.pagination.NewestFirst",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "tenants.problems.problem_response",
    "PAGE_SIZE": 50,
    "COERCE_DECIMAL_TO_STRING": True,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Roster API",
    "DESCRIPTION": "AI employees, their channels, conversations and usage.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
}

# Logs
LOGGING = logging_config(json=not SANDBOX)
configure_structlog()
DJANGO_STRUCTLOG_CELERY_ENABLED = False
