"""Subscriptions, drift, seats and trial credit in the staff's admin; giving seats and syncing again."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_stubs_ext import StrOrPromise

from billing import comp
from billing.models import CompSeats, Drift, Entitlement, Seat
from billing.quota import TRIAL
from billing.sync import entitlement, reconcile
from billing.tasks import sync_subscription
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.staff import STAFF, Panel, StaffAdmin, Table, site
from tenants.tasks import wake_on_commit
from usage.models import Meter

OF_TENANT = ("tenant__name", "tenant__slug")
LATEST = 20


class TrialPanel(Panel):
    """What is left of the trial credit; its meter is created when it is first needed."""

    titles: ClassVar[tuple[StrOrPromise, ...]] = (gettext_lazy("Trial credit left, USD"),)

    def summaries(self, tenants: Collection[UUID]) -> Mapping[str, Mapping[UUID, object]]:
        left: dict[Any, object] = dict.fromkeys(tenants, f"{settings.TRIAL_CREDIT_USD:.2f}")
        columns = ("tenant_id", "cap_usd", "spent_usd", "reserved_usd")
        meters = Meter.objects.using(STAFF).filter(key=TRIAL, tenant_id__in=tenants).only(*columns)
        left |= {each.tenant_id: _("no limit") if each.left_usd is None else f"{each.left_usd:.2f}" for each in meters}
        return {str(self.titles[0]): left}


class SubscriptionPanel(Panel):
    """What is paid, by Stripe's latest word; what the reconcile found; seats that staff gave."""

    titles: ClassVar[tuple[StrOrPromise, ...]] = (gettext_lazy("Subscription"), gettext_lazy("Seats paid"))

    def summaries(self, tenants: Collection[UUID]) -> Mapping[str, Mapping[UUID, object]]:
        rows = Entitlement.objects.using(STAFF).filter(tenant_id__in=tenants)
        found = list(rows.values_list("tenant_id", "status", "seats"))
        return {
            str(self.titles[0]): {tenant_id: Entitlement.Status(status).label for tenant_id, status, _seats in found},
            str(self.titles[1]): {tenant_id: seats for tenant_id, _status, seats in found},
        }

    def tables(self, tenant: Tenant) -> Iterable[Table]:
        mine = Entitlement.objects.using(STAFF).filter(tenant_id=tenant.id)
        columns = ("status", "plan", "seats", "period_end", "cancels_at", "past_due_since", "synced_at", "customer_id")
        head = (
            _("State"), _("Plan"), _("Seats"), _("Period ends"), _("Canceled for"), _("Past due since"), _("Synced"),
            _("Customer"),
        )  # fmt: skip
        yield Table(_("Subscription"), head, mine.values_list(*columns), _("Never subscribed."))
        drift = Drift.objects.using(STAFF).filter(tenant_id=tenant.id).order_by("-found_at")
        rows = [
            (at, str(problem) or ", ".join(sorted(differences)), repaired)
            for at, problem, differences, repaired in drift.values_list(
                "found_at", "problem", "differences", "repaired_at"
            )[:LATEST]
        ]
        yield Table(_("Latest drift from Stripe"), (_("Found"), _("What"), _("Repaired")), rows, _("None was found."))
        given = CompSeats.objects.using(STAFF).filter(tenant_id=tenant.id).order_by("-created_at")
        comp_columns = ("seats", "reason", "created_at", "expires_at", "granted_by_name")
        comp_head = (_("Seats"), _("Reason"), _("Given"), _("Until"), _("By"))
        yield Table(_("Free seats"), comp_head, list(given.values_list(*comp_columns)[:LATEST]), _("None."))

    def find(self, words: str) -> Iterable[UUID]:
        found = Entitlement.objects.using(STAFF)
        ids = found.filter(customer_id=words) | found.filter(subscription_id=words)
        return ids.values_list("tenant_id", flat=True)


@admin.register(Entitlement, site=site)
class EntitlementAdmin(StaffAdmin):
    reads = (
        "tenant", "status", "plan", "seats", "period_start", "period_end", "trial_ends_at", "cancels_at", "ended_at",
        "next_seats", "next_seats_at", "collection_pause", "collection_resumes_at", "other_items", "is_foreign",
        "past_due_since", "customer_id", "subscription_id", "schedule_id", "synced_at",
    )  # fmt: skip
    follows = ("tenant",)
    list_display = ("tenant", "status", "plan", "seats", "period_end", "past_due_since", "synced_at")
    list_filter = ("status", "plan")
    search_fields = (*OF_TENANT, "customer_id", "subscription_id")
    ordering = ("-synced_at",)
    actions = ("resync",)

    @admin.action(description=gettext_lazy("Ask Stripe again: sync these subscriptions"))
    def resync(self, request: HttpRequest, queryset: QuerySet[Entitlement]) -> None:
        """By a worker, as after a webhook."""
        found = list(queryset.exclude(customer_id="").order_by().values_list("tenant_id", flat=True))
        for tenant_id in found:
            with tenant_scope(tenant_id):
                entitlement.request_sync(entitlement.BY_STAFF)
                wake_on_commit(sync_subscription, tenant_id)
        self.message_user(
            request,
            ngettext(
                "%(count)d subscription will be synced within seconds.",
                "%(count)d subscriptions will be synced within seconds.",
                len(found),
            )
            % {"count": len(found)},
        )


