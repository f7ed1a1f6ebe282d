"""Usage in the REST API: `usage/summary`."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants.http.authentication import caller_workspace
from tenants.http.schema import ProblemSchema, problem
from tenants.permissions import Permission
from usage.ledger import records
from usage.reports import summary

AGENTS = 100
"""AI employees in one answer."""
MOST_PAGES = 10_000


@dataclass(frozen=True)
class Period:
    """Days in the workspace's time zone, first and last included."""

    first: date
    last: date
    page: int = 1


class PeriodSerializer(serializers.Serializer[Period]):
    """`?from=…&to=…`"""

    def get_fields(self) -> dict[str, Any]:
        """`from` is a keyword in Python, so it cannot be declared as an attribute."""
        return {
            "from": serializers.DateField(required=False, help_text="First day. Default: the first of `to`'s month."),
            "to": serializers.DateField(required=False, help_text="Last day, included. Default: today."),
            "page": serializers.IntegerField(
                required=False, min_value=1, max_value=MOST_PAGES, help_text=f"Which {AGENTS} of `agents`. Default: 1."
            ),
        }

    def validate(self, attrs: dict[str, date]) -> dict[str, date]:
        last = attrs.get("to") or records.local_day(timezone.now(), self.context["time_zone"])
        first = attrs.get("from") or last.replace(day=1)
        if first > last:
            wrong = _("It starts after it ends (%(last)s): give a `from` that is not after `to`.")
            raise serializers.ValidationError({"from": [wrong % {"last": last.isoformat()}]})
        return {**attrs, "from": first, "to": last}


def period_of(request: Request, time_zone: str) -> Period:
    """The period that a request asks for; today is in this time zone. Raises ValidationError naming the parameter."""
    asked = PeriodSerializer(data=request.query_params.dict(), context={"time_zone": time_zone})
    asked.is_valid(raise_exception=True)
    given = asked.validated_data
    return Period(given["from"], given["to"], given.get("page", 1))


class AmountsSerializer(serializers.Serializer[Any]):
    """Tokens and messages are counts, money is USD."""

    input_tokens = serializers.IntegerField(help_text="Sent to the LLM, cached ones included.")
    output_tokens = serializers.IntegerField(help_text="Written by the LLM.")
    cost_usd = serializers.DecimalField(max_digits=30, decimal_places=10, help_text="What the LLM calls cost, in USD.")
    messages_received = serializers.IntegerField(source="received", help_text="What people said.")
    messages_sent = serializers.IntegerField(
        source="sent", help_text="Answers sent, without the texts that replace one."
    )


class AgentUsageSerializer(AmountsSerializer):
    """One AI employee's part, including those that were let go."""

    agent = serializers.UUIDField(source="agent_id")
    agent_name = serializers.CharField()


class SummarySerializer(serializers.Serializer[summary.Summary]):
    """What a period cost."""

    time_zone = serializers.SerializerMethodField(help_text="The workspace's: days are counted in it.")
    totals = AmountsSerializer(source="*")
    agents = serializers.SerializerMethodField(help_text=f"Highest cost first; at most {AGENTS}: see `page`.")
    agents_total = serializers.SerializerMethodField(help_text="How many AI employees there are, on all pages.")

    def get_fields(self) -> dict[str, Any]:
        """`from` is a keyword in Python, so it cannot be declared as an attribute."""
        days = {"from": serializers.DateField(source="first"), "to": serializers.DateField(source="last")}
        return {**days, **super().get_fields()}

    @extend_schema_field(AgentUsageSerializer(many=True))
    def get_agents(self, found: summary.Summary) -> Any:
        begin = (self.context["page"] - 1) * AGENTS
        return AgentUsageSerializer(found.employees[begin : begin + AGENTS], many=True).data

    def get_agents_total(self, found: summary.Summary) -> int:
        return len(found.employees)

    def get_time_zone(self, found: summary.Summary) -> str:
        return str(self.context["time_zone"])


class SummaryView(APIView):
    """Usage of the workspace."""

    schema = ProblemSchema()
    reads = Permission.READ

    @extend_schema(
        operation_id="getUsageSummary",
        tags=["Usage"],
        summary="What a period cost",
        description="Tokens, cost and messages from `from` to `to`, in total and per AI employee. "
        "Decimals are strings, to keep every digit.",
        parameters=[PeriodSerializer],
        responses={200: SummarySerializer, **problem(400, "A date is not right: see `errors`.")},
    )
    def get(self, request: Request) -> Response:
        time_zone = caller_workspace(request).tenant.time_zone
        period = period_of(request, time_zone)
        found = summary.summarise(period.first, period.last)
        context = {"time_zone": time_zone, "page": period.page}
        return Response(SummarySerializer(found, context=context).data)
