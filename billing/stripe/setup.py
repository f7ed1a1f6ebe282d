"""Bringing the Stripe account in line with the catalogue: product, prices, portal and webhook. Safe to repeat."""

from collections.abc import Callable, Mapping
from typing import Any

import stripe as sdk
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from djstripe.models import Account, APIKey

from billing import catalogue
from billing.catalogue import Plan
from billing.errors import StripeMisconfiguredError, StripeMissingError
from billing.stripe import client, endpoint, ids
from tenants.wordings import Wording

TAX_CODE = "txcd_10103001"
"""Software as a service, for businesses: https://docs.stripe.com/tax/tax-codes"""
ANOTHER_ACCOUNT = Wording(
    "billing.another_account",
    _(
        "STRIPE_SECRET_KEY belongs to the account %(account)s, but this database belongs to %(known)s: set a key of "
        "that account, or start with an empty database."
    ),
)
PRODUCT_NAME = "AI employee"
PRODUCT: Any = {
    "name": PRODUCT_NAME,
    "description": "An AI employee that answers in your company's channels. Priced per employee.",
    "tax_code": TAX_CODE,
    "unit_label": "employee",
}
FEATURES: Any = {
    "customer_update": {"enabled": True, "allowed_updates": ["address", "email", "name", "tax_id"]},
    "invoice_history": {"enabled": True},
    "payment_method_update": {"enabled": True},
    "subscription_cancel": {"enabled": True, "mode": "at_period_end", "proration_behavior": "none"},
    "subscription_update": {"enabled": False},
}
"""What customers can do in Stripe's portal. Seats are changed only in ours, which says who will pause."""

Say = Callable[[str], None]


def set_up(say: Say, *, new_webhook: bool = False) -> None:
    """Make or change what differs from the catalogue; `say` gets a sentence for each thing.

    new_webhook: replace the webhook endpoint with a new one that has a new secret and address. Raises BillingError.
    """
    with client.connected() as stripe:
        _check_account(stripe, say)
        _product(stripe, say)
        for plan in catalogue.PLANS:
            _price(stripe, plan, say)
        _portal(stripe, say)
        endpoint.ensure(stripe, say, is_new=new_webhook)
    ids.forget()


def _check_account(stripe: sdk.StripeClient, say: Say) -> None:
    """The key's account must be the one whose objects have been mirrored here since the first time."""
    account = stripe.v1.accounts.retrieve_current()
    if known_account() not in {"", account.id}:
        raise StripeMisconfiguredError(ANOTHER_ACCOUNT(account=account.id, known=known_account()))
    Account.get_or_retrieve_for_api_key(settings.STRIPE_SECRET_KEY)
    say(f"Account {account.id}, {'live' if settings.STRIPE_LIVE_MODE else 'test'} mode.")


def known_account() -> str:
    """The account whose objects are mirrored here; "" before the first time."""
    known = APIKey.objects.filter(secret=settings.STRIPE_SECRET_KEY).first()
    return (known and known.djstripe_owner_account_id) or ""


def _product(stripe: sdk.StripeClient, say: Say) -> None:
    try:
        found = stripe.v1.products.retrieve(catalogue.PRODUCT_ID)
    except sdk.InvalidRequestError as error:
        if not isinstance(client.translated(error), StripeMissingError):
            raise
        new: Any = {"id": catalogue.PRODUCT_ID, **PRODUCT}
        stripe.v1.products.create(new)
        say(f"Product “{PRODUCT_NAME}” was made.")
        return
    wanted: Any = {**PRODUCT, "active": True}
    if covers(found.to_dict(for_json=True), wanted):
        say(f"Product “{PRODUCT_NAME}” is as it should be.")
        return
    stripe.v1.products.update(catalogue.PRODUCT_ID, wanted)
    say(f"Product “{PRODUCT_NAME}” was changed.")


def _price(stripe: sdk.StripeClient, plan: Plan, say: Say) -> None:
    """Amounts cannot be changed: a new price takes over the lookup key, and the old one is closed to new customers."""
    title = f"Price {plan.lookup_key}, {plan.unit_usd} USD a {plan.interval},"
    found = stripe.v1.prices.list({"lookup_keys": [plan.lookup_key]}).data
    old = found[0] if found else None
    if old is None or not covers(old.to_dict(for_json=True), amount_of(plan)):
        made = stripe.v1.prices.create(_new_price(plan))
        say(f"{title} was made: {made.id}.")
        if old is not None:
            stripe.v1.prices.update(old.id, {"active": False, "metadata": {catalogue.PLAN: plan.lookup_key}})
            say(f"Price {old.id}, until now {plan.lookup_key}, stays for those who pay it, and is not sold to others.")
    elif not covers(old.to_dict(for_json=True), labels_of(plan)):
        stripe.v1.prices.update(old.id, labels_of(plan))
        say(f"{title} was changed: {old.id}.")
    else:
        say(f"{title} is as it should be: {old.id}.")


def amount_of(plan: Plan) -> Any:
    """What cannot be changed in a price at Stripe."""
    return {
        "currency": catalogue.CURRENCY,
        "unit_amount": plan.unit_cents,
        "product": catalogue.PRODUCT_ID,
        "recurring": {"interval": plan.interval, "interval_count": 1, "usage_type": "licensed"},
        "billing_scheme": "per_unit",
        "tax_behavior": "exclusive",
    }


def labels_of(plan: Plan) -> Any:
    """What can be changed."""
    return {"active": True, "nickname": plan.nickname, "metadata": {catalogue.PLAN: plan.lookup_key}}


def _new_price(plan: Plan) -> Any:
    return {**amount_of(plan), **labels_of(plan), "lookup_key": plan.lookup_key, "transfer_lookup_key": True}


def _portal(stripe: sdk.StripeClient, say: Say) -> None:
    wanted: Any = {"features": FEATURES, "default_return_url": f"{settings.PUBLIC_URL}/"}
    found = ids.configuration_of_site(stripe)
    if found is None:
        new: Any = {**wanted, "metadata": {ids.SITE: settings.PUBLIC_URL}}
        made = stripe.v1.billing_portal.configurations.create(new)
        say(f"Portal configuration was made: {made.id}.")
    elif covers(found.to_dict(for_json=True), wanted):
        say(f"Portal configuration is as it should be: {found.id}.")
    else:
        stripe.v1.billing_portal.configurations.update(found.id, wanted)
        say(f"Portal configuration was changed: {found.id}.")


def covers(found: Any, wanted: Any) -> bool:
    """Does what Stripe shows have all that is wanted? Lists are compared in any order."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(covers(found.get(name), each) for name, each in wanted.items())
    if isinstance(wanted, list):
        return isinstance(found, list) and sorted(found) == sorted(wanted)
    return bool(found == wanted)
