"""The ids at Stripe of what `setup_stripe` made, looked up once an hour."""

from collections.abc import Callable

import stripe as sdk
from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _
from stripe.billing_portal import Configuration

from billing.catalogue import PLANS, Plan
from billing.errors import StripeMisconfiguredError
from billing.stripe import client
from tenants.wordings import Wording

NO_PRICE = Wording(
    "billing.no_price",
    _(
        "Stripe has no price %(price)s for this site: whoever runs this installation needs to run "
        "`manage.py setup_stripe`."
    ),
)
NO_PORTAL = Wording(
    "billing.no_portal",
    _(
        "Stripe has no portal configuration for this site: whoever runs this installation needs to run "
        "`manage.py setup_stripe`."
    ),
)
SITE = "roster_site"
"""In metadata: which installation it was made for. Several may share an account, as in test mode."""
SECONDS = 60 * 60
PORTAL = "portal"


def price_id(plan: Plan) -> str:
    """The price that new subscribers of this plan get. Raises BillingError, including when there is none."""
    return _remembered(plan.lookup_key, lambda: _price(plan))


def portal_configuration_id() -> str:
    """What sessions of Stripe's portal have to name. Raises BillingError, including when there is none."""
    return _remembered(PORTAL, _portal_configuration)


def forget() -> None:
    """Ask again next time, after something was changed at Stripe."""
    cache.delete_many([_key(name) for name in (PORTAL, *(plan.lookup_key for plan in PLANS))])


def _remembered(name: str, ask: Callable[[], str]) -> str:
    known: str | None = cache.get(_key(name))
    if known is None:
        known = ask()
        cache.set(_key(name), known, SECONDS)
    return known


def _key(name: str) -> str:
    """For this account's mode and host: another key must not find these ids."""
    return f"stripe:{settings.STRIPE_API_URL}:{settings.STRIPE_LIVE_MODE}:{name}"


def _price(plan: Plan) -> str:
    with client.connected() as stripe:
        found = stripe.v1.prices.list({"lookup_keys": [plan.lookup_key], "active": True}).data
    if not found:
        raise StripeMisconfiguredError(NO_PRICE(price=plan.lookup_key))
    return found[0].id


def _portal_configuration() -> str:
    with client.connected() as stripe:
        found = configuration_of_site(stripe)
    if found is None:
        raise StripeMisconfiguredError(NO_PORTAL())
    return found.id


def configuration_of_site(stripe: sdk.StripeClient) -> Configuration | None:
    """This site's configuration of Stripe's portal, looked up now."""
    every = stripe.v1.billing_portal.configurations.list({"active": True, "limit": 100}).auto_paging_iter()
    return next(
        (each for each in every if each.to_dict(for_json=True)["metadata"].get(SITE) == settings.PUBLIC_URL), None
    )
