"""Slack's requests to us: the signature, the question whether an address is ours, and events.

https://docs.slack.dev/apis/events-api/
"""

from collections.abc import Mapping, Sequence
from functools import partial

from slack_sdk.signature import SignatureVerifier

from channels.providers.base import Inbound
from channels.providers.shapes.webhooks import Challenge, Opinion, UnverifiedError, Webhook
from channels.providers.slack.credentials import signing_secret_of
from channels.providers.slack.incoming import events, feedback
from channels.providers.slack.incoming.accounts import own_account


def receive(request: Webhook) -> Sequence[Inbound | Opinion | Challenge]:
    """One event callback, clicks, or the challenge. Raises UnverifiedError and events.MalformedEventError."""
    if not is_signed(request.body, request.headers, signing_secret_of(request.secrets)):
        raise UnverifiedError("The signature is wrong, missing or older than five minutes.")
    if feedback.is_click(request.headers):
        return feedback.opinions(request.body, is_own=request.secrets is not None)
    envelope = events.read_envelope(request.body)
    if envelope.type == "url_verification":
        return [Challenge(envelope.challenge or "")]
    if envelope.type == "event_callback":
        return [Inbound(_accounts(request, envelope), partial(events.read_event, envelope, request.body))]
    return []


def _accounts(request: Webhook, envelope: events.Envelope) -> tuple[str, ...]:
    """Whose event it is: a team's, or at a connection's own address, that of its app in a team."""
    if request.secrets is None:
        return tuple(envelope.accounts)
    return tuple(own_account(envelope.api_app_id, team) for team in envelope.accounts if envelope.api_app_id)


def is_signed(body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    """Is this body from Slack, and fresh? https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    if not secret:
        return False
    try:
        return SignatureVerifier(secret).is_valid_request(body, dict(headers))
    except ValueError:  # a time stamp that is no number, or a body that is no text
        return False
