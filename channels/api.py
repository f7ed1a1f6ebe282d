"""Channels and conversations in the REST API: `channels/`, `conversations/`."""

from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents import actions
from agents.models import Conversation, Turn
from billing.access import needs_standing
from channels import connections, testmessages
from channels.forms import EXAMPLE
from channels.models import Connection, Delivery, Thread
from channels.providers.base import DeliveryError
from channels.providers.slack import oauth
from channels.tasks import answer
from tenants import audit
from tenants.authentication import workspace_of
from tenants.idempotency import idempotent
from tenants.middleware import Workspace
from tenants.models import User
from tenants.pagination import OldestFirst
from tenants.permissions import Permission
from tenants.problems import ConflictError, ProviderError
from tenants.schema import ProblemSchema, problem
from tenants.scope import tenant_scope
from tenants.tasks import wake


class ChannelSerializer(serializers.ModelSerializer[Connection]):
    """An outside account that the workspace connected, such as a Slack workspace."""

    agent = serializers.UUIDField(
        source="agent_id",
        read_only=True,
        allow_null=True,
        help_text="The AI employee that answers here; null: the first in the order of seats.",
    )

    class Meta:
        model = Connection
        fields: ClassVar = ["id", "provider", "name", "external_id", "state", "error", "agent", "connected_at"]
        read_only_fields: ClassVar = fields
        extra_kwargs: ClassVar = {
            "provider": {"help_text": "`slack`."},
            "external_id": {"help_text": "The account's id at the provider, such as Slack's `team_id`."},
            "error": {"help_text": "Why it is not active, and what to do."},
        }


class InstallSerializer(serializers.Serializer[Any]):
    """Where to go on."""

    url = serializers.URLField(help_text="The provider's consent page, for a person's browser; good for ten minutes.")


class TestMessageSerializer(serializers.Serializer[Any]):
    """A question to be really sent."""

    __test__ = False  # no test class, whatever its name begins with

    text = serializers.CharField(max_length=1_000, default=EXAMPLE, help_text="The question.")


class ProviderAnswerSerializer(serializers.Serializer[Any]):
    """What the provider said to the message."""

    channel = serializers.CharField(help_text="Slack: the direct messages of whoever installed the app.")
    ts = serializers.CharField(help_text="Slack: the id of the message.")


class SentTestSerializer(serializers.Serializer[Any]):
    """A test message under way."""

    event = serializers.UUIDField(help_text="The inbox's event.")
    conversation = serializers.UUIDField(help_text="Its messages show the answer as soon as there is one.")
    provider = serializers.CharField()
    provider_response = ProviderAnswerSerializer()


@extend_schema(tags=["Channels"])
@extend_schema_view(
    list=extend_schema(
        operation_id="listChannels",
        summary="List channels",
        description="All that were connected, the newest first; `state` says which are disconnected.",
    ),
    retrieve=extend_schema(operation_id="getChannel", summary="Read a channel"),
    destroy=extend_schema(
        operation_id="disconnectChannel",
        summary="Disconnect a channel",
        description="Erases its token. The channel stays readable as disconnected, and so do its conversations.",
    ),
)
class ChannelViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[Connection],
):
    """Outside accounts of the workspace."""

    schema = ProblemSchema()
    reads, writes = Permission.READ, Permission.MANAGE_CHANNELS
    queryset = Connection.objects.all()
    serializer_class = ChannelSerializer
    lookup_field = "id"

    def perform_destroy(self, instance: Connection) -> None:
        connections.disconnect(instance, "Disconnected through the API.")


