"""Channels in the REST API: `channels/`."""

from typing import Any, ClassVar
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.web.access import needs_standing
from channels import reasons
from channels.connections import health, losses
from channels.connections.connect import listen
from channels.messages import test_messages
from channels.models import Connection, Thread
from channels.providers.base import BusyError, DeliveryError, Provider
from channels.providers.registry import provider_named
from channels.reasons import Cause
from channels.tasks import dispatch
from channels.web.forms import EXAMPLE
from tenants.http import problems
from tenants.http.authentication import caller_workspace
from tenants.http.idempotency import idempotent
from tenants.http.middleware import Workspace
from tenants.http.problems import ConflictError, ProviderError
from tenants.http.schema import ProblemSchema, problem
from tenants.models import User
from tenants.permissions import Permission
from tenants.scope import tenant_scope
from tenants.tasks import ring


class ChannelSerializer(serializers.ModelSerializer[Connection]):
    """An outside account that the workspace connected, such as a workspace there, or a number."""

    agent = serializers.UUIDField(
        source="agent_id",
        read_only=True,
        allow_null=True,
        help_text="The AI employee that answers here; null: the first in the order of seats.",
    )

    error = serializers.SerializerMethodField(help_text="Why it is not active, and whose move it is; empty if it is.")

    class Meta:
        model = Connection
        fields: ClassVar = [
            "id", "provider", "name", "external_id", "state", "error", "lost_at", "agent", "only_when_mentioned",
            "connected_at",
        ]  # fmt: skip
        read_only_fields: ClassVar = [name for name in fields if name != "only_when_mentioned"]
        extra_kwargs: ClassVar = {
            "provider": {"help_text": "The provider's name."},
            "external_id": {"help_text": "The account's id at the provider, such as a `team_id`."},
            "lost_at": {"help_text": "Since when it is not active; null: it is."},
            "only_when_mentioned": {
                "help_text": "In channels, only what mentions the AI employee is answered. False: in a thread, whoever "
                "asked it is answered without a new mention, too."
            },
        }

    def validate_only_when_mentioned(self, wanted: bool) -> bool:
        """Only true and false, although Django REST framework would take words and numbers for them."""
        if not isinstance(self.initial_data["only_when_mentioned"], bool):
            raise serializers.ValidationError(_("Send true or false."))
        return wanted

    def get_error(self, connection: Connection) -> str:
        """In the words of the portal, not in the technical ones that staff read."""
        return "" if connection.state == Connection.State.ACTIVE else losses.words(connection)

    def update(self, instance: Connection, validated_data: dict[str, Any]) -> Connection:
        wanted = validated_data.get("only_when_mentioned", instance.only_when_mentioned)
        return listen(instance, only_when_mentioned=wanted)


class InstallSerializer(serializers.Serializer[Any]):
    """Where to go on."""

    url = serializers.URLField(help_text="The provider's consent page, for a person's browser; good for ten minutes.")


class TestMessageSerializer(serializers.Serializer[Any]):
    """A question to be really sent."""

    __test__ = False  # no test class, whatever its name begins with

    text = serializers.CharField(max_length=1_000, default=str(EXAMPLE), help_text="The question.")


class SentTestSerializer(serializers.Serializer[Any]):
    """A test message under way."""

    event = serializers.UUIDField(help_text="The inbox's event.")
    conversation = serializers.UUIDField(help_text="Its messages show the answer as soon as there is one.")
    provider = serializers.CharField()
    provider_response = serializers.DictField(
        child=serializers.CharField(), help_text="The provider's ids of the message and of where it is."
    )


@extend_schema(tags=["Channels"])
@extend_schema_view(
    list=extend_schema(
        operation_id="listChannels",
        summary="List channels",
        description="All that were connected, the newest first; `state` says which are disconnected.",
    ),
    retrieve=extend_schema(operation_id="getChannel", summary="Read a channel"),
    partial_update=extend_schema(
        operation_id="updateChannel",
        summary="Change when a channel is answered",
        description="Applies to what comes in from then on.",
    ),
    destroy=extend_schema(
        operation_id="disconnectChannel",
        summary="Disconnect a channel",
        description="Erases its token. The channel stays readable as disconnected, and so do its conversations.",
    ),
)
class ChannelViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[Connection],
):
    """Outside accounts of the workspace."""

    schema = ProblemSchema()
    reads, writes = Permission.READ, Permission.MANAGE_CHANNELS
    queryset = Connection.objects.all()
    serializer_class = ChannelSerializer
    lookup_field = "id"
    http_method_names = ("get", "head", "options", "patch", "delete")

    def perform_destroy(self, instance: Connection) -> None:
        health.disconnect(instance, health.THROUGH_THE_API(), Cause.DISCONNECTED_BY_API)


