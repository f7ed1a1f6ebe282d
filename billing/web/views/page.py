"""The portal's billing page, and the ways to Stripe's pages and back."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing import quota, standing
from billing.catalogue import EMPLOYEE_MONTH, PLANS
from billing.errors import BillingError
from billing.models import Entitlement
from billing.standing import Standing
from billing.stripe import client
from billing.subscription import cancellation, checkout, portal
from billing.subscription.seats import keep_current_seats
from billing.sync import invoices
from billing.web import links, statement
from billing.web.context import office_of
from billing.web.forms import SubscribeForm
from billing.web.price_sentences import PriceSentences
from billing.web.refusals import heading_of, status_of, words_of
from billing.web.sentences import Sentences
from billing.web.statement import Statement
from tenants.http.access import opens_own_scope, requires, workspace_of
from tenants.models import Tenant
from tenants.permissions import Permission
from tenants.scope import tenant_scope


@requires(Permission.READ)
@require_GET
def billing(request: HttpRequest) -> HttpResponse:
    """What is paid for, until when and how; and what can be done about it."""
    return _page(request)


@opens_own_scope
@requires(Permission.READ, writes=Permission.MANAGE_BILLING)
@require_http_methods(["GET", "POST"])
def subscribe(request: HttpRequest) -> HttpResponseBase:
    """Go to Stripe's Checkout with the chosen plan and seats."""
    tenant = workspace_of(request).tenant
    if request.method == "GET":  # the page with errors was reloaded
        return redirect("workspace:billing", tenant.slug)
    form = SubscribeForm(request.POST)
    if not form.is_valid():
        return again(request, form=form, status=422)
    seats, path = form.cleaned_data["seats"], links.through(links.RETURN, tenant.slug, links.back_of(request))
    try:
        return redirect(checkout.start(tenant, plan=form.chosen, seats=seats, return_path=path))
    except BillingError as error:
        form.add_error("seats", words_of(error))
        return again(request, form=form, status=status_of(error))


@opens_own_scope
@requires(Permission.MANAGE_BILLING)
@require_POST
def update_card(request: HttpRequest) -> HttpResponseBase:
    """Go to Stripe's page for another card."""
    return _to_portal(request, flow=portal.UPDATE_CARD)


@opens_own_scope
@requires(Permission.MANAGE_BILLING)
@require_POST
def billing_portal(request: HttpRequest) -> HttpResponseBase:
    """Go to Stripe's page with the address, tax ids and all invoices."""
    return _to_portal(request)


def _to_portal(request: HttpRequest, flow: str = "") -> HttpResponseBase:
    tenant = workspace_of(request).tenant
    with tenant_scope(tenant.id):
        had = card_of(standing.current())
    path = links.through(links.RETURN, tenant.slug, links.back_of(request), had=had)
    try:
        return redirect(portal.start(tenant, return_path=path, flow=flow))
    except BillingError as error:
        return again(request, problem=words_of(error), status=status_of(error))


@opens_own_scope
@requires(Permission.MANAGE_BILLING)
@require_POST
def cancel_subscription(request: HttpRequest) -> HttpResponseBase:
    """End the subscription when the paid period is over."""
    return _do(request, cancellation.cancel, _("The subscription is canceled."))


@opens_own_scope
@requires(Permission.MANAGE_BILLING)
@require_POST
def resume_subscription(request: HttpRequest) -> HttpResponseBase:
    """Undo the cancellation, or resume after a pause."""
    return _do(request, cancellation.resume, _("The subscription continues."))


@opens_own_scope
@requires(Permission.MANAGE_BILLING)
@require_POST
def keep_seats(request: HttpRequest) -> HttpResponseBase:
    """Drop a planned change to fewer seats."""
    return _do(request, keep_current_seats, _("You keep your seats."))


def card_of(current: Standing) -> str:
    """The card that is charged now, to find out on the way back whether it has changed."""
    return current.entitlement.payment_method_id or "none"


def _do(request: HttpRequest, verb: Callable[[Tenant], object], done: str) -> HttpResponseBase:
    tenant = workspace_of(request).tenant
    try:
        verb(tenant)
    except BillingError as error:
        return again(request, problem=words_of(error), heading=heading_of(error), status=status_of(error))
    messages.success(request, done)
    return redirect("workspace:billing", tenant.slug)


def again(request: HttpRequest, **page: Any) -> HttpResponse:
    """The billing page with what went wrong, for views that called Stripe outside of a scope."""
    with tenant_scope(workspace_of(request).tenant.id):
        return _page(request, **page)


def _page(
    request: HttpRequest, *, form: SubscribeForm | None = None, problem: str = "", heading: str = "", status: int = 200
) -> HttpResponse:
    bill = statement.of(workspace_of(request).once(office_of))
    can = offers(request, bill)
    context = {
        "billing_page": True,
        "bill": bill,
        "says": Sentences(bill, workspace_of(request).tenant, can),
        "prices": PriceSentences(bill, workspace_of(request).tenant),
        "can": can,
        "is_on": client.is_configured(),
        "plans": PLANS,
        "form": form or (SubscribeForm(initial=_suggested(bill)) if can[standing.SUBSCRIBE] else None),
        "trial_days": settings.TRIAL_DAYS if bill.standing.status == Entitlement.Status.NONE else 0,
        "trial_requires_card": settings.TRIAL_REQUIRES_CARD,
        "credit": quota.trial_meter() if can[standing.SUBSCRIBE] else None,
        "invoices": invoices.newest(bill.paid),
        "problem": problem,
        "heading": heading,
        "next": links.back_of(request),
    }
    return render(request, "billing/page.html", context, status=status)


def offers(request: HttpRequest, bill: Statement) -> dict[str, bool]:
    """Which buttons this caller gets: what the state offers, if they may buy and something is sold here."""
    is_asked = client.is_configured() and workspace_of(request).allows(Permission.MANAGE_BILLING)
    found = {act: is_asked and act in bill.standing.may for act in standing.ACTS}
    return {**found, "manage": is_asked and bool(bill.paid.customer_id)}


def _suggested(bill: Statement) -> dict[str, Any]:
    """The former plan, and a seat for everybody who is here."""
    plan = bill.plan or EMPLOYEE_MONTH
    return {"plan": plan.lookup_key, "seats": max(1, len(bill.places) - bill.standing.comp_seats)}