class SlackInstallView(APIView):
    """The way to Slack's consent page. Runs outside the tenant's scope, as the state is committed by itself."""

    schema = ProblemSchema()
    writes = Permission.MANAGE_CHANNELS

    @extend_schema(
        operation_id="installSlack",
        tags=["Channels"],
        summary="Connect Slack",
        description="Open the URL in a browser and consent in Slack: the channel is connected then. "
        "Asked for with a log-in's session, the URL works in that browser only.",
        request=None,
        responses={200: InstallSerializer, **problem(409, "Slack is not configured on this installation.")},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        if not oauth.is_configured():
            raise ConflictError(
                "Slack is not configured on this installation: "
                "set SLACK_CLIENT_ID, SLACK_CLIENT_SECRET and SLACK_SIGNING_SECRET."
            )
        return Response({"url": oauth.authorize_url(workspace_of(request).tenant.id, **_browser(request))})


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
        workspace = workspace_of(request)
        sent = _send(workspace, id, asked.validated_data["text"])
        wake(answer, workspace.tenant.id, sent.thread_id, delay=settings.QUIET_SECONDS)
        return Response(_receipt(workspace, sent), status=status.HTTP_202_ACCEPTED)


def _send(workspace: Workspace, connection_id: UUID, text: str) -> testmessages.Sent:
    try:
        return testmessages.send(workspace.tenant.id, connection_id, text)
    except Connection.DoesNotExist as error:
        raise Http404 from error
    except testmessages.NotReadyError as error:
        raise ConflictError(str(error)) from error
    except DeliveryError as error:
        raise ProviderError(str(error), wait=getattr(error, "retry_after", None)) from error


def _receipt(workspace: Workspace, sent: testmessages.Sent) -> dict[str, Any]:
    with tenant_scope(workspace.tenant.id):
        thread = Thread.objects.select_related("connection").get(id=sent.thread_id)
    receipt = {
        "event": sent.event_id,
        "conversation": thread.conversation_id,
        "provider": thread.connection.provider,
        "provider_response": {"channel": sent.message.address["channel"], "ts": sent.message.address["thread_ts"]},
    }
    return dict(SentTestSerializer(receipt).data)


class ConversationSerializer(serializers.ModelSerializer[Conversation]):
    """What people and one AI employee say to each other in one place."""

    agent = serializers.UUIDField(source="agent_id", read_only=True)
    agent_name = serializers.CharField(source="agent.name", read_only=True)
    channel = serializers.UUIDField(source="thread.connection_id", read_only=True, allow_null=True)
    provider = serializers.CharField(source="channel", read_only=True, help_text="`slack`.")
    last_message_at = serializers.DateTimeField(source="last_turn_at", read_only=True)

    class Meta:
        model = Conversation
        fields: ClassVar = [
            "id", "agent", "agent_name", "channel", "provider", "title", "created_at", "last_message_at",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """One message of an answer, on its way to the provider."""

    provider_id = serializers.CharField(
        source="external_id", read_only=True, help_text="The provider's id of the message, once sent. Slack: `ts`."
    )

    class Meta:
        model = Delivery
        fields: ClassVar = ["state", "provider_id", "sent_at", "error"]
        read_only_fields: ClassVar = fields


class MessageSerializer(serializers.ModelSerializer[Turn]):
    """One thing said in a conversation."""

    deliveries = DeliverySerializer(
        source="run.deliveries",
        many=True,
        read_only=True,
        default=[],
        help_text="An AI employee's message: its way to the provider, in parts if it is long. A person's: empty.",
    )

    class Meta:
        model = Turn
        fields: ClassVar = ["id", "speaker", "author", "text", "said_at", "deliveries"]
        read_only_fields: ClassVar = fields


class ConversationFilterSerializer(serializers.Serializer[Any]):
    """Which conversations to list. An id that is unknown here matches none."""

    agent = serializers.UUIDField(required=False, help_text="Only this AI employee's.")
    channel = serializers.UUIDField(required=False, help_text="Only those in this channel.")


def _asked_for(request: Request, found: QuerySet[Conversation]) -> QuerySet[Conversation]:
    asked = ConversationFilterSerializer(data=request.query_params.dict())
    asked.is_valid(raise_exception=True)
    columns = {"agent": "agent_id", "channel": "thread__connection_id"}
    return found.filter(**{columns[name]: value for name, value in asked.validated_data.items()})


@extend_schema(tags=["Conversations"])
@extend_schema_view(
    list=extend_schema(
        operation_id="listConversations",
        summary="List conversations",
        description="The newest begun first.",
        parameters=[ConversationFilterSerializer],
    ),
    retrieve=extend_schema(operation_id="getConversation", summary="Read a conversation"),
)
class ConversationViewSet(viewsets.ReadOnlyModelViewSet[Conversation]):
    """Conversations of the workspace."""

    schema = ProblemSchema()
    reads = Permission.READ
    queryset = Conversation.objects.select_related("agent", "thread")
    serializer_class = ConversationSerializer
    lookup_field = "id"

    def get_queryset(self) -> QuerySet[Conversation]:
        found = super().get_queryset()
        return _asked_for(self.request, found) if self.action == "list" else found

    @extend_schema(
        operation_id="listMessages",
        summary="List a conversation's messages",
        description="The oldest first.",
        responses=MessageSerializer(many=True),
    )
    @action(detail=True, serializer_class=MessageSerializer, pagination_class=OldestFirst)
    def messages(self, request: Request, id: str) -> Response:
        deliveries = Prefetch("run__deliveries", queryset=Delivery.objects.order_by("sequence"))
        conversation = self.get_object()
        audit.record(actions.CONVERSATION_READ, conversation)
        turns = conversation.turns.select_related("run").prefetch_related(deliveries)
        page: Any = self.paginate_queryset(turns)  # type: ignore[arg-type]  # another model than the view's own
        return self.get_paginated_response(MessageSerializer(page, many=True).data)