class InstallView(APIView):
    """The way to a provider's consent page. Runs outside the tenant's scope, as the state is committed by itself."""

    schema = ProblemSchema()
    writes = Permission.MANAGE_CHANNELS

    @idempotent
    def post(self, request: Request, provider: str) -> Response:
        consent = provider_named(provider).consent
        if consent is None:
            raise Http404
        if not consent.is_configured():
            raise ConflictError(consent.what_is_missing())
        return Response({"url": consent.authorize_url(caller_workspace(request).tenant.id, **_browser(request))})


def install_view(provider: Provider) -> type[InstallView]:
    """InstallView as the documentation describes it for one provider."""
    label = provider.label
    described = extend_schema(
        operation_id=f"install{label.replace(' ', '')}",
        tags=["Channels"],
        summary=f"Connect {label} by consent",
        description=f"Open the URL in a browser and consent in {label}: the channel is connected then. "
        "Asked for with a log-in's session, the URL works in that browser only.",
        request=None,
        responses={200: InstallSerializer, **problem(409, f"{label} is not configured on this installation.")},
    )
    return extend_schema_view(post=described)(type(f"{label.replace(' ', '')}InstallView", (InstallView,), {}))


def _browser(request: Request) -> dict[str, Any]:
    """Whose browser an installation is bound to: none, if a token asks."""
    if not isinstance(request.user, User):
        return {}
    return {"user_id": request.user.id, "session_key": request.session.session_key or ""}


@needs_standing
class ChannelTestView(APIView):
    """The test message. Calls the provider, so it runs outside the tenant's scope and opens short ones."""

    schema = ProblemSchema()
    writes = Permission.MANAGE_CHANNELS

    @extend_schema(
        operation_id="testChannel",
        tags=["Channels"],
        summary="Send a test message",
        description="Really posts a question at the provider, which the AI employee answers there.",
        request=TestMessageSerializer,
        responses={
            202: SentTestSerializer,
            **problem(402, "Nobody works until the subscription is paid: `billing_url` is where."),
            **problem(409, "The channel is disconnected, or nobody is employed."),
            **problem(502, "The provider did not take the message: `detail` says why."),
        },
    )
    @idempotent
    def post(self, request: Request, id: UUID) -> Response:
        asked = TestMessageSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        workspace = caller_workspace(request)
        sent = _send(workspace, id, asked.validated_data["text"])
        ring(dispatch, delay=sent.quiet_seconds)
        return Response(_receipt(workspace, sent), status=status.HTTP_202_ACCEPTED)


def _send(workspace: Workspace, connection_id: UUID, text: str) -> test_messages.Sent:
    try:
        return test_messages.send(workspace.tenant.id, connection_id, text)
    except Connection.DoesNotExist as error:
        raise Http404 from error
    except test_messages.NotReadyError as error:
        raise ConflictError(str(error)) from error
    except BusyError as error:
        raise problems.BusyError(str(error), wait=error.retry_after) from error
    except DeliveryError as error:
        with tenant_scope(workspace.tenant.id):
            provider = Connection.objects.get(id=connection_id).provider
        detail = reasons.right_now(error, provider)
        raise ProviderError(detail, wait=getattr(error, "retry_after", None)) from error


def _receipt(workspace: Workspace, sent: test_messages.Sent) -> dict[str, Any]:
    with tenant_scope(workspace.tenant.id):
        thread = Thread.objects.select_related("connection").get(id=sent.thread_id)
    provider = provider_named(thread.connection.provider)
    receipt = {
        "event": sent.event_id,
        "conversation": thread.conversation_id,
        "provider": provider.name,
        "provider_response": dict(provider.receipt(sent.message)),
    }
    return dict(SentTestSerializer(receipt).data)
