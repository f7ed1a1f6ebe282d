"""Slack's requests to us: the signature, the question whether an address is ours, and events.

https://docs.slack.dev/apis/events-api/
"""

from collections.abc import Mapping, Sequence
from functools import partial

from django.conf import settings
from slack_sdk.signature import SignatureVerifier

from channels.providers.base import Inbound
from channels.providers.slack.incoming import events
from channels.providers.webhooks import Challenge, UnverifiedError, Webhook

SIGNING_SECRET = "signing_secret"  # noqa: S105 - the name of one
"""What signs the requests of a workspace's own Slack app, among the connection's own secrets."""


def receive(request: Webhook) -> Sequence[Inbound | Challenge]:
    """One event callback, or the challenge. Raises UnverifiedError and events.MalformedEventError."""
    if not is_signed(request.body, request.headers, _secret(request)):
        raise UnverifiedError("The signature is wrong, missing or older than five minutes.")
    envelope = events.read_envelope(request.body)
    if envelope.type == "url_verification":
        return [Challenge(envelope.challenge or "")]
    if envelope.type == "event_callback":
        return [Inbound(tuple(envelope.accounts), partial(events.read_event, envelope, request.body))]
    return []


def _secret(request: Webhook) -> str:
    if request.secrets is None:
        return str(settings.SLACK_SIGNING_SECRET)
    return request.secrets.get(SIGNING_SECRET, "")


def is_signed(body: bytes, headers: Mapping[str, str], secret: str) -> bool:
    """Is this body from Slack, and fresh? https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    if not secret:
        return False
    try:
        return SignatureVerifier(secret).is_valid_request(body, dict(headers))
    except ValueError:  # a time stamp that is no number, or a body that is no text
        return False
