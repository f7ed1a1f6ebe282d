"""The portal's pages about a workspace's data: what it keeps and how long, and erasing a person."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from agents.models import Conversation, Person
from channels.models import Contact
from channels.privacy import erasure, retention
from channels.scene import talk
from channels.web.forms import RetentionForm, TalkForm
from tenants.http.access import opens_own_scope, requires, workspace_of
from tenants.models import Export, Tenant
from tenants.paging.pages import page_of
from tenants.permissions import Permission
from tenants.scope import tenant_scope


@requires(Permission.ERASE_PEOPLE)
@require_GET
def data(request: HttpRequest) -> HttpResponse:
    """Export, retention, erasure, deletion."""
    return _page(request, RetentionForm(tenant=workspace_of(request).tenant))


@requires(Permission.MANAGE_SETTINGS)
@require_POST
def keep_for(request: HttpRequest) -> HttpResponse:
    """Set how long conversations are kept. What would be deleted is shown and confirmed first."""
    tenant = workspace_of(request).tenant
    form = RetentionForm(request.POST, tenant=tenant)
    if not form.is_valid():
        return _page(request, form, status=422)
    days = form.chosen_days
    goes = retention.older_than(days, timezone.now()).count() if days else 0
    if goes and str(days) != request.POST.get("confirmed"):
        return _page(request, form, asked_days=days, goes=goes)
    retention.change(tenant, days)
    kept = ngettext("Conversations are kept for %(days)d day.", "Conversations are kept for %(days)d days.", days or 0)
    messages.success(request, kept % {"days": days} if days else _("Conversations are kept forever."))
    return redirect("workspace:data", tenant.slug)


@requires(Permission.MANAGE_SETTINGS)
@require_POST
def keep_talk_for(request: HttpRequest) -> HttpResponse:
    """Set how long to keep what people say around AI employees."""
    tenant = workspace_of(request).tenant
    form = TalkForm(request.POST, tenant=tenant)
    if not form.is_valid():
        return _page(request, RetentionForm(tenant=tenant), status=422, talk_form=form)
    hours = talk.change(tenant, form.cleaned_data["hours"]).overheard_hours
    kept = ngettext(
        "Talk around AI employees is kept for %(hours)d hour.",
        "Talk around AI employees is kept for %(hours)d hours.",
        hours,
    )
    messages.success(request, kept % {"hours": hours} if hours else _("Talk around AI employees is not kept."))
    return redirect("workspace:data", tenant.slug)


def _page(request: HttpRequest, form: RetentionForm, *, status: int = 200, **asked: Any) -> HttpResponse:
    tenant = Tenant.objects.get(id=workspace_of(request).tenant.id)
    context = {
        "settings_page": "data",
        "form": form,
        "talk_form": TalkForm(tenant=tenant),
        "export": Export.objects.order_by("-created_at").first(),
        "conversations": Conversation.objects.count(),
        "people": Person.objects.count(),
        "retention_days": tenant.retention_days,
        **asked,
    }
    return render(request, "channels/data.html", context, status=status)


@requires(Permission.ERASE_PEOPLE)
@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """Who wrote to the AI employees, by name or by the provider's id."""
    wanted = request.GET.get("q", "").replace("\x00", "").strip()
    found = Contact.objects.select_related("connection", "person").order_by("person__name", "external_id")
    if wanted:
        found = found.filter(Q(person__name__icontains=wanted) | Q(external_id__iexact=wanted))
    page = page_of(request, found)
    return render(request, "channels/people.html", {"settings_page": "data", "page": page, "wanted": wanted})


@opens_own_scope
@requires(Permission.ERASE_PEOPLE)
@require_POST
def erase_person(request: HttpRequest, contact_id: UUID) -> HttpResponse:
    """Erase a person; it takes several transactions, so that nobody waits for it."""
    tenant = workspace_of(request).tenant
    with tenant_scope(tenant.id):
        if not Contact.objects.filter(id=contact_id).exists():
            raise Http404(_("No such person."))
    try:
        erased = erasure.erase_person(tenant.id, contact_id)
    except erasure.StillTalkingError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("The person is erased. %(erased)s") % {"erased": erased})
    return redirect("workspace:people", tenant.slug)
