"""AI employees in the REST API: `agents/`."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from agents.employees import hiring
from agents.llm.calls import PROVIDERS
from agents.models import PROFILE_FIELDS, Agent, AgentRevision
from billing.web.access import needs_standing
from tenants.http.idempotency import IdempotentCreateMixin
from tenants.http.schema import ProblemSchema, problem
from tenants.permissions import Permission
from usage import prices

READING = ("list", "retrieve", "revisions")
UNPAID = problem(402, "No seat is free, or a payment is missing: `detail` says what to do, `billing_url` where.")


class AgentSerializer(serializers.ModelSerializer[Agent]):
    """An AI employee as it is configured now."""

    revision = serializers.IntegerField(
        source="revision_number", read_only=True, help_text="The number of its newest revision."
    )

    class Meta:
        model = Agent
        fields: ClassVar = ["id", *PROFILE_FIELDS, "revision", "created_at", "paused_at"]
        read_only_fields: ClassVar = ["created_at", "paused_at"]
        extra_kwargs: ClassVar = {
            "name": {"help_text": "How it introduces itself."},
            "job_title": {"help_text": "One line, such as “Customer support for Acme”."},
            "instructions": {"help_text": "What it should know and how it should behave, in plain words."},
            "unavailable_text": {
                "help_text": "Sent whenever it may not answer, such as while it is paused or the credit is used up."
            },
            "provider": {"help_text": "The LLM provider, such as `openai`."},
            "model": {"help_text": "The provider's model. It needs a known price."},
            "max_output_tokens": {"help_text": "The most tokens that one answer may have."},
            "paused_at": {"help_text": "Since when an operator has it paused; null: it is not."},
        }

    def validate_provider(self, provider: str) -> str:
        if provider not in PROVIDERS:
            known = ", ".join(sorted(PROVIDERS))
            message = _("There is no provider called “%(provider)s”: choose one of %(known)s.")
            raise ValidationError(message % {"provider": provider, "known": known})
        return provider

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A model without a price is refused when it is chosen; see usage.prices."""
        if self.instance and not attrs.keys() & {"provider", "model"}:
            return attrs
        described = self.instance or Agent()
        provider, model = (attrs.get(name, getattr(described, name)) for name in ("provider", "model"))
        try:
            prices.upper_bound(provider, model, input_tokens=1, output_tokens=1, at=timezone.now())
        except prices.UnknownPriceError as error:
            raise ValidationError({"model": [str(error)]}) from error
        return attrs

    def create(self, validated_data: dict[str, Any]) -> Agent:
        return hiring.hire(Agent(**{"unavailable_text": hiring.unavailable_text(), **validated_data}))

    def update(self, instance: Agent, validated_data: dict[str, Any]) -> Agent:
        for name, value in validated_data.items():
            setattr(instance, name, value)
        return hiring.change(instance)


class AgentRevisionSerializer(serializers.ModelSerializer[AgentRevision]):
    """An AI employee as it was configured at some time."""

    class Meta:
        model = AgentRevision
        fields: ClassVar = ["id", "number", *PROFILE_FIELDS, "created_at"]
        read_only_fields: ClassVar = fields


@extend_schema(tags=["AI employees"])
@extend_schema_view(
    list=extend_schema(
        operation_id="listAgents", summary="List AI employees", description="All that are employed, the newest first."
    ),
    create=extend_schema(
        operation_id="createAgent",
        summary="Hire an AI employee",
        description="It takes a seat. It answers wherever a channel leads to it.",
        responses={201: AgentSerializer, **UNPAID},
    ),
    retrieve=extend_schema(operation_id="getAgent", summary="Read an AI employee"),
    update=extend_schema(
        operation_id="replaceAgent",
        summary="Change an AI employee",
        description="The change is a new revision and applies from the next answer on.",
        responses={200: AgentSerializer, **UNPAID},
    ),
    partial_update=extend_schema(
        operation_id="updateAgent",
        summary="Change some fields of an AI employee",
        description="The change is a new revision and applies from the next answer on.",
        responses={200: AgentSerializer, **UNPAID},
    ),
    destroy=extend_schema(
        operation_id="deleteAgent",
        summary="Let an AI employee go",
        description="Its seat becomes free. Conversations and usage stay readable.",
    ),
)
@needs_standing
class AgentViewSet(IdempotentCreateMixin, viewsets.ModelViewSet[Agent]):
    """AI employees of the workspace."""

    schema = ProblemSchema()
    reads, writes = Permission.READ, Permission.MANAGE_EMPLOYEES
    queryset = Agent.objects.employed()
    serializer_class = AgentSerializer
    lookup_field = "id"

    def get_queryset(self) -> QuerySet[Agent]:
        """A change locks its row, so that two at once do not undo each other's fields."""
        agents = super().get_queryset()
        return agents if self.action in READING else agents.select_for_update(no_key=True)

    def perform_destroy(self, instance: Agent) -> None:
        hiring.let_go(instance)

    @extend_schema(
        operation_id="listAgentRevisions",
        summary="List an AI employee's revisions",
        description="How it was configured, the newest first.",
        responses=AgentRevisionSerializer(many=True),
    )
    @action(detail=True, serializer_class=AgentRevisionSerializer)
    def revisions(self, request: Request, id: str) -> Response:
        revisions = self.get_object().revisions.all()
        page: Any = self.paginate_queryset(revisions)  # type: ignore[arg-type]  # another model than the view's own
        return self.get_paginated_response(AgentRevisionSerializer(page, many=True).data)
