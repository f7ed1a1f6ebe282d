"""Trial credit and seats in the staff's admin. A subscription's panel comes with subscriptions."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib import admin

from billing.models import Seat
from billing.quota import TRIAL
from tenants.staff import STAFF, Panel, StaffAdmin, site
from usage.models import Meter


class TrialPanel(Panel):
    """What is left of the trial credit; its meter is made when it is first needed."""

    titles: ClassVar[tuple[str, ...]] = ("Trial credit left, USD",)

    def summaries(self, tenants: Collection[UUID]) -> Mapping[str, Mapping[UUID, object]]:
        left: dict[Any, object] = dict.fromkeys(tenants, f"{settings.TRIAL_CREDIT_USD:.2f}")
        columns = ("tenant_id", "cap_usd", "spent_usd", "reserved_usd")
        meters = Meter.objects.using(STAFF).filter(key=TRIAL, tenant_id__in=tenants).only(*columns)
        left |= {each.tenant_id: "no limit" if each.left_usd is None else f"{each.left_usd:.2f}" for each in meters}
        return {self.titles[0]: left}


@admin.register(Seat, site=site)
class SeatAdmin(StaffAdmin):
    reads = ("tenant", "holder_name", "position")
    also_reads = ("holder_id",)
    follows = ("tenant",)
    list_display = ("holder_name", "tenant", "position")
    search_fields = ("tenant__name", "tenant__slug", "holder_name")
    ordering = ("-id",)
