"""Connections, inbox and outbox in the staff's admin: states, times and errors, never what is said."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from agents.models import Conversation
from channels.messages import replays
from channels.models import Connection, Delivery, InboxEvent, Route
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.staff import STAFF, Panel, StaffAdmin, Table, every, site

OF_TENANT = ("tenant__name", "tenant__slug")
OPEN_DELIVERIES = (Delivery.State.PENDING, Delivery.State.SENDING, Delivery.State.UNKNOWN)
RECENT = timedelta(days=7)
"""How far back the list of workspaces looks for errors."""
LATEST = 20
FOUND = 500
"""Workspaces that a search by their connections finds at most."""
NAMED = 3
"""Connections that the list of workspaces names of each."""


class ConnectionsPanel(Panel):
    """What a workspace is connected to, and how it is doing."""

    titles: ClassVar[tuple[StrOrPromise, ...]] = (_("Channels"),)

    def summaries(self, tenants: Collection[UUID]) -> Mapping[str, Mapping[UUID, object]]:
        place = Window(RowNumber(), partition_by="tenant_id", order_by="connected_at")
        rows = Connection.objects.using(STAFF).filter(tenant_id__in=tenants).annotate(place=place)
        found: dict[UUID, list[str]] = {}
        for tenant_id, name, state, number in rows.filter(place__lte=NAMED + 1).values_list(
            "tenant_id", "name", "state", "place"
        ):
            found.setdefault(tenant_id, []).append(f"{name} ({state})" if number <= NAMED else gettext("and more"))
        return {str(self.titles[0]): {tenant_id: ", ".join(names) for tenant_id, names in found.items()}}

    def tables(self, tenant: Tenant) -> Iterable[Table]:
        rows = Connection.objects.using(STAFF).filter(tenant_id=tenant.id).order_by("connected_at")
        columns = ("provider", "name", "external_id", "state", "lost_at", "error", "connected_at")
        head = (
            gettext("Provider"), gettext("Name"), gettext("Outside id"), gettext("State"), gettext("Not active since"),
            gettext("Last error"), gettext("Connected"),
        )  # fmt: skip
        yield Table(
            gettext("Connections"),
            head,
            rows.values_list(*columns),
            gettext("None is connected."),
            every(Connection, tenant__id__exact=tenant.id),
        )

    def find(self, words: str) -> Iterable[UUID]:
        named = Q(external_id__iexact=words) | Q(name__icontains=words)
        return Connection.objects.using(STAFF).filter(named).values_list("tenant_id", flat=True).distinct()[:FOUND]


class PipelinePanel(Panel):
    """What waits, since when, and what went wrong."""

    titles: ClassVar[tuple[StrOrPromise, ...]] = (_("Last message"), _("Oldest waiting since"), _("Last error"))

    def summaries(self, tenants: Collection[UUID]) -> Mapping[str, Mapping[UUID, object]]:
        found = (_last_messages(tenants), _oldest_waiting(tenants), _last_errors(tenants))
        return dict(zip(map(str, self.titles), found, strict=True))

    def tables(self, tenant: Tenant) -> Iterable[Table]:
        events = InboxEvent.objects.using(STAFF).filter(tenant_id=tenant.id)
        deliveries = Delivery.objects.using(STAFF).filter(tenant_id=tenant.id)
        waiting = [
            (gettext("Inbox"), *_tally(events, InboxEvent.OPEN, "received_at")),
            (gettext("Outbox"), *_tally(deliveries, OPEN_DELIVERIES, "created_at")),
        ]
        head = ("", gettext("Waiting"), gettext("Oldest since"), gettext("Failed in the last 7 days"))
        yield Table(gettext("Waiting"), head, waiting)
        failed = events.filter(state=InboxEvent.State.FAILED).order_by("-received_at")
        head = (gettext("Received"), gettext("Kind"), gettext("Attempts"), gettext("Reason"))
        rows = list(failed.values_list("received_at", "kind", "attempt", "reason")[:LATEST])
        yield Table(gettext("Latest failed events"), head, rows, gettext("None."))
        unsent = deliveries.filter(state=Delivery.State.FAILED).order_by("-created_at")
        unsent_head = (gettext("Made"), gettext("Attempts"), gettext("Error"))
        unsent_rows = list(unsent.values_list("created_at", "attempt", "error")[:LATEST])
        yield Table(gettext("Latest failed deliveries"), unsent_head, unsent_rows, gettext("None."))


def _tally(rows: QuerySet[Any], waiting: tuple[Any, ...], moment: str) -> tuple[object, ...]:
    recent = {f"{moment}__gt": timezone.now() - RECENT}
    open_rows = rows.filter(state__in=waiting).aggregate(count=Count("id"), oldest=Min(moment))
    return open_rows["count"], open_rows["oldest"], rows.filter(state="failed", **recent).count()


def _last_messages(tenants: Collection[UUID]) -> dict[UUID, object]:
    """By one look into an index for each workspace."""
    newest = Conversation.objects.filter(tenant_id=OuterRef("id")).order_by("-last_turn_at").values("last_turn_at")[:1]
    rows = Tenant.objects.using(STAFF).filter(id__in=tenants).annotate(last=Subquery(newest))
    return dict(rows.values_list("id", "last"))


def _oldest_waiting(tenants: Collection[UUID]) -> dict[UUID, object]:
    events = InboxEvent.objects.using(STAFF).filter(tenant_id__in=tenants, state__in=InboxEvent.OPEN)
    deliveries = Delivery.objects.using(STAFF).filter(tenant_id__in=tenants, state__in=OPEN_DELIVERIES)
    found = chain(
        events.values_list("tenant_id").annotate(Min("received_at")),
        deliveries.values_list("tenant_id").annotate(Min("created_at")),
    )
    oldest: dict[UUID, Any] = {}
    for tenant_id, moment in found:
        oldest[tenant_id] = min(moment, oldest.get(tenant_id, moment))
    return dict(oldest)


def _last_errors(tenants: Collection[UUID]) -> dict[UUID, object]:
    """The newest failure of the last days; a broken connection says more than what failed because of it."""
    since = _first_id(timezone.now() - RECENT)
    failed = Delivery.objects.using(STAFF).filter(tenant_id__in=tenants, id__gt=since, state=Delivery.State.FAILED)
    missed = InboxEvent.objects.using(STAFF).filter(tenant_id__in=tenants, id__gt=since, state=InboxEvent.State.FAILED)
    broken = Connection.objects.using(STAFF).filter(tenant_id__in=tenants, state=Connection.State.BROKEN)
    newest = ("tenant_id", "-id")
    found = chain(
        failed.order_by(*newest).distinct("tenant_id").values_list("tenant_id", "error"),
        missed.order_by(*newest).distinct("tenant_id").values_list("tenant_id", "reason"),
        broken.values_list("tenant_id", "error"),
    )
    return {tenant_id: error for tenant_id, error in found if error}


def _first_id(moment: datetime) -> UUID:
    """The least UUID of version 7 of a moment: ids are in order of time, and indexed by tenant."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


