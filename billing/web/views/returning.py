"""Back from Stripe's pages: ask for the current state first, then continue to where somebody was."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
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
"""After this many, the page that waits for Stripe stops refreshing."""


@opens_own_scope
@requires(Permission.MANAGE_BILLING)
@require_GET
def billing_return(request: HttpRequest) -> HttpResponseBase:
    """The page that Checkout and the portal lead back to."""
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
    count, ends = current.paid_seats, current.entitlement.trial_ends_at
    if not ends:
        words = ngettext("You are subscribed: %(count)d seat.", "You are subscribed: %(count)d seats.", count)
        return words % {"count": count}
    words = ngettext(
        "The trial has started: %(count)d seat, and nothing is charged before %(day)s.",
        "The trial has started: %(count)d seats, and nothing is charged before %(day)s.",
        count,
    )
    return words % {"count": count, "day": dates.day(tenant, ends)}


def _checking(request: HttpRequest) -> HttpResponse:
    """Stripe has not confirmed it yet. The page refreshes itself; the payment counts anyway, by the webhook."""
    given = request.GET.get("looks", "0")
    looks = int(given) if given.isascii() and given.isdecimal() and len(given) < 4 else 0
    query = request.GET.copy()
    query["looks"] = str(looks + 1)
    again = f"{request.path}?{query.urlencode()}"
    context = {"billing_page": True, "again": again, "looks_by_itself": looks < LOOKS}
    template = "billing/checking.html#state" if getattr(request, "htmx", False) else "billing/checking.html"
    return render(request, template, context)


def _from_portal(request: HttpRequest) -> HttpResponseBase:
    """Or from an abandoned Checkout. The sync also lets a new card pay what is open."""
    tenant = workspace_of(request).tenant
    try:
        current = entitlement.sync(tenant.id)
        card = _card(tenant)
        card_now = page.card_of(current)
        if card and request.GET.get("had", card_now) != card_now and standing.PAY not in current.may:
            messages.success(request, _("%(card)s is charged from now on.") % {"card": card})
    except StripeDownError:
        with tenant_scope(tenant.id):
            entitlement.request_sync(entitlement.RETURNED)
    except BillingError as error:
        return _wrong(request, error)
    return _onward(request, links.back_of(request))


def _card(tenant: Tenant) -> Card | None:
    with tenant_scope(tenant.id):
        return statement.of_workspace().card


def _wrong(request: HttpRequest, error: BillingError) -> HttpResponseBase:
    """The billing page with what is wrong; htmx loads it as a whole page."""
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(request.get_full_path())
    return page.again(request, problem=words_of(error), status=status_of(error))


def _onward(request: HttpRequest, back: str) -> HttpResponseBase:
    tenant = workspace_of(request).tenant
    path = back or links.through("workspace:billing", tenant.slug)
    return HttpResponseClientRedirect(path) if getattr(request, "htmx", False) else redirect(path)
