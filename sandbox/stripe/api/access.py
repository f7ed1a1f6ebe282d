"""Who may call, and with which version. https://docs.stripe.com/keys · https://docs.stripe.com/api/versioning"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from typing import Final

from sandbox.stripe.account.errors import INVALID, StripeError
from sandbox.stripe.account.peer import Stripe

SECRET: Final = re.compile(r"(sk|rk)_test_\w+")
VERSION: Final = re.compile(r"\d{4}-\d\d-\d\d\.dahlia")


def check(peer: Stripe, headers: Mapping[str, str]) -> None:
    """Raises StripeError without a test-mode secret key of this account, or for another account's objects."""
    key = _key(headers)
    if not key:
        raise StripeError(401, INVALID, NO_KEY)
    if key.startswith("pk_"):
        raise StripeError(401, INVALID, PUBLISHABLE, "secret_key_required")
    expected = peer.account.secret_key
    if not SECRET.fullmatch(key) or (expected and not hmac.compare_digest(key.encode(), expected.encode())):
        raise StripeError(401, INVALID, f"Invalid API Key provided: {_hidden(key)}")
    account = headers.get("stripe-account", peer.account_id)
    if account != peer.account_id:
        message = (
            f"The provided key '{_hidden(key)}' does not have access to account '{account}' (or that account does not "
            "exist). Application access may have been revoked."
        )
        raise StripeError(403, INVALID, message, "account_invalid")


NO_KEY: Final = (
    "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth "
    "(e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we "
    "can help at https://support.stripe.com/."
)
PUBLISHABLE: Final = (
    "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list of your "
    "API keys at https://dashboard.stripe.com/account/apikeys."
)


def version(peer: Stripe, headers: Mapping[str, str]) -> str:
    """The version that the caller requests: any month of Dahlia, since they share one format. Raises StripeError."""
    wanted = headers.get("stripe-version", peer.api_version)
    if not VERSION.fullmatch(wanted):
        message = f"Invalid Stripe API version: {wanted}. The sandbox supports {peer.api_version}."
        raise StripeError(400, INVALID, message)
    return wanted


def _key(headers: Mapping[str, str]) -> str:
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _hidden(key: str) -> str:
    """A key as Stripe shows it: its prefix and last four characters."""
    kind = re.match(r"(?:[a-z]+_(?:test|live)_)?", key)
    start = kind[0] if kind else ""
    rest = key[len(start) :]
    return f"{start}{'*' * max(len(rest) - 4, 4)}{rest[-4:] if len(rest) > 8 else ''}"
