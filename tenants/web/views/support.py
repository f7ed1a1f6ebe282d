"""The owners' page about support access: let staff look, for hours, and end it."""

from typing import ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from tenants.http.access import requires, workspace_of
from tenants.models import SupportGrant, User
from tenants.permissions import Permission
from tenants.team import support as access

SHOWN = 50
"""Grants that the page lists; the audit trail has all."""


class SupportForm(forms.Form):
    """For how long, and why."""

    HOURS: ClassVar[list[tuple[int, str]]] = [
        (hours, "1 hour" if hours == 1 else f"{hours} hours" if hours < 72 else "3 days") for hours in access.HOURS
    ]

    hours = forms.TypedChoiceField(label="For how long", choices=HOURS, coerce=int, initial=4)
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        required=False,
        help_text="What they should look at. It may stay empty.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


@requires(Permission.GRANT_SUPPORT)
@require_http_methods(["GET", "POST"])
def support(request: HttpRequest) -> HttpResponse:
    """Who let support look, until when; and let them."""
    form = SupportForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and isinstance(request.user, User):
        access.grant(request.user, form.cleaned_data["hours"], form.cleaned_data["reason"])
        messages.success(request, "Roster's support may look at this workspace now.")
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
        messages.success(request, "Support access is ended.")
    else:
        messages.info(request, "Support access was over already.")
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    return redirect("workspace:support", workspace_of(request).tenant.slug)
