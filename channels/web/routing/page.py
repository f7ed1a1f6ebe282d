"""The page on which an operator chooses who answers where at a connection."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from agents.models import Agent
from channels import reasons
from channels.connections import credentials
from channels.models import Connection
from channels.providers.base import DIRECT, DeliveryError
from channels.providers.registry import provider_named
from channels.providers.shapes.sending import Account, Spot
from channels.routing import rules
from channels.routing.rules import Chosen, Routing
from tenants.encryption import UndecryptableError
from tenants.http.access import opens_own_scope, requires, workspace_of
from tenants.permissions import Permission
from tenants.scope import tenant_scope

log = logging.getLogger(__name__)

KNOWN_FOR_SECONDS = 60
"""How long the provider's list of places is remembered."""
FIELD = "place:"
DEFAULT = "default"


@dataclass(frozen=True)
class Row:
    """A place with who answers there. agent_id: None where nobody of its own is chosen. pauses: whoever is chosen."""

    place: str
    label: str
    agent_id: UUID | None
    pauses: str = ""

    @property
    def field(self) -> str:
        """The name of its field."""
        return f"{FIELD}{self.place}"


@opens_own_scope
@requires(Permission.READ, writes=Permission.MANAGE_CHANNELS)
@require_http_methods(["GET", "POST"])
def routing(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Who answers in each place that the provider has, and everywhere else."""
    tenant = workspace_of(request).tenant
    with tenant_scope(tenant.id):
        connection = get_object_or_404(Connection.objects.select_related("agent"), id=connection_id)
        chosen, team = rules.routing_of(connection), list(Agent.objects.in_order())
        account = _account(connection)
    spots, problem = places_of(connection, account)
    labels = {**{each.place: each.label for each in chosen.choices}, **{each.id: each.name for each in spots}}
    if request.method == "POST":
        with tenant_scope(tenant.id):
            return _choose(request, connection, team, labels)
    by_id = {each.id: each for each in team}
    rows = [_row(place, label, chosen.of(place), by_id) for place, label in labels.items()]
    context = {
        "connection": connection,
        "channel": provider_named(connection.provider).label,
        "default": _row(DEFAULT, "", chosen.default_id, by_id),
        "first": next((each for each in team if each.paused_at is None), None),
        "rows": rows,
        "team": team,
        "problem": problem,
        "can_change": workspace_of(request).allows(Permission.MANAGE_CHANNELS) and bool(team),
    }
    return render(request, "channels/routing/page.html", context)


def places_of(connection: Connection, account: Account | None) -> tuple[Sequence[Spot], str]:
    """Direct messages, and the places that the provider lists; and why there are no more. Open no scope around this."""
    provider = provider_named(connection.provider)
    if not provider.capabilities.places:
        return [], ""
    direct = Spot(DIRECT, _("Direct messages"))
    key = f"places:{connection.id}"
    known = cache.get(key)
    if known is None and account is not None and connection.state == Connection.State.ACTIVE:
        try:
            known = [(each.id, each.name) for each in provider.places(account)]
        except DeliveryError as error:
            log.info("The places of connection %s: %s", connection.id, error)
            return [direct], reasons.right_now(error, connection.provider)
        cache.set(key, known, KNOWN_FOR_SECONDS)
    return [direct, *(Spot(*each) for each in known or ())], ""


def _account(connection: Connection) -> Account | None:
    try:
        return credentials.account_of(connection)
    except UndecryptableError:
        return None


def _row(place: str, label: str, agent_id: UUID | None, team: dict[UUID, Agent]) -> Row:
    chosen = team.get(agent_id) if agent_id else None
    pauses = chosen.name if chosen and chosen.paused_at else ""
    return Row(place, label, chosen.id if chosen else None, pauses)


def _choose(
    request: HttpRequest, connection: Connection, team: Sequence[Agent], labels: dict[str, str]
) -> HttpResponse:
    employed = {str(each.id): each.id for each in team}
    wanted = {place: employed.get(request.POST.get(f"{FIELD}{place}", "")) for place in labels}
    choices = (Chosen(place, labels[place][:120], agent_id) for place, agent_id in wanted.items() if agent_id)
    ordered = tuple(sorted(choices, key=lambda each: (each.label, each.place)))
    rules.route(connection, Routing(employed.get(request.POST.get(f"{FIELD}{DEFAULT}", "")), ordered))
    messages.success(request, _("Saved. New conversations follow it; those that exist stay as they are."))
    return redirect("workspace:routing", workspace_of(request).tenant.slug, connection.id)
