"""In the REST API: how a channel is, and checking it now; connecting one by what its provider's form asks for."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from channels import reasons
from channels.connections import drafts
from channels.connections.connect import connect, gate
from channels.health import checkup
from channels.models import Connection
from channels.models.probes import Move, State, Verb
from channels.providers.base import BusyError, DeliveryError, Provider
from channels.providers.connecting import AccountTakenError, AnotherAddressError, Field, Form, NotAcceptedError
from channels.providers.registry import provider_named
from channels.web.api import ChannelSerializer
from channels.web.forms import LONGEST_ENTRY
from channels.web.health import cards
from channels.web.health.cards import Card
from tenants.http import problems
from tenants.http.authentication import caller_workspace
from tenants.http.idempotency import idempotent
from tenants.http.middleware import Workspace
from tenants.http.problems import ConflictError, ProviderError
from tenants.http.schema import ProblemSchema, problem
from tenants.permissions import Permission
from tenants.scope import tenant_scope


class ProbeSerializer(serializers.Serializer[Any]):
    """What was found of one thing that a channel needs."""

    key = serializers.CharField(help_text="Its code, which stays the same in every language.")
    name = serializers.CharField(source="title", help_text="What it is called.")
    state = serializers.ChoiceField(
        State.choices, help_text="`unasked`: nobody could tell. `waits`: somebody has to do something first."
    )
    seen = serializers.CharField(help_text="What we saw.")
    means = serializers.CharField(help_text="What it means for people; empty if nothing.")
    move = serializers.ChoiceField(Move.choices, help_text="`ours`: whoever runs this Roster. `theirs`: the provider.")
    fix = serializers.ChoiceField(
        [(each.value, each.label) for each in Verb],
        help_text="What can be done about it: connect again, open a page; empty if nothing by a button.",
    )
    since = serializers.DateTimeField(allow_null=True, help_text="Since when it has this state.")


class HealthSerializer(serializers.Serializer[Any]):
    """How a channel is."""

    state = serializers.ChoiceField(Connection.State.choices, help_text="As the channel's own `state`.")
    lost_at = serializers.DateTimeField(allow_null=True, help_text="Since when it is not active; null: it is.")
    checked_at = serializers.DateTimeField(allow_null=True, help_text="When it was checked; null: not yet.")
    probes = ProbeSerializer(many=True, help_text="What is wrong comes first.")


class HealthView(APIView):
    """How a channel is. A check calls the provider, so it runs outside the tenant's scope and opens short ones."""

    schema = ProblemSchema()
    reads, writes = Permission.READ, Permission.MANAGE_CHANNELS

    @extend_schema(
        operation_id="getChannelHealth",
        tags=["Channels"],
        summary="Read how a channel is",
        description="What the last check found. Each channel is checked once an hour.",
        responses={200: HealthSerializer},
    )
    def get(self, request: Request, id: UUID) -> Response:
        return Response(_health(caller_workspace(request), id))

    @extend_schema(
        operation_id="checkChannelHealth",
        tags=["Channels"],
        summary="Check a channel now",
        description="Asks the provider, and returns what was found. A disconnected channel is not checked.",
        request=None,
        responses={200: HealthSerializer},
    )
    @idempotent
    def post(self, request: Request, id: UUID) -> Response:
        workspace = caller_workspace(request)
        _health(workspace, id)
        checkup.check(workspace.tenant.id, id)
        return Response(_health(workspace, id))


def _health(workspace: Workspace, connection_id: UUID) -> dict[str, Any]:
    with tenant_scope(workspace.tenant.id):
        found = Connection.objects.select_related("agent").filter(id=connection_id).first()
        if found is None:
            raise Http404
        (card,) = cards.cards_of(workspace, [found])
        return _as_json(card)


def _as_json(card: Card) -> dict[str, Any]:
    shown = {
        "state": card.connection.state,
        "lost_at": card.connection.lost_at,
        "checked_at": card.checked_at,
        "probes": [*card.wrong, *card.unknown, *card.fine],
    }
    return dict(HealthSerializer(shown).data)


class ConnectView(APIView):
    """Connecting by a form's values. Calls the provider, so it runs outside the tenant's scope and opens short ones."""

    schema = ProblemSchema()
    writes = Permission.MANAGE_CHANNELS
    entries: type[serializers.Serializer[Any]]

    @idempotent
    def post(self, request: Request, provider: str) -> Response:
        its = provider_named(provider)
        if its.form is None:
            raise Http404
        if not its.form.is_configured():
            raise ConflictError(its.form.what_is_missing())
        given = self.entries(data=request.data)
        given.is_valid(raise_exception=True)
        connection = _connect(caller_workspace(request), its, its.form, given.validated_data)
        return Response(ChannelSerializer(connection).data, status=status.HTTP_201_CREATED)


def _connect(workspace: Workspace, provider: Provider, form: Form, values: Mapping[str, str]) -> Connection:
    """The same checks as in the portal, with each refusal beside its field."""
    faults = {name: [sentence] for name, sentence in form.faults(values).items()}
    if faults:
        raise exceptions.ValidationError(faults)
    try:
        return _install(workspace.tenant.id, provider, form, values)
    except NotAcceptedError as error:
        raise exceptions.ValidationError({error.field or "non_field_errors": [str(error)]}) from error
    except (AccountTakenError, AnotherAddressError) as error:
        raise ConflictError(str(error)) from error
    except BusyError as error:
        raise problems.BusyError(str(error), wait=error.retry_after) from error
    except DeliveryError as error:
        detail = reasons.right_now(error, provider.name)
        raise ProviderError(detail, wait=getattr(error, "retry_after", None)) from error


def _install(tenant_id: UUID, provider: Provider, form: Form, values: Mapping[str, str]) -> Connection:
    """The provider may ask at our address before it answers, so the values are kept first."""
    with tenant_scope(tenant_id):
        draft = drafts.begin(provider.name)
        values = drafts.complete(draft, values, form.generated)
        drafts.enter(draft, values)
    installed = form.install(values, draft.id, gate(tenant_id, provider.name, draft.id))
    with tenant_scope(tenant_id):
        return connect(replace(installed, connection_id=draft.id))


def connect_view(provider: Provider, form: Form) -> type[ConnectView]:
    """ConnectView as the documentation describes it for one provider."""
    name, label = provider.label.replace(" ", ""), provider.label
    fields = {each.name: _entry(each) for each in form.fields}
    entries: type[serializers.Serializer[Any]] = type(f"Connect{name}Serializer", (serializers.Serializer,), fields)
    described = extend_schema(
        operation_id=f"connect{name}",
        tags=["Channels"],
        summary=f"Connect {label}",
        description=(
            f"Checks each value at {label} and connects it, as the page in the portal does."
            if form.fields
            else "Connects it at once: nothing has to be entered."
        ),
        request=entries if form.fields else None,
        responses={
            201: ChannelSerializer,
            **problem(409, f"Another workspace has it, or this installation is not set up for {label}."),
            **problem(502, f"{label} could not be asked: `detail` says why."),
            **problem(503, f"Too many requests wait for {label}. Nothing was changed."),
        },
    )
    made = type(f"{name}ConnectView", (ConnectView,), {"entries": entries})
    return extend_schema_view(post=described)(made)


def _entry(field: Field) -> serializers.CharField:
    about = " ".join(str(each) for each in (field.label, field.help) if each)
    return serializers.CharField(
        max_length=LONGEST_ENTRY,
        allow_blank=True,
        required=field.is_asked,
        write_only=True,
        label=field.label,
        help_text=about,
    )
