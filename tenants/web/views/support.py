"""The owners' page about support access: let staff view the workspace for some hours, and end it."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from tenants.http.access import requires, workspace_of
from tenants.models import SupportGrant, User
from tenants.permissions import Permission
from tenants.team import support as access

SHOWN = 50
"""Grants that the page lists; the audit trail has all."""
TWO_DAYS = 48
"""Hours from which on a length is given in days."""


def _hours() -> list[tuple[int, str]]:
    return [(hours, _length(hours)) for hours in access.HOURS]


def _length(hours: int) -> str:
    if hours < TWO_DAYS:
        return ngettext("%(hours)s hour", "%(hours)s hours", hours) % {"hours": hours}
    days = hours // 24
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}


class SupportForm(forms.Form):
    """For how long, and why."""

    hours = forms.TypedChoiceField(label=_("For how long"), choices=_hours, coerce=int, initial=4)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        required=False,
        help_text=_("What they should look at. You can leave this empty."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


@requires(Permission.GRANT_SUPPORT)
@require_http_methods(["GET", "POST"])
def support(request: HttpRequest) -> HttpResponse:
    """Who granted support access, and until when; POST grants it."""
    form = SupportForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and isinstance(request.user, User):
        access.grant(request.user, form.cleaned_data["hours"], form.cleaned_data["reason"])
        messages.success(request, gettext("Roster support can now view this workspace."))
        return _back(request)
    context = {
        "form": form,
        "settings_page": "support",
        "current": access.current(),
        "grants": SupportGrant.objects.order_by("-created_at", "-id")[:SHOWN],
        "now": timezone.now(),
    }
    return render(request, "tenants/support.html", context, status=422 if form.errors else 200)


@requires(Permission.GRANT_SUPPORT)
@require_POST
def end_support(request: HttpRequest) -> HttpResponse:
    """End it, from the next request on."""
    if access.end():
        messages.success(request, gettext("Support access was ended."))
    else:
        messages.info(request, gettext("Support access was already over."))
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    return redirect("workspace:support", workspace_of(request).tenant.slug)
