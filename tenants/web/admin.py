"""People and workspaces in the staff's admin."""

from collections.abc import Callable
from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from tenants.models import (
    AccountEvent,
    ApiToken,
    AuditEvent,
    Incident,
    Invitation,
    Membership,
    SupportGrant,
    Tenant,
    User,
)
from tenants.staff import STAFF, StaffAdmin, Table, every, panels, site
from tenants.staff.ours import PeoplePanel, SupportPanel, TrailPanel
from tenants.staff.people import deactivate, reactivate
from tenants.staff.rows import Column, titled
from tenants.staff.staff_mfa import SECOND_STEPS

__all__ = ["PeoplePanel", "SupportPanel", "TrailPanel"]


class Summaries(ChangeList):
    """The list of workspaces, with what the panels know of each on the page: a few queries for all of them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        tenants = list(self.result_list)
        ids = [tenant.id for tenant in tenants]
        found = {title: values for panel in panels() for title, values in panel.summaries(ids).items()}
        for tenant in tenants:
            tenant.summaries = {title: values.get(tenant.id) for title, values in found.items()}
        self.result_list = tenants


@admin.register(Tenant, site=site)
class TenantAdmin(StaffAdmin):
    reads = (
        "name", "slug", "time_zone", "language", "contact_email", "retention_days", "overheard_hours", "deletes_at",
        "created_at",
    )  # fmt: skip
    search_fields = ("name", "slug", "memberships__user__email")
    search_help_text = _("A workspace's name or address, a member's e-mail address, a connection's name or outside id")
    ordering = ("-created_at",)
    list_per_page = 25
    change_form_template = "admin/panels.html"

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        titles = [title for panel in panels() for title in panel.titles]
        return ["name", "slug", *(titled(title, _summary(title)) for title in titles), "created_at"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Summaries

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By names and members, and by what the panels find."""
        found, _distinct = super().get_search_results(request, queryset, search_term)
        words = search_term.strip()
        if not words:
            return found, False
        others = [tenant_id for panel in panels() for tenant_id in panel.find(words)]
        return queryset.filter(Q(pk__in=found.order_by().values("pk")) | Q(pk__in=others)), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """What support needs to know of a workspace, from each app."""
        tenant = self.get_object(request, object_id)
        context = {"tables": [table for panel in panels() for table in panel.tables(tenant)]} if tenant else {}
        if tenant and _is_open(tenant):
            context["portal_url"] = reverse("workspace:home", args=[tenant.slug])  # type: ignore[assignment]
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})


def _summary(title: StrOrPromise) -> Column:
    return lambda tenant: tenant.summaries[str(title)]


def _is_open(tenant: Tenant) -> bool:
    grants = SupportGrant.objects.using(STAFF).filter(tenant_id=tenant.id)
    return grants.filter(ended_at=None, expires_at__gt=timezone.now()).exists()


@admin.register(User, site=site)
class UserAdmin(StaffAdmin):
    reads = ("email", "name", "is_active", "is_staff", "is_superuser", "date_joined", "last_login")
    writes = ("is_active", "is_staff", "is_superuser")
    list_display = ("email", "name", "is_active", "second_step", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "name")
    search_help_text = _("An e-mail address or a name")
    ordering = ("email",)
    actions = ("deactivate_accounts", "reactivate_accounts")
    change_form_template = "admin/panels.html"
    FLAGS: ClassVar[tuple[str, ...]] = ("is_staff", "is_superuser")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        seconds = Authenticator.objects.filter(user=OuterRef("pk"), type__in=SECOND_STEPS)
        rows: QuerySet[Any] = super().get_queryset(request)
        known: QuerySet[Any] = rows.annotate(has_second_step=Exists(seconds))
        return known

    @admin.display(boolean=True, description=_("Second step"))
    def second_step(self, user: Any) -> bool:
        return bool(user.has_second_step)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers say who is staff, but not of themselves: the last one would be gone."""
        return bool(request.user.is_superuser) and obj is not None and obj.pk != request.user.pk

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return tuple(name for name in self.reads if name not in self.FLAGS)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        user = self.get_object(request, object_id)
        context = {"tables": _tables_of(user)} if user else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @admin.action(description=_("Deactivate: nobody can log in, sessions end"))
    def deactivate_accounts(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, deactivate, gettext("%(user)s is deactivated."))

    @admin.action(description=_("Reactivate"))
    def reactivate_accounts(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, reactivate, gettext("%(user)s is reactivated."))

    def _each(self, request: HttpRequest, users: QuerySet[User], verb: Callable[[User, User], bool], done: str) -> None:
        assert isinstance(request.user, User)  # noqa: S101 - the site lets nobody else in
        for user in users:
            try:
                if verb(user, request.user):
                    self.message_user(request, done % {"user": user})
            except PermissionDenied as refusal:
                self.message_user(request, str(refusal), messages.ERROR)


def _tables_of(user: User) -> list[Table]:
    """Where somebody belongs, is logged in, and by what they prove who they are."""
    own = {"user_id": user.pk}
    places = Membership.objects.using(STAFF).filter(**own).order_by("created_at")
    sessions = UserSession.objects.using(STAFF).filter(**own).order_by("-last_seen_at")
    steps = Authenticator.objects.using(STAFF).filter(**own).order_by("created_at")
    addresses = EmailAddress.objects.using(STAFF).filter(**own).order_by("-primary", "email")
    return [
        Table(
            gettext("Workspaces"),
            (gettext("Workspace"), gettext("Role")),
            places.values_list("tenant__name", "role"),
            gettext("None."),
            every(Membership, user__id__exact=user.pk),
        ),
        Table(
            gettext("E-mail addresses"),
            (gettext("Address"), gettext("Confirmed")),
            addresses.values_list("email", "verified"),
        ),
        Table(
            gettext("Second steps"),
            (gettext("Kind"), gettext("Since"), gettext("Last used")),
            steps.values_list("type", "created_at", "last_used_at"),
        ),
        Table(
            gettext("Sessions"),
            (gettext("Address"), gettext("Browser"), gettext("Since"), gettext("Last seen")),
            sessions.values_list("ip", "user_agent", "created_at", "last_seen_at"),
            gettext("Not logged in anywhere."),
        ),
    ]


class Hidden(StaffAdmin):
    """What other pages show; it has no list of its own."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        return []


