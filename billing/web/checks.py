"""The doctor's check of Stripe: the key, the account, prices, portal and webhook, and events that wait."""

from collections.abc import Iterator
from datetime import timedelta

import stripe as sdk
from django.conf import settings

from billing.catalogue import PLANS, Plan
from billing.errors import BillingError, StripeDownError, StripeMisconfiguredError
from billing.stripe import endpoint, ids, setup
from billing.stripe.client import connected, is_configured
from billing.stripe.events import EVENTS
from billing.sync import event_inbox
from tenants.doctor.report import TIMEOUT_SECONDS, Finding, ok, problem, skipped, warning

PATIENCE = timedelta(minutes=5)
REPAIR = "run `manage.py setup_stripe`"


def stripe() -> Iterator[Finding]:
    """Does Stripe accept the key, and is all there that `setup_stripe` makes?"""
    if not is_configured():
        yield skipped("Stripe", "STRIPE_SECRET_KEY is not set: nobody can subscribe.")
        return
    try:
        with connected(within=TIMEOUT_SECONDS) as client:
            yield from _account(client)
            yield from _prices(client)
            yield _portal(client)
            yield from _webhook(client)
    except StripeDownError as error:
        yield warning("Stripe", f"{error} Look again later, or check STRIPE_API_URL and this machine's way out.")
    except StripeMisconfiguredError as error:
        yield problem("Stripe", f"{error} It needs to read accounts, and to write all else that Roster uses.")
    except BillingError as error:
        yield problem("Stripe", f"{error} Then {REPAIR}.")
    yield from _waiting_events()


def _account(client: sdk.StripeClient) -> Iterator[Finding]:
    account = client.v1.accounts.retrieve_current()
    mode = f"{'live' if settings.STRIPE_LIVE_MODE else 'test'} mode of account {account.id}"
    yield ok("Stripe", f"accepts the key: {mode}, API version {settings.STRIPE_API_VERSION}.")
    if settings.STRIPE_LIVE_MODE and not account.charges_enabled:
        yield problem("Stripe account", "may not take payments yet: finish its activation in Stripe's dashboard.")
    elif (known := setup.known_account()) and known != account.id:
        yield problem("Stripe account", f"is {account.id}, but this database belongs to {known}: set a key of that.")


def _prices(client: sdk.StripeClient) -> Iterator[Finding]:
    keys = [plan.lookup_key for plan in PLANS]
    found = {each.lookup_key: each.to_dict() for each in client.v1.prices.list({"lookup_keys": keys}).data}
    wrong = [plan for plan in PLANS if not _is_right(plan, found.get(plan.lookup_key))]
    for plan in wrong:
        state = "differs from the catalogue" if plan.lookup_key in found else "is missing"
        yield problem(f"Stripe price {plan.lookup_key}", f"{state}: {REPAIR}.")
    if not wrong:
        yield ok("Stripe prices", f"are those of the catalogue: {', '.join(keys)}.")


def _is_right(plan: Plan, price: object) -> bool:
    return setup.covers(price, setup.amount_of(plan)) and setup.covers(price, setup.labels_of(plan))


def _portal(client: sdk.StripeClient) -> Finding:
    if ids.configuration_of_site(client) is None:
        return problem("Stripe portal", f"has no configuration of this site: {REPAIR}.")
    return ok("Stripe portal", "is configured.")


def _webhook(client: sdk.StripeClient) -> Iterator[Finding]:
    subject = "Stripe webhook"
    if not endpoint.is_reachable():
        yield warning(
            subject,
            f"Stripe cannot reach {settings.STRIPE_WEBHOOK_ORIGIN}: set PUBLIC_URL to an address that it can, "
            f"and {REPAIR}.",
        )
        return
    chosen = endpoint.usable(endpoint.registered(client))
    if chosen is None:
        state = f"is not registered with a secret that is known here and API version {settings.STRIPE_API_VERSION}"
        yield problem(subject, f"{state}: {REPAIR}.")
    elif fault := _fault(chosen):
        yield problem(subject, f"{fault}: {REPAIR}.")
    else:
        yield ok(subject, f"is registered and enabled: {chosen.url}")


def _fault(chosen: sdk.WebhookEndpoint) -> str:
    """What is wrong with the endpoint; "" if nothing is. That its secret opens is looked at with all others."""
    if chosen.status != "enabled":
        return "is disabled, so that no event arrives"
    if missing := set(EVENTS) - set(chosen.enabled_events):
        return f"does not ask for {', '.join(sorted(missing))}"
    return ""


def _waiting_events() -> Iterator[Finding]:
    subject, oldest = "Stripe events", event_inbox.oldest_wait()
    if oldest and oldest > PATIENCE:
        count, last = event_inbox.waiting().count(), event_inbox.waiting().order_by("-updated").first()
        cause = (last and last.exception) or "no worker took them"
        yield warning(subject, f"{count} wait to be mirrored, the oldest for {oldest}: {cause}.")
    else:
        yield ok(subject, "none waits to be mirrored.")
