"""Back from Stripe's pages: what holds now is asked first, then the way goes on to where somebody was."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRedirect

from billing import dates, standing
from billing.errors import BillingError, StripeDownError
from billing.standing import PAYING, Standing
from billing.subscription import checkout
from billing.sync import entitlement
from billing.web import links, statement
from billing.web.refusals import status_of, words_of
from billing.web.statement import Card
from billing.web.views import page
from tenants.http.access import opens_own_scope, requires, workspace_of
from tenants.models import Tenant
from tenants.permissions import Permission
from tenants.scope import tenant_scope

LOOKS = 20
"""After so many the page that waits for Stripe stops looking by itself."""


@opens_own_scope
@requires(Permission.MANAGE_BILLING)
@require_GET
def billing_return(request: HttpRequest) -> HttpResponseBase:
    """The page to which Checkout and the portal lead back."""
    session_id = request.GET.get(checkout.SESSION, "")
    return _from_checkout(request, session_id) if session_id else _from_portal(request)


def _from_checkout(request: HttpRequest, session_id: str) -> HttpResponseBase:
    tenant = workspace_of(request).tenant
    try:
        current = checkout.finish(tenant, session_id)
    except StripeDownError:
        return _checking(request)
    except BillingError as error:
        return _wrong(request, error)
    if current.status in PAYING:
        messages.success(request, _begun(tenant, current))
        return _onward(request, links.back_of(request))
    return _onward(request, "") if current.is_live else _checking(request)


def _begun(tenant: Tenant, current: Standing) -> str:
    """What the server knows now."""
    seats = f"{current.paid_seats} seat{'' if current.paid_seats == 1 else 's'}"
    if not current.entitlement.trial_ends_at:
        return f"You are subscribed: {seats}."
    day = dates.day(tenant, current.entitlement.trial_ends_at)
    return f"The trial has begun: {seats}, and nothing is charged before {day}."


def _checking(request: HttpRequest) -> HttpResponse:
    """Stripe has not told yet. The page looks again by itself; whatever was paid counts anyway, by the webhook."""
    given = request.GET.get("looks", "0")
    looks = int(given) if given.isascii() and given.isdecimal() and len(given) < 4 else 0
    query = request.GET.copy()
    query["looks"] = str(looks + 1)
    again = f"{request.path}?{query.urlencode()}"
    context = {"billing_page": True, "again": again, "looks_by_itself": looks < LOOKS}
    template = "billing/checking.html#state" if getattr(request, "htmx", False) else "billing/checking.html"
    return render(request, template, context)


def _from_portal(request: HttpRequest) -> HttpResponseBase:
    """Or from a Checkout that was given up. The sync also has another card pay what is open."""
    tenant = workspace_of(request).tenant
    try:
        current = entitlement.sync(tenant.id)
        card = _card(tenant)
        card_now = page.card_of(current)
        if card and request.GET.get("had", card_now) != card_now and standing.PAY not in current.may:
            messages.success(request, f"{card} is charged from now on.")
    except StripeDownError:
        with tenant_scope(tenant.id):
            entitlement.request_sync("return")
    except BillingError as error:
        return _wrong(request, error)
    return _onward(request, links.back_of(request))


def _card(tenant: Tenant) -> Card | None:
    with tenant_scope(tenant.id):
        return statement.of_workspace().card


def _wrong(request: HttpRequest, error: BillingError) -> HttpResponseBase:
    """The billing page with what is wrong; htmx opens this page as a whole."""
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(request.get_full_path())
    return page.again(request, problem=words_of(error), status=status_of(error))


def _onward(request: HttpRequest, back: str) -> HttpResponseBase:
    tenant = workspace_of(request).tenant
    path = back or links.through("workspace:billing", tenant.slug)
    return HttpResponseClientRedirect(path) if getattr(request, "htmx", False) else redirect(path)
