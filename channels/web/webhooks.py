"""Where providers knock: verify the raw bytes, find the tenant, store, answer at once."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from django.db import IntegrityError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from channels.connections import credentials, drafts, routes
from channels.connections.credentials import Keyholder
from channels.messages import outcomes, receive
from channels.models import Connection, Route
from channels.providers.base import Inbound, Provider
from channels.providers.registry import provider_named
from channels.providers.webhooks import Challenge, DeliveryUpdate, MalformedError, UnverifiedError, Webhook
from channels.tasks import answer
from tenants.scope import tenant_scope
from tenants.tasks import wake_on_commit

log = logging.getLogger(__name__)

Item = Inbound | DeliveryUpdate
NOBODY: Mapping[str, str] = {}
"""The secrets of a connection that does not exist, or has none: a provider refuses what they should verify."""
NOT_ITS_SECRET = "The signature is wrong or missing."  # noqa: S105 - a sentence


@csrf_exempt
def webhook(request: HttpRequest, provider: str, endpoint: str = "", connection_id: UUID | None = None) -> HttpResponse:
    """401 for a bad signature, 400 for a malformed body, otherwise 200 once it is stored.

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
        return _refusal(NOT_ITS_SECRET if connection_id else str(error), 401)
    except MalformedError as error:
        return _refusal(str(error), 400)
    return _answer(called, received, holder)


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


def _answer(provider: Provider, received: Sequence[Item | Challenge], holder: Keyholder | None) -> HttpResponse:
    """Store each item by itself: a bad one loses none of the others, and is refused only if no other was stored."""
    items = [each for each in received if not isinstance(each, Challenge)]
    malformed: list[MalformedError] = []
    faults: list[Exception] = []
    for item in items:
        try:
            _accept(provider, item, holder)
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
    challenges = [each.answer for each in received if isinstance(each, Challenge)]
    if challenges and holder and not holder.is_connection:
        drafts.prove(holder.tenant_id, holder.connection_id)
    return HttpResponse("".join(challenges), content_type="text/plain") if challenges else HttpResponse(status=200)


def _accept(provider: Provider, item: Item, holder: Keyholder | None) -> None:
    """Store it. What is erased at this very moment (the thread, or the whole workspace) is looked up once more."""
    for is_last in (False, False, True):
        try:
            _store(provider, item, holder or _route(provider, item.accounts))
        except (IntegrityError, OperationalError, Connection.DoesNotExist) as error:  # a deadlock is one, too
            if is_last and not (holder and isinstance(error, Connection.DoesNotExist)):
                raise
            log.info("An item is stored again: %s", error)
        else:
            break


def _store(provider: Provider, item: Item, place: Route | Keyholder | None) -> None:
    if place is None:
        log.info("Something for an account at %s that nobody connected: %s", provider.label, ", ".join(item.accounts))
        return
    with tenant_scope(place.tenant_id):
        connection = Connection.objects.get(id=place.connection_id)
        if isinstance(place, Keyholder) and not _is_its_own(connection, item):
            log.warning("Connection %s got something that is not its own: it is dropped", connection.id)
            return
        thread_id = _stored(connection, item)
        if thread_id:
            delay = 0.0 if isinstance(item, DeliveryUpdate) else provider.quiet_seconds
            wake_on_commit(answer, place.tenant_id, thread_id, delay=delay)


def _is_its_own(connection: Connection, item: Item) -> bool:
    """A connection's own secret speaks for this account alone, and only while it is connected."""
    is_connected = connection.state != Connection.State.DISCONNECTED
    return is_connected and connection.external_id in item.accounts


def _stored(connection: Connection, item: Item) -> UUID | None:
    """The thread that waits now, if any."""
    if isinstance(item, DeliveryUpdate):
        return outcomes.update(connection, item)
    event = item.read(connection.bot_user_id)
    return receive.accept(connection, replace(event, account=connection.external_id))


def _route(provider: Provider, accounts: Sequence[str]) -> Route | None:
    """The first of the item's accounts that is connected."""
    found = (routes.route_of(provider.name, account) for account in accounts)
    return next((route for route in found if route), None)
