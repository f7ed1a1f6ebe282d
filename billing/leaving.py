"""The end of a workspace at Stripe: nobody is charged for what is gone, and its mirror here goes too.

Stripe itself keeps the invoices, which the law wants kept.
"""

import logging
from uuid import UUID

from django.db import transaction
from djstripe import models as mirror

from billing import stripe_api
from billing.errors import BillingError, StripeDownError
from billing.models import Entitlement
from billing.standing import LIVE
from tenants.scope import tenant_scope

log = logging.getLogger(__name__)


def leave(tenant_id: UUID) -> None:
    """Cancel at once and forget the customer. Calls Stripe: open no scope around this.

    Raises StripeDownError: the deletion then waits until Stripe answers, for otherwise it would go on charging.
    """
    with tenant_scope(tenant_id):
        entitlement = Entitlement.objects.first()
    if entitlement is not None and entitlement.subscription_id and entitlement.status in LIVE:
        _cancel(entitlement.subscription_id)
    with transaction.atomic():
        for customer in mirror.Customer.objects.filter(subscriber_id=tenant_id):
            mirror.Event.objects.filter(data__object__customer=customer.id).delete()
            mirror.WebhookEventTrigger.objects.filter(body__contains=customer.id).delete()
            customer.delete()


def _cancel(subscription_id: str) -> None:
    try:
        with stripe_api.connected() as api:
            api.v1.subscriptions.cancel(subscription_id, {"prorate": False})
    except StripeDownError:
        raise
    except BillingError as error:  # it is gone already, or nobody here may ask any more
        log.error("The subscription %s was not cancelled at Stripe: %s", subscription_id, error)  # noqa: TRY400
