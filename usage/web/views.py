"""The portal's usage page."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from tenants.http.access import requires, workspace_of
from tenants.permissions import Permission
from usage.ledger import records
from usage.models import Meter
from usage.reports import charts, summary

PAGE = 25
BARS = 12
"""AI employees in the chart, the most expensive first; the table has all."""
METERS = 25


@requires(Permission.READ)
@require_GET
def usage(request: HttpRequest) -> HttpResponse:
    """This month's tokens, cost and messages per AI employee, and what is left of the credit."""
    time_zone = workspace_of(request).tenant.time_zone
    today = records.local_day(timezone.now(), time_zone)
    month = summary.summarise(today.replace(day=1), today)
    context = {
        "summary": month,
        "page": Paginator(month.employees, PAGE).get_page(request.GET.get("page")),
        "bars": charts.token_bars(month.employees[:BARS]),
        "meters": Meter.objects.order_by("key")[:METERS],
        "time_zone": time_zone,
    }
    return render(request, "usage/usage.html", context)
