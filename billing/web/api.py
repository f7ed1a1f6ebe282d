"""The subscription in the REST API: `billing/`."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.catalogue import PLANS, SEATS_MAX, plan_of
from billing.errors import BillingError, StripeBusyError
from billing.stripe import client
from billing.subscription import checkout, portal
from billing.subscription.seats import SeatChange, preview_seats
from billing.web import links, statement
from billing.web.middleware import billing_url
from billing.web.refusals import status_of, words_of
from billing.web.statement import Card, Statement
from tenants.http.authentication import caller_workspace
from tenants.http.idempotency import idempotent
from tenants.http.problems import BusyError, ConflictError, ProviderError
from tenants.http.schema import ProblemSchema, problem
from tenants.outbound.patience import BUSY_SECONDS
from tenants.permissions import Permission

MONEY: Any = {"max_digits": 12, "decimal_places": 2}
REFUSALS = {
    **problem(409, "The subscription's state does not allow it, or nothing is sold here: see `detail`."),
    **problem(502, "Stripe refuses or does not answer: see `detail`."),
}


class CardSerializer(serializers.Serializer[Card]):
    """What invoices are charged to."""

    brand = serializers.CharField(help_text="Such as `Visa`.")
    last4 = serializers.CharField(help_text="Empty if it is not a card.")
    expires = serializers.CharField(help_text="Month and year, such as `04/2031`.")


class OtherItemSerializer(serializers.Serializer[Any]):
    """Something that the same subscription charges for and that is not sold here."""

    name = serializers.CharField()
    quantity = serializers.IntegerField()
    usd = serializers.CharField(help_text="For one per interval; empty if unknown.")
    interval = serializers.CharField(help_text="Such as `month`.")


class SubscriptionSerializer(serializers.Serializer[Statement]):
    """What the workspace has, by Stripe's latest word."""

    status = serializers.CharField(source="standing.status", help_text="Stripe's own, or `none`.")
    is_working = serializers.BooleanField(source="standing.is_working", help_text="May AI employees answer?")
    reason = serializers.CharField(
        source="standing.reason", help_text="Why they may not, and what to do; empty if they may."
    )
    plan = serializers.CharField(source="paid.plan", help_text="The price's lookup key, or empty.")
    unit_usd = serializers.DecimalField(
        allow_null=True, **MONEY, help_text="For one AI employee per interval; earlier subscribers keep their price."
    )
    seats = serializers.IntegerField(source="standing.seats", help_text="How many AI employees may work now.")
    paid_seats = serializers.IntegerField(source="paid.seats", help_text="How many the subscription has.")
    given_seats = serializers.IntegerField(source="standing.comp_seats", help_text="How many are complimentary.")
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
    collection_pause = serializers.CharField(
        source="paid.collection_pause",
        help_text="What happens to invoices while payments are paused at Stripe: `keep_as_draft`, `void` or "
        "`mark_uncollectible`; empty if they are not paused.",
    )
    collection_resumes_at = serializers.DateTimeField(source="paid.collection_resumes_at", allow_null=True)
    other_items = OtherItemSerializer(
        source="paid.other_items", many=True, help_text="What else the same subscription charges for."
    )
    card = CardSerializer(allow_null=True, help_text="null: there is none.")
    offers = serializers.SerializerMethodField(help_text="What can be done in this state.")
    billing_url = serializers.SerializerMethodField(help_text="The page where an owner or admin can do it.")

    def get_offers(self, found: Statement) -> list[str]:
        return sorted(found.standing.may)

    def get_billing_url(self, found: Statement) -> str:
        return billing_url(self.context["workspace"])


class WaySerializer(serializers.Serializer[Any]):
    """Where to go on."""

    url = serializers.URLField(help_text="Stripe's page, for a person's browser.")


