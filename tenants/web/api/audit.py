"""The audit trail in the REST API: `audit/`."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, viewsets

from tenants.audit import trail
from tenants.audit.trail import Wanted
from tenants.http.authentication import caller_workspace
from tenants.http.schema import ProblemSchema
from tenants.models import ActorKind, AuditEvent
from tenants.permissions import Permission
from tenants.web.trail_form import LATEST

CHANGES = {
    "type": "object",
    "additionalProperties": {"type": "array", "items": {}, "minItems": 2, "maxItems": 2},
    "example": {"name": ["Maya", "Mia"]},
}


class ActorSerializer(serializers.Serializer[AuditEvent]):
    """Who did it."""

    kind = serializers.ChoiceField(source="actor_kind", choices=ActorKind.choices)
    id = serializers.UUIDField(
        source="actor_id", allow_null=True, help_text="A person's or a token's; Roster has none."
    )
    name = serializers.CharField(source="actor_name", help_text="As it was then.")


class TargetSerializer(serializers.Serializer[AuditEvent]):
    """What it was done to; empty where it is about the workspace as a whole."""

    kind = serializers.CharField(source="target_kind")
    id = serializers.CharField(source="target_id")
    name = serializers.CharField(source="target_name", help_text="As it was then.")


class AuditEventSerializer(serializers.ModelSerializer[AuditEvent]):
    """Who did what, when, from where, and what it changed. It never changes and has no secret in it."""

    description = serializers.SerializerMethodField(help_text="The action in words.")
    actor = ActorSerializer(source="*")
    target = TargetSerializer(source="*")
    changes = serializers.SerializerMethodField(help_text="Before and after of each field that changed.")
    detail = serializers.CharField(help_text="More about it, in a sentence; may be empty.")

    class Meta:
        model = AuditEvent
        fields: ClassVar = [
            "id", "at", "action", "description", "actor", "target", "changes", "detail",
            "ip", "user_agent", "request_id",
        ]  # fmt: skip
        read_only_fields: ClassVar = fields

    def get_description(self, event: AuditEvent) -> str:
        return trail.label_of(event.action)

    @extend_schema_field(CHANGES)
    def get_changes(self, event: AuditEvent) -> Any:
        return event.changes


class WantedSerializer(serializers.Serializer[Any]):
    """Which entries to list; what is left out matches all."""

    who = serializers.CharField(
        required=False, help_text="`member`, `token`, `staff`, `system`, or the id of a person or token."
    )
    action = serializers.CharField(required=False, max_length=60, help_text="Such as `employee.changed`.")
    target = serializers.CharField(required=False, max_length=40, help_text="The target's kind, such as `agent`.")
    text = serializers.CharField(required=False, max_length=100, help_text="In a name or in the detail.")

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python's, so it cannot be declared as an attribute."""
        days = {
            "from": serializers.DateField(required=False, help_text="First day, in the workspace's time zone."),
            "to": serializers.DateField(required=False, help_text="Last day, included."),
        }
        return {**super().get_fields(), **days}

    def validate_who(self, who: str) -> str:
        if who in ActorKind.values:
            return who
        try:
            return str(UUID(who))
        except ValueError as error:
            kinds = ", ".join(ActorKind.values)
            raise serializers.ValidationError(
                _("Give one of %(kinds)s, or the id of a person or token.") % {"kinds": kinds}
            ) from error

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        first, last = attrs.get("from"), attrs.get("to")
        if last and last > LATEST:
            raise serializers.ValidationError({"to": [_("Give a day before the year 9999.")]})
        if first and last and first > last:
            raise serializers.ValidationError({"from": [_("This is after `to`: give a day that is not.")]})
        return attrs


@extend_schema(tags=["Audit trail"])
@extend_schema_view(
    list=extend_schema(
        operation_id="listAuditEvents",
        summary="List the audit trail",
        description="Every change and every sensitive read, the newest first.",
        parameters=[WantedSerializer],
    ),
)
class AuditViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[AuditEvent]):
    """The workspace's audit trail."""

    schema = ProblemSchema()
    reads = Permission.READ_AUDIT
    queryset = AuditEvent.objects.all()
    serializer_class = AuditEventSerializer

    def get_queryset(self) -> QuerySet[AuditEvent]:
        asked = WantedSerializer(data=self.request.query_params.dict())
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        wanted = Wanted(
            who=given.get("who", ""),
            action=given.get("action", ""),
            target=given.get("target", ""),
            first=given.get("from"),
            last=given.get("to"),
            text=given.get("text", ""),
        )
        return trail.entries(wanted, caller_workspace(self.request).tenant.time_zone)
