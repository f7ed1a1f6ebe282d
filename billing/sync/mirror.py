"""dj-stripe's copy of what belongs to our customers: updated after a sync, deleted with the workspace.

It is for reading (invoices, the staff's admin) and decides nothing, so a failure here is only logged.
"""

import logging
from collections.abc import Iterator
from uuid import UUID

from django.apps import apps
from django.db import models, transaction
from djstripe import models as mirror
from djstripe.models.base import StripeModel

from billing.stripe.reading import Observation
from tenants.privacy import exact_ids
from tenants.scope import give_back

log = logging.getLogger(__name__)

AT_ONCE = 200


def tenant_of(customer_id: str) -> UUID | None:
    """Whose customer this is by our own records, whatever its metadata says; needs no scope."""
    found = mirror.Customer.objects.filter(id=customer_id).values_list("subscriber_id", flat=True).first()
    return found if isinstance(found, UUID) else None


def customers_of(tenant_id: UUID) -> list[str]:
    """The ids of all customers that the workspace has had at Stripe."""
    return list(mirror.Customer.objects.filter(subscriber_id=tenant_id).values_list("id", flat=True))


def copy(seen: Observation) -> None:
    """Copy the subscription, and its latest invoice if that is new or changed. Calls Stripe: open no scope here."""
    if seen.original is None:
        return
    try:
        mirror.Subscription.sync_from_stripe_data(seen.original)
        _copy_invoice(seen)
    except Exception as error:  # noqa: BLE001 - Stripe's and Postgres' errors, and what dj-stripe's models raise
        log.warning("A subscription could not be mirrored yet: %s: %s", type(error).__name__, error)
    give_back()


def _copy_invoice(seen: Observation) -> None:
    latest = (seen.subscription or {}).get("latest_invoice")
    if latest and not mirror.Invoice.objects.filter(id=latest["id"], stripe_data__status=latest["status"]).exists():
        mirror.Invoice.sync_from_stripe_data(mirror.Invoice(id=latest["id"]).api_retrieve())


def forget_customer(customer_id: str) -> None:
    """Delete the customer's rows in all of dj-stripe's tables, and the events about it."""
    _forget_deliveries(customer_id)
    with transaction.atomic():
        mirror.Event.objects.filter(
            models.Q(data__object__customer=customer_id) | models.Q(data__object__id=customer_id)
        ).delete()
        for table in _tables():
            table.objects.filter(stripe_data__customer=customer_id).delete()
        mirror.Customer.objects.filter(id=customer_id).delete()


def _forget_deliveries(customer_id: str) -> None:
    """What was delivered about the customer, in batches. A longer id that contains this one is somebody else's."""
    after = 0
    candidates = mirror.WebhookEventTrigger.objects.filter(body__contains=customer_id).order_by("pk")
    while batch := list(candidates.filter(pk__gt=after).values_list("pk", "body")[:AT_ONCE]):
        told = [key for key, body in batch if exact_ids.names(body, customer_id)]
        mirror.WebhookEventTrigger.objects.filter(pk__in=told).delete()
        after = batch[-1][0]


def _tables() -> Iterator[type[StripeModel]]:
    for table in apps.get_app_config("djstripe").get_models():
        if issubclass(table, StripeModel):
            yield table
