"""Where providers knock: verify the raw bytes, find the tenant, store, answer at once."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from django.db import IntegrityError, OperationalError, close_old_connections
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from channels.connections import connect, credentials, drafts, recipients, routes
from channels.feedback import opinions
from channels.messages import outcomes
from channels.messages.incoming import changes, receive
from channels.models import Connection
from channels.progress import receipts
from channels.providers.base import Inbound, Provider
from channels.providers.registry import provider_named
from channels.providers.shapes.webhooks import (
    Challenge,
    DeliveryUpdate,
    MalformedError,
    Opinion,
    UnverifiedError,
    Webhook,
)
from channels.tasks import dispatch
from tenants.scope import tenant_scope
from tenants.tasks import ring

log = logging.getLogger(__name__)

Item = Inbound | DeliveryUpdate | Opinion
NOBODY: Mapping[str, str] = {}
"""The secrets of a connection that does not exist, or has none: a provider refuses what they should verify."""
NOT_ITS_SECRET = "The signature is wrong or missing."  # noqa: S105 - a sentence


@csrf_exempt
def webhook(request: HttpRequest, provider: str, endpoint: str = "", connection_id: UUID | None = None) -> HttpResponse:
    """401 (or what the provider wants) for a bad signature, 400 for a malformed body, else 200 once it is stored.

    connection_id: of whose own secrets verify it; then only that connection is touched.
    """
    called = _provider(provider, endpoint)
    methods = called.endpoints[endpoint]
    if request.method not in methods:
        return HttpResponseNotAllowed(methods)
    holder = credentials.keyholder(provider, connection_id) if connection_id else None
    secrets = (holder.secrets if holder else NOBODY) if connection_id else None
    try:
        received = called.receive(_read(request, secrets))
    except UnverifiedError as error:
        return _refusal(NOT_ITS_SECRET if connection_id else str(error), error.status)
    except MalformedError as error:
        return _refusal(str(error), 400)
    challenges = [each.answer for each in received if isinstance(each, Challenge)]
    if challenges and holder:
        prove = connect.prove_address if holder.is_connection else drafts.prove
        prove(holder.tenant_id, holder.connection_id)
    refusal = _take_in(called, [each for each in received if not isinstance(each, Challenge)], connection_id)
    return refusal or HttpResponse("".join(challenges), content_type="text/plain" if challenges else None)


def _provider(name: str, endpoint: str) -> Provider:
    try:
        found = provider_named(name)
    except KeyError as error:
        raise Http404 from error
    if endpoint not in found.endpoints:
        raise Http404
    return found


def _read(request: HttpRequest, secrets: Mapping[str, str] | None) -> Webhook:
    return Webhook(request.method or "", request.body, request.headers, request.GET.dict(), secrets)


def _refusal(text: str, status: int) -> HttpResponse:
    return JsonResponse({"error": text}, status=status)


def _take_in(provider: Provider, items: Sequence[Item], own: UUID | None) -> HttpResponse | None:
    """Store each item by itself: a bad one loses none of the others, and is refused only if no other was stored."""
    malformed: list[MalformedError] = []
    faults: list[Exception] = []
    for item in items:
        try:
            _accept(provider, item, own)
        except MalformedError as error:
            log.warning("An item of a request of %s is malformed: %s", provider.name, error)
            malformed.append(error)
        except Exception as error:
            log.exception("An item of a request of %s could not be stored", provider.name)
            faults.append(error)
    if faults:
        raise faults[0]  # the provider brings all of it again; what is stored already is known by its keys
    if malformed and len(malformed) == len(items):
        return _refusal(str(malformed[0]), 400)
    return None


def _accept(provider: Provider, item: Item, own: UUID | None) -> None:
    """Store it. What is erased at this very moment (the thread, or the whole workspace) is looked up once more."""
    for is_last in (False, False, True):
        try:
            _store(provider, item, own)
        except (IntegrityError, OperationalError, Connection.DoesNotExist) as error:  # a deadlock is one, too
            if is_last and not isinstance(error, Connection.DoesNotExist):
                raise
            log.info("An item is stored again, or dropped if its connection is gone: %s", error)
            close_old_connections()  # only one that an error has broken
        else:
            break


def _store(provider: Provider, item: Item, own: UUID | None) -> None:
    """What people say, and what is only noted, takes one statement; what is about something earlier takes a scope."""
    if not isinstance(item, Inbound):
        _apply(provider, item, own)
        return
    recipient = recipients.recipient_of(provider.name, item.accounts, own)
    if recipient is None:
        _drop(provider, item, own)
        return
    event = item.read(recipient.bot_user_id)
    if event.changes_something:
        _apply(provider, item, own)
        return
    arrival = receive.store(event, item.accounts, quiet_seconds=provider.quiet_seconds, own=own)
    if arrival is None:
        recipients.forget_known()
        _drop(provider, item, own)
    elif arrival.is_new and event.message:
        receipts.show(provider, arrival.tenant_id, arrival.connection_id, event.message)
        ring(dispatch, delay=provider.quiet_seconds)


def _drop(provider: Provider, item: Item, own: UUID | None) -> None:
    if own:
        log.warning("Connection %s got something that is not its own: it is dropped", own)
    else:
        log.info("Something for an account at %s that nobody connected: %s", provider.label, ", ".join(item.accounts))


def _apply(provider: Provider, item: Item, own: UUID | None) -> None:
    """What is about something earlier."""
    route = routes.route_for(provider.name, item.accounts, own)
    if route is None:
        _drop(provider, item, own)
        return
    with tenant_scope(route.tenant_id):
        connection = Connection.objects.select_related("tenant").get(id=route.connection_id)
        if isinstance(item, DeliveryUpdate):
            outcomes.update(connection, item)
        elif isinstance(item, Opinion):
            opinions.note(connection, item)
            return
        else:
            event = item.read(connection.bot_user_id)
            changes.accept(connection, replace(event, account=connection.external_id))
    ring(dispatch, delay=0 if isinstance(item, DeliveryUpdate) else provider.quiet_seconds)  # something may wait now
