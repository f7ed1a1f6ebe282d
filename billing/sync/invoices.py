"""The workspace's invoices, from dj-stripe's mirror. Reached only through the workspace's own customer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlsplit

from djstripe import models as mirror

from billing.models import Entitlement
from billing.stripe.reading import moment, usd

MOST = 24


@dataclass(frozen=True)
class Invoice:
    """One invoice. `url`: its page at Stripe, where it can be paid and printed; "" if there is none."""

    number: str
    at: datetime
    total_usd: Decimal
    status: str
    url: str


def newest(entitlement: Entitlement) -> list[Invoice]:
    """Up to two years of invoices, without drafts; inside the scope."""
    if not entitlement.customer_id:
        return []
    rows = mirror.Invoice.objects.filter(customer_id=entitlement.customer_id).exclude(stripe_data__status="draft")
    return list(_read(rows.order_by("-created")[:MOST].values_list("stripe_data", flat=True)))


def _read(rows: Iterator[dict[str, object]]) -> Iterator[Invoice]:
    for data in rows:
        url = str(data.get("hosted_invoice_url") or "")
        yield Invoice(
            number=str(data.get("number") or ""),
            at=moment(int(str(data["created"]))) or datetime.min,  # noqa: DTZ901  # Stripe's time is never empty
            total_usd=usd(int(str(data["total"]))),
            status=str(data["status"]),
            url=url if urlsplit(url).scheme in ("http", "https") else "",
        )
