"""Where providers knock: verify the raw bytes, find the tenant, store, answer at once."""

import logging
from dataclasses import replace

from django.conf import settings
from django.db import IntegrityError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from channels.connections import routes
from channels.messages import receive
from channels.models import Connection, Route
from channels.providers.slack.incoming import events
from channels.tasks import answer
from tenants.scope import tenant_scope
from tenants.tasks import wake_on_commit

log = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def slack_events(request: HttpRequest) -> HttpResponse:
    """Slack's Events API. 401 for a bad signature, 400 for a malformed body, otherwise 200 once it is stored."""
    body = request.body
    if not events.is_signed(body, request.headers):
        return JsonResponse({"error": "The signature is wrong, missing or older than five minutes."}, status=401)
    try:
        envelope = events.read_envelope(body)
        if envelope.type == "url_verification":
            return HttpResponse(envelope.challenge or "", content_type="text/plain")
        if envelope.type == "event_callback":
            _accept(envelope, body)
    except events.MalformedEventError as error:
        return JsonResponse({"error": str(error)}, status=400)
    return HttpResponse(status=200)


def _accept(envelope: events.Envelope, body: bytes) -> None:
    """Store it. What is erased at this very moment (the thread, or the whole workspace) is looked up once more."""
    for is_last in (False, False, True):
        try:
            _store(envelope, body)
        except (IntegrityError, OperationalError, Connection.DoesNotExist) as error:  # a deadlock is one, too
            if is_last:
                raise
            log.info("An event is stored again: %s", error)
        else:
            break


def _store(envelope: events.Envelope, body: bytes) -> None:
    route = _route(envelope)
    if route is None:
        log.info("An event for a Slack workspace that nobody connected: %s", ", ".join(envelope.accounts))
        return
    with tenant_scope(route.tenant_id):
        connection = Connection.objects.get(id=route.connection_id)
        event = events.read_event(envelope, body, connection.bot_user_id)
        thread_id = receive.accept(connection, replace(event, account=route.external_id))
        if thread_id:
            wake_on_commit(answer, route.tenant_id, thread_id, delay=settings.QUIET_SECONDS)


def _route(envelope: events.Envelope) -> Route | None:
    """The first of the event's teams that is connected."""
    found = (routes.route_of(events.PROVIDER, account) for account in envelope.accounts)
    return next((route for route in found if route), None)
