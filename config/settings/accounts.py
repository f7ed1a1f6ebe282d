"""Accounts: how people sign up, log in and stay logged in."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config.settings.base import env
from config.settings.site import IS_HTTPS

AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Password hashing is slow on purpose. Each web process hashes only so many at once and lets only so many requests wait
# (tenants/accounts/hashing.py); further ones are asked to try again.
PASSWORD_HASHERS = ["tenants.accounts.hashing.LimitedHasher"]
PASSWORD_HASHES_AT_ONCE = env.quota("PASSWORD_HASHES_AT_ONCE", "2")
PASSWORD_HASHES_WAITING = env.count("PASSWORD_HASHES_WAITING", "6")
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"

# Sign-up and login: with an email address, and a password or a code sent to that address.
ACCOUNT_ADAPTER = "tenants.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "tenants.accounts.forms.LoginForm",
    "signup": "tenants.accounts.signup.SignupForm",
    "request_login_code": "tenants.accounts.forms.RequestLoginCodeForm",
    "reset_password": "tenants.accounts.forms.ResetPasswordForm",
    "add_email": "tenants.accounts.forms.AddEmailForm",
    "confirm_login_code": "tenants.accounts.tries.ConfirmLoginCodeForm",
    "confirm_email_verification_code": "tenants.accounts.tries.ConfirmEmailVerificationCodeForm",
    "confirm_password_reset_code": "tenants.accounts.tries.ConfirmPasswordResetCodeForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True

# Changes: an account has one address, and changing it takes a code from the old mailbox and one from the new. People
# have to authenticate again after five minutes. Each change is announced by mail.
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_EMAIL_NOTIFICATIONS = True

# Limits per client (tenants.clients: the address that our own proxies saw; IPv6 per /64) and per account. Limits per
# client stop one machine that tries many accounts, and leave room for an office behind one address. Limits per key stop
# many machines that try one account: five wrong passwords in five minutes (at most 1,440 a day, against ten characters
# or more), three mails a minute and ten an hour to one mailbox. A stranger can use up somebody's five tries; the owner
# can still use a code, a passkey, Google or Slack. Without Redis each web process counts alone (tenants.http.cache).
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "signup": "20/m/ip,100/h/ip",
    "request_login_code": "20/m/ip,3/m/key,10/h/key",
    "reset_password": "20/m/ip,3/m/key,10/h/key",
    "reset_password_from_key": "20/m/ip",
    "confirm_email": "1/10s/key,10/h/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
}

# The second factor: an authenticator app or a passkey, with recovery codes. Their secrets are encrypted at rest.
MFA_ADAPTER = "tenants.accounts.adapter.MFAAdapter"
MFA_FORMS = {
    "authenticate": "tenants.accounts.second_steps.AuthenticateForm",
    "reauthenticate": "tenants.accounts.second_steps.ReauthenticateForm",
    "activate_totp": "tenants.accounts.second_steps.ActivateTOTPForm",
    "add_webauthn": "tenants.accounts.passkeys.AddWebAuthnForm",
    "authenticate_webauthn": "tenants.accounts.passkeys.AuthenticateWebAuthnForm",
    "reauthenticate_webauthn": "tenants.accounts.passkeys.ReauthenticateWebAuthnForm",
    "login_webauthn": "tenants.accounts.passkeys.LoginWebAuthnForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Roster"
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_HTTPS

# Login with Google or Slack, if configured. Their tokens are not stored. They never match an account by email address:
# people connect them on the account's page while logged in.
SOCIALACCOUNT_ADAPTER = "tenants.accounts.logins.SocialAccountAdapter"
SOCIALACCOUNT_FORMS = {
    "disconnect": "tenants.accounts.logins.DisconnectForm",
    "signup": "tenants.accounts.logins.SignupForm",
}
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_LOGIN_ON_GET = False


def _provider(name: str, url: str) -> list[dict[str, Any]]:
    """The OpenID provider from <NAME>_LOGIN_CLIENT_ID, _SECRET and _URL, if it is configured."""
    prefix = f"{name.upper()}_LOGIN"
    client_id, secret = env.text(f"{prefix}_CLIENT_ID"), env.text(f"{prefix}_CLIENT_SECRET")
    if bool(client_id) != bool(secret):
        raise ImproperlyConfigured(f"Set both {prefix}_CLIENT_ID and {prefix}_CLIENT_SECRET, or neither.")
    settings = {
        "server_url": env.url(f"{prefix}_URL", url).rstrip("/"),
        "oauth_pkce_enabled": True,
        "fetch_userinfo": False,
        "token_auth_method": "client_secret_post",
    }
    app = {"provider_id": name.lower(), "name": name, "client_id": client_id, "secret": secret, "settings": settings}
    return [app] if client_id else []


SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "APPS": [*_provider("Google", "https://accounts.google.com"), *_provider("Slack", "https://slack.com")]
    }
}