class ReturnSerializer(serializers.Serializer[Any]):
    """Where Stripe's page sends people back to."""

    return_path = serializers.CharField(
        required=False,
        max_length=500,
        help_text="A page of this workspace, such as `/t/acme/employees/`. Default: the billing page.",
    )

    def validate_return_path(self, path: str) -> str:
        if not links.is_inside(path, self.context["workspace"].tenant.slug):
            raise serializers.ValidationError(
                _("This is not a page of this workspace: give a path that starts with /t/.")
            )
        return path

    @property
    def back(self) -> str:
        """The path of the page that asks Stripe for the current state, and then leads on."""
        onward = self.validated_data.get("return_path", "")
        return links.through(links.RETURN, self.context["workspace"].tenant.slug, onward)


class SeatsSerializer(serializers.Serializer[Any]):
    """How many seats."""

    seats = serializers.IntegerField(min_value=1, max_value=SEATS_MAX, help_text="One for each AI employee.")


class CheckoutSerializer(SeatsSerializer, ReturnSerializer):
    """What to subscribe to."""

    plan = serializers.ChoiceField(choices=[plan.lookup_key for plan in PLANS])


class SeatChangeSerializer(serializers.Serializer[SeatChange]):
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
    """Billing's errors as problem documents."""
    if not client.is_configured():
        raise ConflictError(
            _("This installation sells no subscriptions: the people who run it have not set STRIPE_SECRET_KEY.")
        )
    try:
        yield
    except StripeBusyError as error:
        raise BusyError(str(error), wait=BUSY_SECONDS) from error
    except BillingError as error:
        refused = ProviderError if status_of(error) == HTTPStatus.BAD_GATEWAY else ConflictError
        raise refused(words_of(error)) from error


class SubscriptionView(APIView):
    """The subscription."""

    schema = ProblemSchema()
    reads = Permission.READ

    @extend_schema(
        operation_id="getSubscription",
        tags=["Billing"],
        summary="Read the subscription",
        description="Status, seats and dates, by Stripe's latest word. Money is in USD, as a string.",
        responses=SubscriptionSerializer,
    )
    def get(self, request: Request) -> Response:
        found, context = statement.of_workspace(), {"workspace": caller_workspace(request)}
        return Response(SubscriptionSerializer(found, context=context).data)


class CheckoutView(APIView):
    """The way to Stripe's Checkout. Calls Stripe, so it runs outside the tenant's scope."""

    schema = ProblemSchema()
    writes = Permission.MANAGE_BILLING

    @extend_schema(
        operation_id="startCheckout",
        tags=["Billing"],
        summary="Subscribe",
        description="Open the URL in a browser and pay at Stripe. This closes a page that was opened before.",
        request=CheckoutSerializer,
        responses={200: WaySerializer, **REFUSALS},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        workspace = caller_workspace(request)
        asked = CheckoutSerializer(data=request.data, context={"workspace": workspace})
        asked.is_valid(raise_exception=True)
        plan, seats = plan_of(asked.validated_data["plan"]), asked.validated_data["seats"]
        with _refusals():
            url = checkout.start(workspace.tenant, plan=plan, seats=seats, return_path=asked.back)
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
        request=ReturnSerializer,
        responses={200: WaySerializer, **REFUSALS},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        workspace = caller_workspace(request)
        asked = ReturnSerializer(data=request.data, context={"workspace": workspace})
        asked.is_valid(raise_exception=True)
        with _refusals():
            url = portal.start(workspace.tenant, return_path=asked.back)
        return Response({"url": url})


class PreviewView(APIView):
    """What a change of seats would cost. Calls Stripe, so it runs outside the tenant's scope. Changes nothing."""

    schema = ProblemSchema()
    writes = Permission.MANAGE_BILLING

    @extend_schema(
        operation_id="previewSeats",
        tags=["Billing"],
        summary="See what other seats would cost",
        description="Calculated by Stripe. More seats are available at once, fewer take effect when the period ends.",
        request=SeatsSerializer,
        responses={200: SeatChangeSerializer, **REFUSALS},
    )
    def post(self, request: Request) -> Response:
        asked = SeatsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        with _refusals():
            change = preview_seats(caller_workspace(request).tenant, asked.validated_data["seats"])
        return Response(SeatChangeSerializer(change).data)
