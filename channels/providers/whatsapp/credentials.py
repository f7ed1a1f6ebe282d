"""What verifies Meta's requests and signs ours: the platform's app, or the connection's own.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint and
https://developers.facebook.com/docs/graph-api/guides/secure-requests
"""

import hashlib
import hmac
from collections.abc import Mapping

from django.conf import settings

VERIFY_TOKEN = "verify_token"  # noqa: S105 - the name of one
APP_SECRET = "app_secret"  # noqa: S105 - the name of one
SIGNED_AS = "sha256="


def app_secret_of(secrets: Mapping[str, str] | None) -> str:
    """What signs a request: for a connection's own address (`secrets` is not None) only its own counts."""
    return str(settings.WHATSAPP_APP_SECRET) if secrets is None else secrets.get(APP_SECRET, "")


def verify_token_of(secrets: Mapping[str, str] | None) -> str:
    """What Meta says when it asks whether an address is ours.

    Each connection has its own. For those that were made before, it follows from the app secret.
    """
    if secrets is None:
        return str(settings.WHATSAPP_VERIFY_TOKEN)
    if secrets.get(VERIFY_TOKEN):
        return secrets[VERIFY_TOKEN]
    secret = secrets.get(APP_SECRET, "")
    return _digest(secret, b"verify token") if secret else ""


def is_verify_token(given: str, secrets: Mapping[str, str] | None) -> bool:
    """Is this the verify token? Without one, nothing is."""
    wanted = verify_token_of(secrets)
    return bool(wanted) and hmac.compare_digest(given.encode(errors="replace"), wanted.encode())


def is_signed(body: bytes, signature: str, secrets: Mapping[str, str] | None) -> bool:
    """Is X-Hub-Signature-256 that of these raw bytes? Without an app secret, nothing is signed."""
    wanted = signature_of(body, secrets)
    return bool(wanted) and hmac.compare_digest(signature.encode(errors="replace"), wanted.encode())


def signature_of(body: bytes, secrets: Mapping[str, str] | None) -> str:
    """What Meta writes into X-Hub-Signature-256; empty if we know no secret."""
    secret = app_secret_of(secrets)
    return f"{SIGNED_AS}{_digest(secret, body)}" if secret else ""


def proof_of(token: str, secrets: Mapping[str, str]) -> str:
    """appsecret_proof: a token that leaked is of no use without the secret. Empty if we know none."""
    secret = app_secret_of(secrets if secrets.get(APP_SECRET) else None)
    return _digest(secret, token.encode()) if secret and token else ""


def _digest(secret: str, content: bytes) -> str:
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
