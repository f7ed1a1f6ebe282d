"""What is for sale: one product, paid monthly or yearly. `manage.py setup_stripe` tells Stripe."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from billing.errors import UnknownPriceError

CURRENCY = "usd"
SEATS_MAX = 1_000
PRODUCT_ID = "roster_ai_employee"
PLAN = "roster_plan"
"""In a price's metadata: which plan it belongs to, or belonged to before the plan got a new price. Lookup keys move,
this stays."""


@dataclass(frozen=True)
class Plan:
    """A way to pay for AI employees; `unit_usd` is for one of them and one interval.

    nickname: what Stripe's dashboard calls it. name: what people here read.
    """

    lookup_key: str
    nickname: str
    name: StrPromise
    interval: Literal["month", "year"]
    unit_usd: Decimal

    @property
    def unit_cents(self) -> int:
        """The price as Stripe counts it."""
        return int(self.unit_usd * 100)

    @property
    def is_yearly(self) -> bool:
        return self.interval == "year"


EMPLOYEE_MONTH = Plan("employee_month", "Monthly", _("Monthly"), "month", Decimal(49))
EMPLOYEE_YEAR = Plan("employee_year", "Yearly", _("Yearly"), "year", Decimal(490))
PLANS = (EMPLOYEE_MONTH, EMPLOYEE_YEAR)
_by_key = {plan.lookup_key: plan for plan in PLANS}


def plan_of(lookup_key: str) -> Plan:
    """The plan with this key. Raises UnknownPriceError."""
    try:
        return _by_key[lookup_key]
    except KeyError:
        raise UnknownPriceError(lookup_key) from None


def plan_of_price(price: Mapping[str, Any]) -> Plan:
    """The plan of a price as Stripe shows it, even one that new subscribers no longer get.

    Raises UnknownPriceError.
    """
    key = price.get("lookup_key") or (price.get("metadata") or {}).get(PLAN)
    if key not in _by_key:
        raise UnknownPriceError(str(price.get("id")))
    return _by_key[key]
