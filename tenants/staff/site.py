"""How staff get into their admin: our own log-in, staff only, a second step; then as STAFF in one transaction."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import update_wrapper
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from tenants.audit import actor
from tenants.models import ActorKind, Incident, User
from tenants.staff import staff_mfa
from tenants.staff.database import STAFF

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

RECENT = timedelta(days=1)
LATEST = 10
HIDDEN_VIEWS = {"autocomplete", "password_change", "password_change_done", "view_on_site"}
NOT_SET = _(
    "The staff's admin has no database: set DATABASE_STAFF_URL to a postgres:// URL of the role `staff`, "
    "which `manage.py provision_database` creates."
)


class StaffSite(admin.AdminSite):
    """Django's admin, which only staff with a proven second step can see."""

    site_header = _("Roster staff")
    site_title = _("Roster staff")
    index_title = _("Support")
    enable_nav_sidebar = False  # lists need the width

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [url for url in super().get_urls() if getattr(url, "name", "") not in HIDDEN_VIEWS]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The start, with what fails on our own side first."""
        rows = Incident.objects.using(STAFF).only(*self.get_model_admin(Incident).columns())  # type: ignore[attr-defined]
        found = rows.filter(last_at__gt=timezone.now() - RECENT).order_by("-last_at")
        return super().index(request, {"incidents": list(found[:LATEST]), **(extra_context or {})})

    def has_permission(self, request: HttpRequest) -> bool:
        return staff_mfa.proven_staff(request) is not None

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return turned_away(request) or as_staff(inner, request, *args, **kwargs)

        return update_wrapper(guarded, view)  # type: ignore[return-value]

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:  # type: ignore[override]
        """There is one log-in, that of the portal."""
        return turned_away(request) or redirect("admin:index")

    def logout(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:  # type: ignore[override]
        """By POST alone, as in the portal: a link from elsewhere ends nobody's session."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        logout(request)
        return redirect("home")


def turned_away(request: HttpRequest) -> HttpResponseBase | None:
    """The answer to somebody who may not go in, or not yet: where to log in or prove the second step, or 404."""
    user = request.user
    if not isinstance(user, User):
        return redirect_to_login(request.get_full_path())
    if not user.is_staff:
        raise Http404(gettext("There is no such address."))
    if not settings.DATABASE_STAFF_URL:
        return unavailable(request, NOT_SET)
    if not staff_mfa.has_second_step(user):
        messages.info(request, gettext("Staff need a second step: set up an authenticator app or a passkey here."))
        return redirect("mfa_index")
    if not staff_mfa.is_fresh(request, user):
        return redirect(f"{reverse('mfa_reauthenticate')}?{urlencode({'next': request.get_full_path()})}")
    return None


def as_staff(
    view: Callable[..., HttpResponseBase], request: HttpRequest, *args: Any, **kwargs: Any
) -> HttpResponseBase:
    """Call a view as STAFF in one transaction of the role `staff`, and render its page in there too."""
    who = replace(actor.current(), kind=ActorKind.STAFF)
    try:
        with actor.acting(who), transaction.atomic(using=STAFF):
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse):
                response.render()
            if response.status_code >= HTTPStatus.BAD_REQUEST:
                transaction.set_rollback(True, using=STAFF)
            return response
    except ImproperlyConfigured as error:
        return unavailable(request, str(error))


def unavailable(request: HttpRequest, reason: StrOrPromise) -> HttpResponseBase:
    """503, for staff: what this installation is missing."""
    context = {"reason": reason}
    return render(request, "admin/unavailable.html", context, status=HTTPStatus.SERVICE_UNAVAILABLE)


site = StaffSite(name="admin")
