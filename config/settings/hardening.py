"""Security settings for browsers, proxies and requests (see docs/security.md).

The sources are OWASP's ASVS 5.0, level 2, and the scoring rules of Mozilla's HTTP Observatory.
"""

from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config.settings.accounts import SOCIALACCOUNT_PROVIDERS
from config.settings.base import TRUSTED_PROXIES, env
from config.settings.billing import STRIPE_PAGES
from config.settings.site import IS_HTTPS, PUBLIC_URL

DAY = 24 * 60 * 60

# HTTPS. The header with the scheme counts only if there is a proxy in front that sets it.
if IS_HTTPS and not env.text("TRUSTED_PROXIES"):
    raise ImproperlyConfigured(
        "TRUSTED_PROXIES is not set although PUBLIC_URL is https://: set it to the number of proxies in front of the "
        "web, usually 1, or to 0 if the web itself terminates TLS."
    )
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS and TRUSTED_PROXIES else None
USE_X_FORWARDED_HOST = USE_X_FORWARDED_PORT = False
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_SSL_HOST = urlsplit(PUBLIC_URL).netloc
PROBES = ("livez", "readyz", "healthz")
SECURE_REDIRECT_EXEMPT = [rf"^{name}$" for name in PROBES]  # clusters probe over plain HTTP
SECURE_HSTS_SECONDS = 365 * DAY if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
# Preloading commits every subdomain for years, so hstspreload.org asks sites not to send it by default.
SECURE_HSTS_PRELOAD = env.flag("HSTS_PRELOAD", default=False)
# dj-stripe warns about any STRIPE_API_HOST; config/stripe_key.py refuses the wrong ones.
SILENCED_SYSTEM_CHECKS = ["djstripe.W002", *([] if SECURE_HSTS_PRELOAD else ["security.W021"])]

# Cookies. With the prefix, browsers require Secure, the path / and no domain, so no subdomain can set one.
_prefix = "__Host-" if IS_HTTPS else ""
SESSION_COOKIE_NAME = f"{_prefix}sessionid"
CSRF_COOKIE_NAME = f"{_prefix}csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "tenants.http.errors.csrf_failed"
# A session ends after a week without a visit, and after 30 days at most. Sensitive actions ask for the password anyway.
SESSION_ENGINE = "tenants.accounts.session_store"
SESSION_COOKIE_AGE = 7 * DAY
SESSION_ABSOLUTE_SECONDS = 30 * DAY
SESSION_RENEW_SECONDS = 60 * 60

# Limits on requests. Meta's webhooks are the largest: up to 3 MB.
DATA_UPLOAD_MAX_MEMORY_SIZE = WEBHOOK_MAX_BYTES = 4 * 1024 * 1024
REQUEST_MAX_BYTES = 2 * 1024 * 1024
WEB_THREADS = env.count("WEB_THREADS", "24")
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 10
JSON_MAX_DEPTH = 32

# What browsers may do with our pages.
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
WHITENOISE_ALLOW_ALL_ORIGINS = False
# Browsers apply form-action to redirects too, such as those to a login provider or to a payment page.
_apps = SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
_addresses = [urlsplit(app["settings"]["server_url"]) for app in _apps]
_log_ins = [f"{address.scheme}://{address.netloc}" for address in _addresses]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "worker-src": [NONE],
        "form-action": [SELF, *_log_ins, *STRIPE_PAGES],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "upgrade-insecure-requests": IS_HTTPS,
    }
}
PERMISSIONS_POLICY = {
    "publickey-credentials-create": "(self)",
    "publickey-credentials-get": "(self)",
    "clipboard-write": "(self)",
    **dict.fromkeys(
        (
            "accelerometer",
            "autoplay",
            "camera",
            "clipboard-read",
            "display-capture",
            "encrypted-media",
            "fullscreen",
            "geolocation",
            "gyroscope",
            "hid",
            "idle-detection",
            "local-fonts",
            "magnetometer",
            "microphone",
            "midi",
            "payment",
            "picture-in-picture",
            "screen-wake-lock",
            "serial",
            "usb",
            "xr-spatial-tracking",
        ),
        "()",
    ),
}
