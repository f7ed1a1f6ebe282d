"""The subscription in the REST API: `billing/`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import checkout, portal, seatchange, statement, ways
from billing.catalogue import PLANS, SEATS_MAX, plan_of
from billing.errors import BillingError, CardDeclinedError, StripeDownError
from billing.statement import Statement
from tenants.authentication import workspace_of
from tenants.idempotency import idempotent
from tenants.permissions import Permission
from tenants.problems import ConflictError, ProviderError
from tenants.schema import ProblemSchema, problem

MONEY: Any = {"max_digits": 12, "decimal_places": 2}
RETURN = "workspace:billing_return"
REFUSALS = {
    **problem(409, "The subscription's state does not allow it: `detail` says why."),
    **problem(502, "Stripe refuses, or does not answer: `detail` says why."),
}


class SubscriptionSerializer(serializers.Serializer[Statement]):
    """What the workspace has, as Stripe said last."""

    status = serializers.CharField(source="standing.status", help_text="Stripe's own, or `none`.")
    is_working = serializers.BooleanField(source="standing.is_working", help_text="May AI employees answer?")
    reason = serializers.CharField(source="standing.reason", help_text="Why not, and what to do; empty if they may.")
    plan = serializers.CharField(source="paid.plan", help_text="The price's lookup key, or empty.")
    unit_usd = serializers.DecimalField(
        source="plan.unit_usd", default=None, allow_null=True, **MONEY, help_text="For one AI employee and interval."
    )
    seats = serializers.IntegerField(source="standing.seats", help_text="How many AI employees may work now.")
    paid_seats = serializers.IntegerField(source="paid.seats", help_text="How many the subscription has.")
    used_seats = serializers.IntegerField(source="seats_used", help_text="How many AI employees work.")
    next_seats = serializers.IntegerField(source="paid.next_seats", allow_null=True, help_text="From then on.")
    next_seats_at = serializers.DateTimeField(source="paid.next_seats_at", allow_null=True)
    period_ends_at = serializers.DateTimeField(source="paid.period_end", allow_null=True)
    trial_ends_at = serializers.DateTimeField(source="paid.trial_ends_at", allow_null=True)
    cancels_at = serializers.DateTimeField(source="paid.cancels_at", allow_null=True)
    grace_ends_at = serializers.DateTimeField(
        source="standing.grace_ends_at", allow_null=True, help_text="When AI employees pause, if nothing is paid."
    )
    next_invoice_usd = serializers.DecimalField(source="paid.next_invoice_usd", allow_null=True, **MONEY)
    next_invoice_at = serializers.DateTimeField(source="paid.next_invoice_at", allow_null=True)
    offers = serializers.SerializerMethodField(help_text="What can be done in this state.")

    def get_offers(self, found: Statement) -> list[str]:
        return sorted(found.standing.may)


class WaySerializer(serializers.Serializer[Any]):
    """Where to go on."""

    url = serializers.URLField(help_text="Stripe's page, for a person's browser.")


class SeatsSerializer(serializers.Serializer[Any]):
    """How many seats."""

    seats = serializers.IntegerField(min_value=1, max_value=SEATS_MAX, help_text="One for each AI employee.")


class CheckoutSerializer(SeatsSerializer):
    """What to subscribe to."""

    plan = serializers.ChoiceField(choices=[plan.lookup_key for plan in PLANS])


class SeatChangeSerializer(serializers.Serializer[seatchange.SeatChange]):
    """What another number of seats would cost and do."""

    seats_now = serializers.IntegerField()
    seats = serializers.IntegerField()
    due_now_usd = serializers.DecimalField(**MONEY, help_text="Charged at once.")
    next_invoice_usd = serializers.DecimalField(**MONEY)
    next_invoice_at = serializers.DateTimeField(allow_null=True)
    takes_effect_at = serializers.DateTimeField(allow_null=True, help_text="null: at once.")
    pauses = serializers.ListField(child=serializers.CharField(), help_text="Names of AI employees that would pause.")
    returns = serializers.ListField(child=serializers.CharField(), help_text="Names of those that would work again.")


@contextmanager
def _refusals() -> Iterator[None]:
    """Errors of billing as problems."""
    try:
        yield
    except (StripeDownError, CardDeclinedError) as error:
        raise ProviderError(str(error)) from error
    except BillingError as error:
        raise ConflictError(str(error)) from error


class SubscriptionView(APIView):
    """The subscription."""

    schema = ProblemSchema()
    reads = Permission.READ

    @extend_schema(
        operation_id="getSubscription",
        tags=["Billing"],
        summary="Read the subscription",
        description="Status, seats and dates, as Stripe said last. Money is in USD, as a string.",
        responses=SubscriptionSerializer,
    )
    def get(self, request: Request) -> Response:
        return Response(SubscriptionSerializer(statement.of_workspace()).data)


class CheckoutView(APIView):
    """The way to Stripe's Checkout. Calls Stripe, so it runs outside the tenant's scope."""

    schema = ProblemSchema()
    writes = Permission.MANAGE_BILLING

    @extend_schema(
        operation_id="startCheckout",
        tags=["Billing"],
        summary="Subscribe",
        description="Open the URL in a browser and pay at Stripe. A page that was opened before is closed by it.",
        request=CheckoutSerializer,
        responses={200: WaySerializer, **REFUSALS},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        asked = CheckoutSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        tenant = workspace_of(request).tenant
        plan, seats = plan_of(asked.validated_data["plan"]), asked.validated_data["seats"]
        with _refusals():
            url = checkout.start(tenant, plan=plan, seats=seats, return_path=ways.through(RETURN, tenant.slug))
        return Response({"url": url})


class PortalView(APIView):
    """The way to Stripe's customer portal. Calls Stripe, so it runs outside the tenant's scope."""

    schema = ProblemSchema()
    writes = Permission.MANAGE_BILLING

    @extend_schema(
        operation_id="openPortal",
        tags=["Billing"],
        summary="Manage cards and invoices",
        description="Open the URL in a browser: Stripe's portal has cards, billing details and invoices.",
        request=None,
        responses={200: WaySerializer, **REFUSALS},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        tenant = workspace_of(request).tenant
        with _refusals():
            url = portal.start(tenant, return_path=ways.through(RETURN, tenant.slug))
        return Response({"url": url})


class PreviewView(APIView):
    """What a change of seats would cost. Calls Stripe, so it runs outside the tenant's scope. It changes nothing."""

    schema = ProblemSchema()
    writes = Permission.MANAGE_BILLING

    @extend_schema(
        operation_id="previewSeats",
        tags=["Billing"],
        summary="See what other seats would cost",
        description="By Stripe's own reckoning. More seats are there at once, fewer at the period's end.",
        request=SeatsSerializer,
        responses={200: SeatChangeSerializer, **REFUSALS},
    )
    def post(self, request: Request) -> Response:
        asked = SeatsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        with _refusals():
            change = seatchange.preview(workspace_of(request).tenant, asked.validated_data["seats"])
        return Response(SeatChangeSerializer(change).data)
