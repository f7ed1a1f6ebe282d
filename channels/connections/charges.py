"""What a provider bills a connection's messages as: counted by month, and a mail about what needs a look."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from channels.models import Connection, Delivery
from channels.providers.capabilities import Charging
from channels.providers.registry import installed, provider_named
from tenants.mail import notices, outbox
from tenants.models import Mail
from tenants.permissions import Permission


@dataclass(frozen=True)
class Counted:
    """Messages of one category in a month. label: what people read for it."""

    label: str
    charged: int
    free: int


@dataclass(frozen=True)
class Month:
    """Of one connection, the most frequent category first. alarms: what an operator should know of these."""

    first: datetime
    billed_by: Promise
    counted: list[Counted]
    alarms: list[Promise]


def month_of(connection: Connection, zone: str) -> Month | None:
    """This calendar month in that time zone; None if nothing is known to be billed. Inside the tenant's scope."""
    charging = _charging(connection)
    if charging is None:
        return None
    first = first_of_month(timezone.now(), ZoneInfo(zone))
    billed = Delivery.objects.billed_since(first).filter(thread__connection=connection)
    counts = {"charged": Count("id", Q(is_charged=True)), "free": Count("id", Q(is_charged=False))}
    by_category = billed.order_by().values_list("charge_category").annotate(**counts)
    found = sorted(by_category, key=lambda each: (-each[1] - each[2], each[0]))
    if not found:
        return None
    return Month(
        first,
        charging.billed_by,
        [Counted(_label(charging.categories, category), charged, free) for category, charged, free in found],
        [charging.alarms[category] for category, _charged, _free in found if category in charging.alarms],
    )


def warn(connection: Connection, delivery: Delivery) -> None:
    """Mail those who manage channels if its category needs a look, once a month for each connection.

    Inside the scope, in the transaction that noted the delivery's charge. Mails are kept for less than some months
    last, so a delivery that was noted before counts as well as a mail that is there.
    """
    charging, category = _charging(connection), delivery.charge_category
    if charging is None or category not in charging.alarms:
        return
    tenant = connection.tenant
    first = first_of_month(timezone.now(), ZoneInfo(tenant.time_zone))
    same = Delivery.objects.billed_since(first).filter(thread__connection=connection, charge_category=category)
    if same.exclude(id=delivery.id).exists():
        return
    with translation.override(tenant.language), timezone.override(tenant.time_zone):
        page = f"{settings.PUBLIC_URL}{reverse('workspace:connection', args=[tenant.slug, connection.id])}"
        told = {"channel": provider_named(connection.provider).label, "name": connection.name}
        text = _(
            "This is about %(name)s, which %(workspace)s uses for %(channel)s.\n\n%(what)s\n\n"
            "How many messages that were is on this page:\n\n%(page)s\n\nYou get no other mail about it this month."
        )
        more = {"workspace": notices.named(tenant), "what": charging.alarms[category], "page": page}
        subject = _("%(channel)s bills messages of %(name)s in another way") % told
        to = notices.able(tenant, Permission.MANAGE_CHANNELS)
        key = f"{connection.id}:{category}:{first:%Y-%m}"
        outbox.plan(Mail.Kind.CHANNEL_CHARGES, key, to, subject, notices.letter(text % {**told, **more}))


def first_of_month(now: datetime, zone: tzinfo) -> datetime:
    """The first moment of the month that it is there."""
    return now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _charging(connection: Connection) -> Charging | None:
    its = installed(connection.provider)
    return its.capabilities.charging if its else None


def _label(categories: Mapping[str, Promise], category: str) -> str:
    return str(categories.get(category, category))
