"""Words that pages and mails share."""

from datetime import datetime
from zoneinfo import ZoneInfo

from tenants.models import Tenant


def day(tenant: Tenant, at: datetime) -> str:
    """A day as people of the workspace count it, such as “3 January 2031”."""
    return f"{at.astimezone(ZoneInfo(tenant.time_zone)):%-d %B %Y}"
