"""The audit trail in the portal: a page that filters, and a download."""

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from tenants.audit import actions, journal, trail
from tenants.audit.fields import field_of
from tenants.audit.trail import Wanted
from tenants.http.access import requires, workspace_of
from tenants.models import AuditEvent, Tenant
from tenants.permissions import Permission
from tenants.scope import give_back, tenant_scope
from tenants.web.trail_form import TrailForm
from tenants.wordings import Reason, Wording

PAGE = 50
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
COLUMNS = (
    "id", "at", "actor_kind", "actor_id", "actor_name", "action", "target_kind", "target_id", "target_name",
    "changes", "detail", "ip", "user_agent", "request_id",
)  # fmt: skip


EVERYTHING = Wording("tenants.audit_downloaded", _("All entries."))
FILTERED = Wording("tenants.audit_downloaded_filtered", _("Entries that match %(filters)s."))


@dataclass(frozen=True)
class Line:
    """An entry as the page shows it."""

    event: AuditEvent

    @property
    def what(self) -> str:
        return trail.label_of(self.event.action)

    @property
    def kind(self) -> str:
        return trail.kind_of(self.event.target_kind)

    @property
    def changes(self) -> list[tuple[str, object, object]]:
        """Field, before, after."""
        return [(field_of(name), *pair) for name, pair in self.event.changes.items()]


@dataclass(frozen=True)
class Page:
    """Some lines, and the queries of the neighboring pages; empty where there are none."""

    lines: list[Line]
    newer: str = ""
    older: str = ""


@requires(Permission.READ_AUDIT)
@require_GET
def audit_trail(request: HttpRequest) -> HttpResponse:
    """Who did what, newest first."""
    tenant = workspace_of(request).tenant
    form = TrailForm(request.GET, tenant=tenant)
    is_valid = form.is_valid()
    page = _page(request, trail.entries(form.wanted, tenant.time_zone)) if is_valid else Page([])
    context = {"form": form, "page": page, "query": urlencode(_kept(request)), "settings_page": "audit"}
    return render(request, "tenants/audit.html", context, status=200 if is_valid else 400)


@requires(Permission.READ_AUDIT)
@require_GET
def audit_csv(request: HttpRequest) -> HttpResponseBase:
    """The same entries as a table for spreadsheets. The download becomes an entry itself."""
    tenant = workspace_of(request).tenant
    form = TrailForm(request.GET, tenant=tenant)
    if not form.is_valid():
        return audit_trail(request)
    newest = trail.entries(form.wanted, tenant.time_zone).first()
    journal.record(actions.AUDIT_EXPORTED, tenant, detail=_asked(form.wanted))
    day = timezone.localdate(timezone=ZoneInfo(tenant.time_zone))
    response = StreamingHttpResponse(_csv(tenant, form.wanted, newest), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="audit-{tenant.slug}-{day.isoformat()}.csv"'
    return response


def _asked(wanted: Wanted) -> Reason:
    filters = str(wanted)
    return FILTERED(filters=filters) if filters else EVERYTHING()


def _page(request: HttpRequest, found: QuerySet[AuditEvent]) -> Page:
    """Keyset pages: by the id of the neighboring entry, so that new entries shift nothing."""
    before, after = _id(request, "before"), _id(request, "after")
    if after:
        rows = list(found.filter(id__gt=after).order_by("id")[: PAGE + 1])
        shown = rows[:PAGE][::-1]
        has_newer, has_older = len(rows) > PAGE, True
    else:
        rows = list((found.filter(id__lt=before) if before else found)[: PAGE + 1])
        shown = rows[:PAGE]
        has_newer, has_older = before is not None, len(rows) > PAGE
    newer = _query(request, "after", shown[0]) if shown and has_newer else ""
    older = _query(request, "before", shown[-1]) if shown and has_older else ""
    return Page([Line(event) for event in shown], newer, older)


def _id(request: HttpRequest, name: str) -> UUID | None:
    try:
        return UUID(request.GET.get(name, ""))
    except ValueError:
        return None


def _kept(request: HttpRequest) -> dict[str, str]:
    names = ("text", "who", "action", "target", "from", "to")
    return {name: request.GET[name] for name in names if request.GET.get(name)}


def _query(request: HttpRequest, name: str, beside: AuditEvent) -> str:
    return urlencode({**_kept(request), name: str(beside.id)})


class _Echo:
    """A file that returns what is written: csv makes the lines, the response sends them."""

    def write(self, line: str) -> str:
        return line


def _csv(tenant: Tenant, wanted: Wanted, newest: AuditEvent | None) -> Iterator[str]:
    """Entries from `newest` on. Streamed outside of the request's scope, so it opens short ones itself."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    if newest is None:
        return
    batches = trail.in_batches(trail.entries(wanted, tenant.time_zone).filter(id__lte=newest.id))
    while batch := _next_batch(tenant, batches):
        give_back()  # to the pool, while a slow client reads
        for event in batch:
            yield writer.writerow(_cells(event))


def _next_batch(tenant: Tenant, batches: Iterator[list[AuditEvent]]) -> list[AuditEvent]:
    with tenant_scope(tenant.id):
        return next(batches, [])


def _cells(event: AuditEvent) -> Iterable[str]:
    at = event.at.astimezone(UTC).isoformat(timespec="milliseconds")
    values = {name: getattr(event, name) for name in COLUMNS}
    values |= {"at": at, "changes": json.dumps(event.changes, ensure_ascii=False) if event.changes else ""}
    return [safe_cell(value) for value in values.values()]


def safe_cell(value: object) -> str:
    """A cell that no spreadsheet mistakes for a formula (https://owasp.org/www-community/attacks/CSV_Injection)."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
