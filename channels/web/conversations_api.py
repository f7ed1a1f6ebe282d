"""Conversations in the REST API: `conversations/`."""

from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from agents import actions
from agents.models import Conversation, Outcome, Turn
from channels import reasons
from channels.handles import people
from channels.models import Delivery, Feedback
from channels.web import fates
from channels.web.fates import Answer
from tenants.audit import journal
from tenants.http.pagination import OldestFirst
from tenants.http.schema import ProblemSchema
from tenants.permissions import Permission


class ConversationSerializer(serializers.ModelSerializer[Conversation]):
    """What people and one AI employee say to each other in one place."""

    agent = serializers.UUIDField(source="agent_id", read_only=True)
    agent_name = serializers.CharField(source="agent.name", read_only=True)
    channel = serializers.UUIDField(source="thread.connection_id", read_only=True, allow_null=True)
    provider = serializers.CharField(source="channel", read_only=True, help_text="The channel's name.")
    last_message_at = serializers.DateTimeField(source="last_turn_at", read_only=True)

    class Meta:
        model = Conversation
        fields: ClassVar = [
            "id", "agent", "agent_name", "channel", "provider", "title", "created_at", "last_message_at",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """One message of an answer, on its way to the provider."""

    error = serializers.SerializerMethodField(help_text="Why it is not sent, or not seen to be; empty otherwise.")

    provider_id = serializers.CharField(
        source="external_id", read_only=True, help_text="The provider's id of the message, once sent."
    )

    class Meta:
        model = Delivery
        fields: ClassVar = ["state", "provider_id", "sent_at", "delivered_at", "read_at", "error"]
        read_only_fields: ClassVar = fields
        extra_kwargs: ClassVar = {
            "delivered_at": {"help_text": "When the provider said that it reached the person, if it says so."},
            "read_at": {"help_text": "When the provider said that the person had read it, if it says so."},
        }

    def get_error(self, delivery: Delivery) -> str:
        """Not in the technical words that staff read."""
        return reasons.words(delivery.cause, self.context["provider"]) if delivery.cause else ""


class FeedbackSerializer(serializers.ModelSerializer[Feedback]):
    """What a person thinks of an answer, by the buttons below it."""

    person = serializers.CharField(source="person.name", read_only=True, help_text="Empty: no name is known.")

    class Meta:
        model = Feedback
        fields: ClassVar = ["person", "value", "at"]
        read_only_fields: ClassVar = fields


class MessageSerializer(serializers.ModelSerializer[Turn]):
    """One thing said in a conversation."""

    author = serializers.CharField(
        source="said_by",
        read_only=True,
        help_text="The AI employee's name; a person's name, or their id at the provider as long as no name is known. "
        "Empty: the person was erased.",
    )
    outcome = serializers.ChoiceField(
        source="run.outcome",
        choices=Outcome.choices,
        allow_blank=True,
        read_only=True,
        default="",
        help_text="How an AI employee's answer ended: `whole`, or not. Empty: a person's message, or no AI model's.",
    )
    state = serializers.SerializerMethodField(
        help_text="An AI employee's message: `answered`, or what stands in the place of an answer, `unavailable` (its "
        "text for when it cannot answer) or `apologised` (something went wrong). A person's: null."
    )
    reason = serializers.SerializerMethodField(help_text="Why it is no answer; empty for one.")
    deliveries = DeliverySerializer(
        many=True,
        read_only=True,
        help_text="An AI employee's message: its way to the provider, in parts if it is long. A person's: empty.",
    )

    feedback = FeedbackSerializer(
        many=True, read_only=True, help_text="What people think of it, each by their last click. A person's: empty."
    )

    class Meta:
        model = Turn
        fields: ClassVar = [
            "id", "speaker", "author", "text", "said_at", "state", "reason", "outcome", "deliveries", "feedback",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields

    @extend_schema_field(serializers.ChoiceField(choices=list(Answer), allow_null=True))
    def get_state(self, turn: Turn) -> str | None:
        return fates.kind_of(turn.run) if turn.run else None

    def get_reason(self, turn: Turn) -> str:
        return fates.why(turn.run, self.context["provider"])


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
        deliveries = Prefetch("deliveries", queryset=Delivery.objects.order_by("sequence"))
        opinions = Prefetch("feedback", queryset=Feedback.objects.select_related("person").order_by("at", "id"))
        conversation = self.get_object()
        journal.record(actions.CONVERSATION_READ, conversation)
        turns = people.with_speakers(conversation.turns.select_related("run")).prefetch_related(deliveries, opinions)
        page: Any = self.paginate_queryset(turns)  # type: ignore[arg-type]  # another model than the view's own
        words = {"provider": conversation.channel}
        return self.get_paginated_response(MessageSerializer(page, many=True, context=words).data)
