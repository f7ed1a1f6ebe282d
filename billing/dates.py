"""Dates in sentences, in the workspace's time zone and the reader's language."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.dateformat import format as formatted

from tenants.models import Tenant

DAY, DAY_OF_YEAR = "j F Y", "j F"


def day(tenant: Tenant, at: datetime, form: str = DAY) -> str:
    """A day, such as “3 January 2031”. form: DAY_OF_YEAR leaves the year out."""
    return formatted(at.astimezone(ZoneInfo(tenant.time_zone)), form)


def moment(tenant: Tenant, at: datetime, form: str = DAY) -> str:
    """A day with time and time zone, such as “3 January 2031, 14:00 (Europe/Madrid)”."""
    return f"{day(tenant, at, f'{form}, H:i')} ({tenant.time_zone})"
