"""The portal's pages for changing seats or plan: first what it costs and does, then the change."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from billing import dates, quota, standing
from billing.errors import BillingError, CardDeclinedError
from billing.standing import Standing
from billing.subscription.base import Shown
from billing.subscription.plan import PlanSwitch, apply_switch, preview_switch
from billing.subscription.seats import SeatChange, apply_seats, preview_seats
from billing.templatetags.billing import listed
from billing.web import links, price_sentences, statement
from billing.web.forms import SeatsForm
from billing.web.price_sentences import ChangeSentences
from billing.web.refusals import heading_of, status_of, words_of
from billing.web.statement import Statement
from tenants.http.access import opens_own_scope, requires, workspace_of
from tenants.models import Tenant
from tenants.permissions import Permission
from tenants.scope import tenant_scope


@opens_own_scope
@requires(Permission.MANAGE_BILLING)
@require_http_methods(["GET", "POST"])
def seats(request: HttpRequest) -> HttpResponseBase:
    """How many seats: GET shows what a number would cost and who would pause or return, POST changes it."""
    tenant = workspace_of(request).tenant
    bill = _bill(tenant)
    if standing.CHANGE_SEATS not in bill.standing.may:
        return redirect("workspace:billing", tenant.slug)
    if request.method == "POST":
        return _apply_seats(request, tenant, bill)
    form = SeatsForm(request.GET if "seats" in request.GET else None, initial={"seats": bill.paid.seats})
    if not form.is_valid() or form.cleaned_data["seats"] == bill.paid.seats:
        return _seats_page(request, bill, form, status=422 if form.errors else 200)
    try:
        return _seats_page(request, bill, form, change=preview_seats(tenant, form.cleaned_data["seats"]))
    except BillingError as error:
        return _seats_page(request, bill, form, error=error)


def _apply_seats(request: HttpRequest, tenant: Tenant, bill: Statement) -> HttpResponseBase:
    form = SeatsForm(request.POST)
    if not form.is_valid():
        return _seats_page(request, bill, form, status=422)
    wanted, shown = form.cleaned_data["seats"], _shown(request)
    if shown is None:  # nobody pays a price that was not shown
        return redirect(f"{request.path}?seats={wanted}")
    returns = _returning(tenant, wanted)
    try:
        after = apply_seats(tenant, wanted, shown)
    except BillingError as error:
        return _seats_page(request, bill, form, error=error)
    messages.success(request, _seats_changed(tenant, after, wanted, returns))
    return redirect(links.back_of(request) or links.through("workspace:billing", tenant.slug))


def _returning(tenant: Tenant, wanted: int) -> tuple[str, ...]:
    with tenant_scope(tenant.id):
        return quota.who_returns(wanted)


def _seats_changed(tenant: Tenant, after: Standing, wanted: int, returns: tuple[str, ...]) -> str:
    """What the server knows now."""
    given: dict[str, object] = {"count": wanted}
    if after.entitlement.next_seats_at and after.entitlement.next_seats == wanted:
        given["day"] = dates.day(tenant, after.entitlement.next_seats_at)
        return (
            ngettext("From %(day)s you have %(count)d seat.", "From %(day)s you have %(count)d seats.", wanted) % given
        )
    if after.entitlement.seats != wanted:
        words = ngettext(
            "Stripe accepted the change to %(count)d seat. It shows here once Stripe confirms it, usually in seconds.",
            "Stripe accepted the change to %(count)d seats. It shows here once Stripe confirms it, usually in seconds.",
            wanted,
        )
        return words % given
    now = ngettext("You have %(count)d seat now.", "You have %(count)d seats now.", wanted) % given
    return f"{now} {_have_returned(returns)}".strip()


def _have_returned(names: tuple[str, ...]) -> str:
    words = ngettext("%(names)s has a seat again.", "%(names)s have a seat again.", len(names))
    return words % {"names": listed(names)} if names else ""


def _seats_page(
    request: HttpRequest,
    bill: Statement,
    form: Form,
    *,
    change: SeatChange | None = None,
    error: BillingError | None = None,
    status: int = 200,
) -> HttpResponse:
    if error:
        form.add_error("seats", words_of(error))
        status = status_of(error)
    context = {
        "billing_page": True,
        "bill": bill,
        "form": form,
        "change": change,
        "says": ChangeSentences(bill, workspace_of(request).tenant, change) if change else None,
        "is_declined": isinstance(error, CardDeclinedError),
        "heading": heading_of(error) if error else _("Nothing was changed"),
        "next": links.back_of(request),
    }
    if getattr(request, "htmx", False):  # it ignores answers of 400 and above
        return render(request, "billing/seats_preview.html", context)
    return render(request, "billing/seats.html", context, status=status)


@opens_own_scope
@requires(Permission.MANAGE_BILLING)
@require_http_methods(["GET", "POST"])
def switch_plan(request: HttpRequest) -> HttpResponseBase:
    """From monthly to yearly or back: GET shows what it costs, POST switches."""
    tenant = workspace_of(request).tenant
    bill = _bill(tenant)
    plan, shown = bill.other_plan, _shown(request)
    if plan is None or standing.SWITCH_PLAN not in bill.standing.may:
        return redirect("workspace:billing", tenant.slug)
    try:
        if request.method == "GET" or shown is None or request.POST.get("plan") != plan.lookup_key:
            return _switch_page(request, bill, change=preview_switch(tenant, plan))
        after = apply_switch(tenant, plan, shown)
    except BillingError as error:
        return _switch_page(request, bill, error=error)
    if after.plan != plan:
        messages.success(request, _("Stripe accepted the switch. You see it here once Stripe confirms it."))
    elif plan.is_yearly:
        messages.success(request, _("You pay yearly now."))
    else:
        messages.success(request, _("You pay monthly now."))
    return redirect("workspace:billing", tenant.slug)


def _switch_page(
    request: HttpRequest, bill: Statement, *, change: PlanSwitch | None = None, error: BillingError | None = None
) -> HttpResponse:
    plan = bill.other_plan
    context: dict[str, Any] = {
        "billing_page": True,
        "bill": bill,
        "plan": plan,
        "total_usd": plan.unit_usd * bill.paid.seats if plan else None,
        "change": change,
        "offer": price_sentences.offer_of(plan, bill) if plan else "",
        "note": price_sentences.switch_note(bill, change) if change else "",
        "problem": words_of(error) if error else "",
        "heading": heading_of(error) if error else "",
        "is_declined": isinstance(error, CardDeclinedError),
    }
    return render(request, "billing/switch.html", context, status=status_of(error) if error else 200)


def _bill(tenant: Tenant) -> Statement:
    with tenant_scope(tenant.id):
        return statement.of_workspace()


def _shown(request: HttpRequest) -> Shown | None:
    """What a price was shown for; None if no price was."""
    return Shown.read(request.POST.get("shown", ""))