@admin.register(Drift, site=site)
class DriftAdmin(StaffAdmin):
    """What was different from Stripe."""

    reads = ("tenant", "found_at", "problem", "differences", "repaired_at")
    follows = ("tenant",)
    list_display = ("found_at", "tenant", "problem", "repaired_at")
    list_filter = ("repaired_at",)
    search_fields = (*OF_TENANT, "problem")
    ordering = ("-found_at",)
    actions = ("settle",)

    @admin.action(description=gettext_lazy("Settled by hand at Stripe: close these"))
    def settle(self, request: HttpRequest, queryset: QuerySet[Drift]) -> None:
        """In each workspace's own scope and trail."""
        settled = 0
        for tenant_id, drift_id in list(queryset.filter(repaired_at=None).order_by().values_list("tenant_id", "id")):
            with tenant_scope(tenant_id):
                settled += reconcile.settle(drift_id)
        self.message_user(
            request, ngettext("%(count)d drift closed.", "%(count)d drifts closed.", settled) % {"count": settled}
        )


class CompSeatsForm(forms.ModelForm[CompSeats]):
    """Seats for a workspace, named by its address."""

    workspace = forms.SlugField(help_text=gettext_lazy("Its address: the part after /t/ in the portal."))
    expires_at = forms.SplitDateTimeField(widget=AdminSplitDateTime, label=gettext_lazy("Until (UTC)"))

    class Meta:
        model = CompSeats
        fields: ClassVar = ["seats", "reason", "expires_at"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Whose they are is unknown until somebody enters it."""
        kwargs["instance"] = kwargs.get("instance") or CompSeats(tenant_id=None)
        super().__init__(*args, **kwargs)

    def clean_workspace(self) -> Tenant:
        found = Tenant.objects.filter(slug=self.cleaned_data["workspace"]).first()
        if found is None:
            raise ValidationError(_("There is no workspace with this address."))
        return found

    def clean(self) -> dict[str, Any]:
        """Give them, or say why not, in the workspace's scope and trail."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            with tenant_scope(cleaned["workspace"].id):
                self.given = comp.give(cleaned["seats"], cleaned["reason"], cleaned["expires_at"])
        return cleaned


@admin.register(CompSeats, site=site)
class CompSeatsAdmin(StaffAdmin):
    """Seats that staff give for free."""

    reads = ("tenant", "seats", "reason", "expires_at", "granted_by_name", "created_at")
    follows = ("tenant",)
    list_display = ("tenant", "seats", "reason", "expires_at", "granted_by_name", "created_at")
    search_fields = (*OF_TENANT, "reason")
    ordering = ("-created_at",)
    actions = ("end_now",)
    form = CompSeatsForm

    def get_urls(self) -> list[URLPattern]:
        return [url for url in super(StaffAdmin, self).get_urls() if not (url.name or "").endswith("_delete")]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.reads if obj else ("workspace", "seats", "reason", "expires_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.reads if obj else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The form has given them already."""
        obj.pk, obj.tenant_id = form.given.pk, form.given.tenant_id

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        """The workspace's own trail records it."""

    @admin.action(description=gettext_lazy("End now: take these seats back"))
    def end_now(self, request: HttpRequest, queryset: QuerySet[CompSeats]) -> None:
        """In each workspace's own scope and trail."""
        ended = 0
        for tenant_id, given_id in list(queryset.order_by().values_list("tenant_id", "id")):
            with tenant_scope(tenant_id):
                ended += comp.end(given_id)
        self.message_user(request, ngettext("%(count)d ended.", "%(count)d ended.", ended) % {"count": ended})


@admin.register(Seat, site=site)
class SeatAdmin(StaffAdmin):
    reads = ("tenant", "holder_name", "position")
    also_reads = ("holder_id",)
    follows = ("tenant",)
    list_display = ("holder_name", "tenant", "position")
    search_fields = ("tenant__name", "tenant__slug", "holder_name")
    ordering = ("-id",)