@admin.register(Authenticator, site=site)
class AuthenticatorAdmin(Hidden):
    reads = ("type", "created_at", "last_used_at")
    also_reads = ("user",)


@admin.register(UserSession, site=site)
class UserSessionAdmin(Hidden):
    reads = ("ip", "user_agent", "created_at", "last_seen_at")
    also_reads = ("user",)


@admin.register(EmailAddress, site=site)
class EmailAddressAdmin(Hidden):
    reads = ("email", "verified", "primary")
    also_reads = ("user",)


@admin.register(Membership, site=site)
class MembershipAdmin(StaffAdmin):
    reads = ("tenant", "user", "role", "created_at")
    follows = ("tenant", "user")
    list_display = ("user", "tenant", "role", "created_at")
    list_filter = ("role",)
    search_fields = ("tenant__name", "tenant__slug", "user__email")
    ordering = ("-created_at",)


@admin.register(Invitation, site=site)
class InvitationAdmin(StaffAdmin):
    reads = ("tenant", "email", "role", "created_at", "expires_at")
    follows = ("tenant",)
    list_display = ("email", "tenant", "role", "created_at", "expires_at")
    search_fields = ("tenant__name", "tenant__slug", "email")
    ordering = ("-created_at",)


@admin.register(ApiToken, site=site)
class ApiTokenAdmin(StaffAdmin):
    reads = ("tenant", "name", "role", "last_four", "created_at", "expires_at", "last_used_at")
    follows = ("tenant",)
    list_display = ("name", "tenant", "role", "last_four", "expires_at", "last_used_at")
    list_filter = ("role",)
    search_fields = ("tenant__name", "tenant__slug", "name", "last_four")
    ordering = ("-created_at",)


@admin.register(SupportGrant, site=site)
class SupportGrantAdmin(StaffAdmin):
    reads = ("tenant", "granted_by_name", "reason", "created_at", "expires_at", "ended_at")
    follows = ("tenant",)
    list_display = ("tenant", "granted_by_name", "reason", "created_at", "expires_at", "ended_at")
    search_fields = ("tenant__name", "tenant__slug", "granted_by_name")
    ordering = ("-created_at",)


@admin.register(Incident, site=site)
class IncidentAdmin(StaffAdmin):
    """What fails on our own side, which nobody in a workspace can fix."""

    reads = ("cause", "hour", "detail", "count", "first_at", "last_at", "leased_until", "mailed_at")
    list_display = ("last_at", "cause", "detail", "count", "first_at", "mailed_at")
    list_filter = ("cause",)
    search_fields = ("cause", "detail")
    ordering = ("-last_at",)


class EventAdmin(StaffAdmin):
    """What happened. The values before and after a change are for the workspace's members only."""

    list_filter = ("actor_kind",)
    ordering = ("-at",)
    EVENT: ClassVar[tuple[str, ...]] = (
        "at", "action", "actor_kind", "actor_name", "target_kind", "target_id", "target_name", "detail", "ip",
        "user_agent", "request_id",
    )  # fmt: skip


@admin.register(AuditEvent, site=site)
class AuditEventAdmin(EventAdmin):
    reads = ("tenant", *EventAdmin.EVENT)
    follows = ("tenant",)
    list_display = ("at", "tenant", "action", "actor_name", "target_name", "detail", "ip")
    search_fields = ("tenant__name", "tenant__slug", "action", "actor_name", "request_id")


@admin.register(AccountEvent, site=site)
class AccountEventAdmin(EventAdmin):
    reads = EventAdmin.EVENT
    also_reads = ("account_id",)
    list_display = ("at", "action", "actor_name", "target_name", "detail", "ip")
    search_fields = ("action", "actor_name", "target_name", "request_id")
