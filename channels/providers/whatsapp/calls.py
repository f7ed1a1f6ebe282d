"""Calls of the Graph API, and what can go wrong with them. https://developers.facebook.com/docs/graph-api/"""

from collections.abc import Mapping
from typing import Any

from channels.providers.base import CALL_SECONDS, DeliveryRefusedError
from channels.providers.shapes.sending import Account
from channels.providers.whatsapp import answers, transport
from channels.providers.whatsapp.answers import S
from channels.providers.whatsapp.credentials import proof_of
from channels.providers.whatsapp.errors import error_of
from channels.providers.whatsapp.transport import Answer, Request

PROOF = "appsecret_proof"


def get(
    shape: type[S],
    account: Account,
    path: str,
    fields: str = "",
    timeout_seconds: float = CALL_SECONDS,
    most: int | None = None,
) -> S:
    """Read something; of a list at most this many. Raises DeliveryError."""
    query = {"fields": fields, "limit": str(most or "")}
    return _call(
        shape, account, "GET", path, {key: value for key, value in query.items() if value}, None, timeout_seconds
    )


def inspect(shape: type[S], account: Account, timeout_seconds: float = CALL_SECONDS) -> S:
    """What Meta says about the token itself, without proof that we know its app's secret. Raises DeliveryError."""
    request = Request("GET", "debug_token", account.token, {"input_token": account.token})
    return _read(shape, transport.send(request, timeout_seconds))


def exchange(shape: type[S], query: Mapping[str, str]) -> S:
    """Get a token for the code that a sign-up brought. Raises DeliveryError."""
    return _read(shape, transport.send(Request("GET", "oauth/access_token", "", query), CALL_SECONDS))


def details_of(refusal: DeliveryRefusedError) -> str:
    """Meta's own words for why it refused."""
    return str(refusal.reason.details.get("details", ""))


def post(shape: type[S], account: Account, path: str, body: Mapping[str, Any]) -> S:
    """Send or change something; nothing is tried twice here, since that is the outbox's decision.

    Raises DeliveryError.
    """
    return _call(shape, account, "POST", path, {}, body, CALL_SECONDS)


def _call(
    shape: type[S],
    account: Account,
    method: str,
    path: str,
    query: Mapping[str, str],
    body: Mapping[str, Any] | None,
    timeout_seconds: float,
) -> S:
    proof = proof_of(account.token, account.secrets)
    proven = {**query, PROOF: proof} if proof else query
    return _read(shape, transport.send(Request(method, path, account.token, proven, body), timeout_seconds))


def _read(shape: type[S], answer: Answer) -> S:
    fault = answers.fault_of(answer.status, answer.body)
    if fault:
        raise error_of(fault, answer.retry_after)
    return answers.read(shape, answer.body)
