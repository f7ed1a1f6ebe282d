"""What was spent, in the staff's admin."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from tenants.models import Tenant
from tenants.staff import STAFF, Panel, StaffAdmin, Table, every, site
from usage.models import DailyMessages, DailyUsage, Meter


class UsagePanel(Panel):
    """Meters, and this month's usage by employee and model. Here, months begin in UTC."""

    def tables(self, tenant: Tenant) -> Iterable[Table]:
        first = timezone.now().date().replace(day=1)
        mine = {"tenant__id__exact": tenant.id}
        meters = Meter.objects.using(STAFF).filter(tenant_id=tenant.id).order_by("key")
        columns = ("name", "cap_usd", "spent_usd", "reserved_usd")
        head = (_("Meter"), _("Cap, USD"), _("Spent, USD"), _("Reserved, USD"))
        yield Table(
            _("Meters"), head, meters.values_list(*columns), _("None yet: no call was made."), every(Meter, **mine)
        )

        month = {"tenant_id": tenant.id, "day__gte": first}
        used = DailyUsage.objects.using(STAFF).filter(**month).values_list("agent_name", "provider", "model")
        sums = used.annotate(Sum("calls"), Sum("input_tokens"), Sum("output_tokens"), Sum("cost_usd"))
        counted = (
            _("AI employee"), _("Provider"), _("Model"), _("Calls"), _("Input tokens"), _("Output tokens"),
            _("Cost, USD"),
        )  # fmt: skip
        yield Table(
            _("Usage this month"), counted, sums.order_by("agent_name", "model"), _("None."), every(DailyUsage, **mine)
        )

        said = DailyMessages.objects.using(STAFF).filter(**month).values_list("agent_name", "channel")
        counts = said.annotate(Sum("received"), Sum("sent")).order_by("agent_name", "channel")
        yield Table(
            _("Messages this month"),
            (_("AI employee"), _("Channel"), _("Received"), _("Sent")),
            counts,
            _("None."),
            every(DailyMessages, **mine),
        )


@admin.register(Meter, site=site)
class MeterAdmin(StaffAdmin):
    reads = ("tenant", "key", "name", "cap_usd", "spent_usd", "reserved_usd")
    follows = ("tenant",)
    list_display = ("name", "tenant", "cap_usd", "spent_usd", "reserved_usd")
    search_fields = ("tenant__name", "tenant__slug", "name")
    ordering = ("-id",)


@admin.register(DailyUsage, site=site)
class DailyUsageAdmin(StaffAdmin):
    reads = (
        "tenant", "day", "agent_name", "provider", "model", "channel", "calls", "cost_usd",
        "input_tokens", "cached_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens",
    )  # fmt: skip
    follows = ("tenant",)
    list_display = ("day", "tenant", "agent_name", "provider", "model", "channel", "calls", "cost_usd")
    search_fields = ("tenant__name", "tenant__slug", "agent_name", "model")
    ordering = ("-day", "-id")


@admin.register(DailyMessages, site=site)
class DailyMessagesAdmin(StaffAdmin):
    reads = ("tenant", "day", "agent_name", "channel", "received", "sent")
    follows = ("tenant",)
    list_display = ("day", "tenant", "agent_name", "channel", "received", "sent")
    search_fields = ("tenant__name", "tenant__slug", "agent_name")
    ordering = ("-day", "-id")