@admin.register(Connection, site=site)
class ConnectionAdmin(StaffAdmin):
    reads = (
        "tenant", "provider", "external_id", "name", "bot_user_id", "scopes", "state", "cause", "error", "lost_at",
        "connected_at", "looked_up_at",
    )  # fmt: skip
    follows = ("tenant",)
    list_display = ("name", "tenant", "provider", "external_id", "state", "lost_at", "error", "connected_at")
    list_filter = ("state", "provider")
    search_fields = (*OF_TENANT, "name", "external_id")
    ordering = ("-connected_at",)


@admin.register(Route, site=site)
class RouteAdmin(StaffAdmin):
    """Which workspace has an outside account: the first question when messages arrive in the wrong place or nowhere."""

    reads = ("tenant", "provider", "external_id", "connection_id")
    follows = ("tenant",)
    list_display = ("external_id", "provider", "tenant")
    search_fields = (*OF_TENANT, "external_id")
    ordering = ("-id",)


class ReplayAdmin(StaffAdmin):
    """Rows that can be tried again."""

    actions = ("replay",)
    list_filter = ("state",)

    def events_of(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The inbox's events behind these rows: pairs of tenant and event."""
        raise NotImplementedError

    @admin.action(description=_("Replay: answer or send again what failed"))
    def replay(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """As the product itself does it, in each workspace's own scope, which also writes its audit trail."""
        by_tenant: dict[UUID, list[UUID]] = {}
        for tenant_id, event_id in self.events_of(queryset):
            by_tenant.setdefault(tenant_id, []).append(event_id)
        for tenant_id, events in by_tenant.items():
            with tenant_scope(tenant_id):
                replayed = replays.replay_events(events)
            self.message_user(request, gettext("%(replayed)s They go out within seconds.") % {"replayed": replayed})
        if not by_tenant:
            self.message_user(request, gettext("None of these failed: there is nothing to replay."))


@admin.register(InboxEvent, site=site)
class InboxEventAdmin(ReplayAdmin):
    reads = (
        "tenant", "connection", "event_id", "kind", "is_test", "state", "attempt", "cause", "reason", "received_at",
        "finished_at",
    )  # fmt: skip
    also_reads = ("run",)
    follows = ("tenant", "connection")
    list_display = ("received_at", "tenant", "connection", "kind", "state", "attempt", "reason")
    search_fields = (*OF_TENANT, "connection__name", "connection__external_id", "event_id")
    ordering = ("-received_at",)

    def events_of(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(state=InboxEvent.State.FAILED).order_by().values_list("tenant_id", "id")


@admin.register(Delivery, site=site)
class DeliveryAdmin(ReplayAdmin):
    reads = (
        "tenant", "sequence", "state", "attempt", "next_attempt_at", "external_id", "cause", "error", "created_at",
        "sent_at",
    )  # fmt: skip
    also_reads = ("turn",)
    follows = ("tenant", "turn", "turn__run")
    list_display = (
        "created_at", "tenant", "what", "state", "attempt", "next_attempt_at", "cause", "error", "sent_at",
    )  # fmt: skip
    search_fields = (*OF_TENANT, "external_id", "error")
    ordering = ("-created_at",)

    @admin.display(description=_("What"))
    def what(self, row: Delivery) -> str:
        """An apology is not an answer, even if it was sent; what is sent without a run is a person's."""
        run = row.turn.run
        if run is None:
            return gettext("a person's message")
        if run.is_answer:
            return gettext("answer")
        return gettext("no answer: %(cause)s") % {"cause": run.cause or run.state}

    def events_of(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        runs = rows.filter(state=Delivery.State.FAILED).order_by().values("turn__run_id")
        failed = InboxEvent.objects.using(STAFF).filter(run_id__in=runs, state=InboxEvent.State.FAILED)
        return failed.values_list("tenant_id", "id")
