"""The site itself: addresses, apps, middleware, templates, static files."""

from urllib.parse import urlsplit

import django_stubs_ext

from config.settings.base import BASE_DIR, PORT, env

# Makes ModelForm[Agent] and similar types valid at run time.
django_stubs_ext.monkeypatch()

DEBUG = False
SECRET_KEY = env.required("SECRET_KEY", "set it to a long random string (`make run` generates one)")
PUBLIC_URL = env.public_url("PUBLIC_URL", f"http://127.0.0.1:{PORT}")
PUBLIC_HOST = urlsplit(PUBLIC_URL).hostname or ""
IS_HTTPS = PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", PUBLIC_HOST)
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
ROOT_URLCONF = "config.urls"
APPEND_SLASH = True

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "config.apps.StaffAdminConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "django_structlog",
    "config.apps.MirrorConfig",
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
    "config.http.request_log.RequestMiddleware",
    "config.http.public_address.PublicAddressMiddleware",
    "config.http.headers.BrowserPolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.http.probes.ProbeMiddleware",
    "config.http.webhooks.WebhookMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tenants.http.request_limits.RequestLimitsMiddleware",
    "tenants.http.visits.PatienceMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.http.sessions.SessionLimitsMiddleware",
    "config.http.messages.LazyMessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tenants.web.views.entry.MailErrorMiddleware",
    "tenants.accounts.sessions.LastSeenMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tenants.http.middleware.WorkspaceMiddleware",
    "tenants.http.throttling.RateLimitMiddleware",
    "billing.web.middleware.StandingMiddleware",
]

TEMPLATE_SOURCES = [
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
    "channels.providers.templates.Loader",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [("django.template.loaders.cached.Loader", TEMPLATE_SOURCES)],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tenants.web.context.portal",
                "billing.web.context.billing",
                "channels.web.context.channels",
            ],
        },
    },
]

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
LANGUAGES = [
    ("en", "English"),
    ("fr", "French"),
    ("de", "German"),
    ("it", "Italian"),
    ("pt", "Portuguese"),
    ("es", "Spanish"),
]
"""In which an AI employee says what no LLM writes. The portal is in English."""
LOCALE_PATHS = [BASE_DIR / "config/locale"]
TIME_ZONE = "UTC"
USE_TZ = True
