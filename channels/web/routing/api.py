"""Who answers where, in the REST API: `channels/{id}/routing`."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from channels.models import Connection
from channels.routing import rules
from channels.routing.rules import MOST_CHOICES, Chosen, Routing, UnknownEmployeeError
from tenants.http.schema import ProblemSchema
from tenants.permissions import Permission


class PlaceSerializer(serializers.Serializer[Any]):
    """Who answers in one place of a channel."""

    place = serializers.CharField(
        max_length=120, help_text="The provider's id of the place, such as a channel's; `direct` for direct messages."
    )
    label = serializers.CharField(  # type: ignore[assignment]
        max_length=120, allow_blank=True, default="", help_text="What people call the place."
    )
    agent = serializers.UUIDField(help_text="The AI employee that answers there.")


class RoutingSerializer(serializers.Serializer[Any]):
    """Who answers where. It counts for new conversations; those that exist stay with their employee."""

    agent = serializers.UUIDField(
        allow_null=True, help_text="Who answers everywhere else; null: the first in the order of seats."
    )
    places = PlaceSerializer(many=True, help_text="Places in which somebody of their own answers.")

    def validate_places(self, places: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Each place once, and not too many."""
        if len({each["place"] for each in places}) < len(places):
            raise ValidationError(_("A place is named twice."))
        if len(places) > MOST_CHOICES:
            raise ValidationError(_("At most %(most)d places can be chosen for.") % {"most": MOST_CHOICES})
        return places


class RoutingView(APIView):
    """Who answers where at one channel."""

    schema = ProblemSchema()
    reads = Permission.READ
    writes = Permission.MANAGE_CHANNELS

    @extend_schema(
        operation_id="getRouting", tags=["Channels"], summary="Read who answers where", responses=RoutingSerializer
    )
    def get(self, request: Request, id: UUID) -> Response:
        return Response(_shown(_connection(id)))

    @extend_schema(
        operation_id="setRouting",
        tags=["Channels"],
        summary="Set who answers where",
        description="Replaces what was set before. The first words of a message come first: whoever they name answers.",
        request=RoutingSerializer,
        responses=RoutingSerializer,
    )
    def put(self, request: Request, id: UUID) -> Response:
        asked, connection = RoutingSerializer(data=request.data), _connection(id)
        asked.is_valid(raise_exception=True)
        chosen = [Chosen(each["place"], each["label"], each["agent"]) for each in asked.validated_data["places"]]
        ordered = tuple(sorted(chosen, key=lambda each: (each.label, each.place)))
        try:
            rules.route(connection, Routing(asked.validated_data["agent"], ordered))
        except UnknownEmployeeError as error:
            raise ValidationError({"agent": [str(error)]}) from error
        return Response(_shown(_connection(id)))


def _connection(connection_id: UUID) -> Connection:
    found = Connection.objects.select_related("agent").filter(id=connection_id).first()
    if found is None:
        raise Http404
    return found


def _shown(connection: Connection) -> dict[str, Any]:
    routing = rules.routing_of(connection)
    places = [{"place": each.place, "label": each.label, "agent": each.agent_id} for each in routing.choices]
    return dict(RoutingSerializer({"agent": routing.default_id, "places": places}).data)
