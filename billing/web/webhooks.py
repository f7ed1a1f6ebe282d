"""Stripe's webhook: verify the raw bytes, keep the event, answer. Others ask Stripe what it means."""

import logging
from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from djstripe.models import WebhookEndpoint
from stripe import SignatureVerificationError, WebhookSignature

from billing.stripe import client, events
from billing.sync import event_inbox
from billing.tasks import take_in
from tenants.clients import client_ip
from tenants.tasks import wake_on_commit

log = logging.getLogger(__name__)

TOLERANCE_SECONDS = 300
"""How old a signature may be: https://docs.stripe.com/webhooks#replay-attacks"""


@csrf_exempt
@require_POST
def stripe_events(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Stripe's webhook. 200 once the event is stored, or was before.

    404 for an endpoint that nobody registered, 503 while there is no key, 400 for a bad signature, a body that is not
    an event, and events of another mode or account. Nothing is stored before the signature has been checked.
    """
    if not client.is_configured():
        return _refused(HTTPStatus.SERVICE_UNAVAILABLE, "STRIPE_SECRET_KEY is not set: no events are taken.")
    endpoint = event_inbox.endpoint_of(uuid)
    if endpoint is None:
        return _refused(HTTPStatus.NOT_FOUND, "No webhook endpoint has this address: run `manage.py setup_stripe`.")
    if not _is_signed(request, event_inbox.secret_of(endpoint)):
        return _refused(HTTPStatus.BAD_REQUEST, "The signature is wrong, missing or older than five minutes.")
    body = request.body.decode()
    try:
        notice = events.read(body)
    except events.MalformedEventError as error:
        return _refused(HTTPStatus.BAD_REQUEST, str(error))
    if stranger := _stranger(notice, endpoint):
        return _refused(HTTPStatus.BAD_REQUEST, stranger)
    if not event_inbox.is_mirrored(notice.id):
        with transaction.atomic():
            wake_on_commit(take_in, event_inbox.keep(notice, body, endpoint, client_ip(request)))
    return HttpResponse(status=HTTPStatus.OK)


def _is_signed(request: HttpRequest, secret: str) -> bool:
    """Is one of the header's signatures for these bytes, made with this secret in the last five minutes?"""
    header = request.headers.get("Stripe-Signature", "")
    if not secret or not header.isascii():
        return False
    try:
        WebhookSignature.verify_header(request.body, header, secret, TOLERANCE_SECONDS)
    except (SignatureVerificationError, UnicodeDecodeError):
        return False
    return True


def _stranger(notice: events.EventNotice, endpoint: WebhookEndpoint) -> str:
    """Why an event does not belong here; "" if it does."""
    if notice.is_live != bool(endpoint.livemode) or notice.is_live != settings.STRIPE_LIVE_MODE:
        return f"The event is of {_mode(notice.is_live)} mode, this endpoint or the key here is not."
    owner = endpoint.djstripe_owner_account
    if notice.account and (owner is None or notice.account != owner.id):
        return "The event is about another account: register this endpoint for the account's own events only."
    return ""


def _mode(is_live: bool) -> str:
    return "live" if is_live else "test"


def _refused(status: HTTPStatus, sentence: str) -> HttpResponse:
    log.warning("A request to Stripe's webhook was refused (%s): %s", status.value, sentence)
    return JsonResponse({"error": sentence}, status=status)
