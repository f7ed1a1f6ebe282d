"""The webhook endpoint: registered at Stripe, its secret kept here, encrypted."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import stripe as sdk
from django.conf import settings
from django.db import transaction
from djstripe.models import WebhookEndpoint

from billing.stripe.events import EVENTS
from tenants import encryption

LOOPBACK = {"127.0.0.1", "localhost", "::1"}

Say = Callable[[str], None]


def address(uuid: object) -> str:
    """The address of an endpoint with this id."""
    return f"{_beginning()}{uuid}/"


def _beginning() -> str:
    return f"{settings.STRIPE_WEBHOOK_ORIGIN}/webhooks/stripe/"


def is_reachable() -> bool:
    """Can Stripe reach this site? Its own servers do not reach this machine's loopback address; the sandbox does."""
    is_here = urlsplit(settings.STRIPE_WEBHOOK_ORIGIN).hostname in LOOPBACK
    return not is_here or settings.STRIPE_API_URL != sdk.DEFAULT_API_BASE


def registered(stripe: sdk.StripeClient) -> list[sdk.WebhookEndpoint]:
    """This site's endpoints as Stripe knows them, those of others who share the account left out."""
    every = stripe.v1.webhook_endpoints.list({"limit": 100}).auto_paging_iter()
    return [each for each in every if each.url.startswith(_beginning())]


def usable(found: list[sdk.WebhookEndpoint]) -> sdk.WebhookEndpoint | None:
    """The first one whose secret is here, and which speaks the version that we read."""
    kept = WebhookEndpoint.objects.exclude(secret="").filter(id__in=[each.id for each in found])
    known = set(kept.values_list("id", flat=True))
    return next((each for each in found if each.id in known and each.api_version == settings.STRIPE_API_VERSION), None)


def ensure(stripe: sdk.StripeClient, say: Say, *, is_new: bool = False) -> None:
    """Have exactly one endpoint of this site, enabled for our events; a secret that is lost costs a new endpoint.

    is_new: replace it in any case. The old one goes last, so that no event is missed.
    """
    if not is_reachable():
        say(
            f"No webhook endpoint: Stripe cannot reach {settings.STRIPE_WEBHOOK_ORIGIN}. Set PUBLIC_URL to an address "
            "that it can; until then changes are noticed when somebody looks, and at night."
        )
        return
    found = registered(stripe)
    chosen = None if is_new else usable(found)
    if chosen is None:
        chosen = _register(stripe, say)
    elif set(chosen.enabled_events) == set(EVENTS) and chosen.status == "enabled":
        say(f"Webhook endpoint is as it should be: {chosen.url}")
    else:
        _change(stripe, chosen.id, say)
    for each in found:
        if each.id != chosen.id:
            stripe.v1.webhook_endpoints.delete(each.id)
            say(f"Webhook endpoint was removed: {each.url}")
    _forget_all_but(chosen.id)


def _register(stripe: sdk.StripeClient, say: Say) -> sdk.WebhookEndpoint:
    uuid = uuid4()
    wanted: Any = {
        "url": address(uuid),
        "enabled_events": list(EVENTS),
        "api_version": settings.STRIPE_API_VERSION,
        "description": "Roster",
        "metadata": {"djstripe_uuid": str(uuid)},
    }
    made = stripe.v1.webhook_endpoints.create(wanted)
    data = made.to_dict(for_json=True)
    secret = str(data.pop("secret"))  # Stripe tells it this once
    with transaction.atomic():
        _mirror(data)
        WebhookEndpoint.objects.filter(id=made.id).update(secret=encryption.encrypt(secret))
    say(f"Webhook endpoint was made: {made.url}")
    return made


def _change(stripe: sdk.StripeClient, endpoint_id: str, say: Say) -> None:
    wanted: Any = {"enabled_events": list(EVENTS), "disabled": False}
    changed = stripe.v1.webhook_endpoints.update(endpoint_id, wanted)
    _mirror(changed.to_dict(for_json=True))
    say(f"Webhook endpoint was changed: {changed.url}")


def _mirror(data: dict[str, object]) -> None:
    WebhookEndpoint.sync_from_stripe_data(data, api_key=settings.STRIPE_SECRET_KEY)


def _forget_all_but(endpoint_id: str) -> None:
    """Endpoints that Stripe no longer has answer 404 from now on."""
    ours = WebhookEndpoint.objects.filter(livemode=settings.STRIPE_LIVE_MODE, url__startswith=_beginning())
    ours.exclude(id=endpoint_id).delete()
