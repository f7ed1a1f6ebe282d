"""AI employees and their calls in the staff's admin: how they are doing, never what is said."""

from collections.abc import Collection, Iterable, Mapping
from typing import ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import Count
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from agents.models import Agent, Conversation, LLMCall, Run, Turn
from billing.models import Seat
from tenants.models import Tenant
from tenants.staff import STAFF, Panel, StaffAdmin, Table, every, site
from tenants.staff.panels import MOST_ROWS

OF_TENANT = ("tenant__name", "tenant__slug")


class EmployeesPanel(Panel):
    """Who is employed, and where in the order of seats."""

    titles: ClassVar[tuple[StrOrPromise, ...]] = (_("AI employees"),)

    def summaries(self, tenants: Collection[UUID]) -> Mapping[str, Mapping[UUID, object]]:
        employed = Agent.objects.using(STAFF).filter(tenant_id__in=tenants, deleted_at=None)
        return {str(self.titles[0]): dict(employed.values_list("tenant_id").annotate(Count("id")))}

    def tables(self, tenant: Tenant) -> Iterable[Table]:
        seats = dict(Seat.objects.using(STAFF).filter(tenant_id=tenant.id).values_list("holder_id", "position"))
        agents = Agent.objects.using(STAFF).filter(tenant_id=tenant.id).order_by("created_at", "id")
        columns = (
            "id", "name", "job_title", "provider", "model", "created_at", "paused_at", "unanswered_since",
            "unanswered_cause", "deleted_at",
        )  # fmt: skip
        rows = [(*row, seats.get(agent_id)) for agent_id, *row in agents.values_list(*columns)[: MOST_ROWS + 1]]
        head = (
            gettext("Name"), gettext("Job title"), gettext("Provider"), gettext("Model"), gettext("Hired"),
            gettext("Paused"), gettext("Unanswered since"), gettext("Why"), gettext("Let go"),
            gettext("Place in the order of seats"),
        )  # fmt: skip
        everybody = every(Agent, tenant__id__exact=tenant.id)
        yield Table(gettext("AI employees"), head, rows, gettext("Nobody is employed."), everybody)


@admin.register(Agent, site=site)
class AgentAdmin(StaffAdmin):
    reads = (
        "tenant", "name", "job_title", "provider", "model", "max_output_tokens", "revision_number", "created_at",
        "paused_at", "unanswered_since", "unanswered_cause", "deleted_at",
    )  # fmt: skip
    follows = ("tenant",)
    list_display = (
        "name", "tenant", "job_title", "provider", "model", "unanswered_since", "unanswered_cause", "created_at",
        "deleted_at",
    )  # fmt: skip
    search_fields = (*OF_TENANT, "name")
    ordering = ("-created_at",)


@admin.register(Conversation, site=site)
class ConversationAdmin(StaffAdmin):
    """Without its title, which is often the first message."""

    reads = ("tenant", "agent", "channel", "created_at", "last_turn_at")
    follows = ("tenant", "agent")
    list_display = ("id", "tenant", "agent", "channel", "created_at", "last_turn_at")
    search_fields = (*OF_TENANT, "agent__name")
    ordering = ("-last_turn_at",)


@admin.register(Run, site=site)
class RunAdmin(StaffAdmin):
    reads = ("tenant", "attempt", "state", "outcome", "cause", "error", "started_at", "finished_at")
    follows = ("tenant",)
    list_display = ("started_at", "tenant", "state", "outcome", "cause", "attempt", "error")
    list_filter = ("state", "outcome")
    search_fields = (*OF_TENANT, "error")
    ordering = ("-started_at",)


@admin.register(Turn, site=site)
class TurnAdmin(StaffAdmin):
    """When something was said, never what."""

    reads = ("tenant", "speaker", "said_at")
    also_reads = ("run",)
    follows = ("tenant",)
    list_display = ("said_at", "tenant", "speaker")
    search_fields = OF_TENANT
    ordering = ("-said_at",)


@admin.register(LLMCall, site=site)
class LLMCallAdmin(StaffAdmin):
    reads = (
        "tenant", "provider", "model", "state", "estimate_usd", "actual_usd", "provider_request_id", "error",
        "started_at", "finished_at", "input_tokens", "cached_read_tokens", "cache_write_tokens", "output_tokens",
        "reasoning_tokens",
    )  # fmt: skip
    follows = ("tenant",)
    list_display = ("started_at", "tenant", "provider", "model", "state", "actual_usd", "error", "said")
    list_filter = ("state", "provider")
    search_fields = (*OF_TENANT, "provider_request_id", "error")
    ordering = ("-started_at",)

    @admin.display(description=_("The provider's own words"))
    def said(self, row: LLMCall) -> str:
        return str(row.error.details.get("said", ""))
