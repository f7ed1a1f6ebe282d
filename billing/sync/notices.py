"""Mails about the subscription. Each is planned in the transaction that saw its reason, and marked when it is sent."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from billing import dates
from billing.models import Entitlement, Notice
from billing.standing import OWES
from billing.stripe.reading import Observation
from tenants.mail import notices, outbox
from tenants.models import Mail, Tenant
from tenants.scope import current_tenant_id, tenant_scope

Kind, Status = Notice.Kind, Entitlement.Status
ABOUT_DEBTS = frozenset({Kind.PAYMENT_FAILED, Kind.ACTION_REQUIRED})
TRIAL_WARNED_BEFORE = timedelta(days=3)


def plan(entitlement: Entitlement, seen: Observation) -> None:
    """Note which mails are due by what Stripe just said."""
    for kind, key, url in _due(entitlement, seen):
        Notice.objects.get_or_create(kind=kind, key=key, defaults={"url": url})


def _due(entitlement: Entitlement, seen: Observation) -> Iterator[tuple[str, str, str]]:
    ends = entitlement.trial_ends_at
    if ends and not entitlement.cancels_at and ends - entitlement.now() <= TRIAL_WARNED_BEFORE:
        yield Kind.TRIAL_ENDING, f"{entitlement.subscription_id}:{int(ends.timestamp())}", ""
    if tried := seen.debt.tried:
        kind = Kind.ACTION_REQUIRED if seen.debt.needs_action else Kind.PAYMENT_FAILED
        yield kind, str(tried["id"]), entitlement.pay_url
    if entitlement.status == Status.CANCELED and entitlement.subscription_id:
        yield Kind.CANCELED, entitlement.subscription_id, ""


def send(tenant_id: UUID) -> None:
    """Mail what is planned and not sent yet. Sends mail: open no scope around this."""
    with tenant_scope(tenant_id):
        planned = list(Notice.objects.filter(sent_at=None).order_by("requested_at", "id"))
        for notice in planned:
            _plan_mails(notice)
    outbox.send_due(tenant_id)
    with tenant_scope(tenant_id):
        for notice in planned:
            if not outbox.is_open(Mail.Kind(notice.kind), notice.key):
                Notice.objects.filter(id=notice.id, sent_at=None).update(sent_at=timezone.now())


def _plan_mails(notice: Notice) -> None:
    """A mail to each who gets it, unless that is done; about a debt that is paid meanwhile, none."""
    tenant, entitlement = Tenant.objects.get(id=current_tenant_id()), Entitlement.objects.get()
    kind = Mail.Kind(notice.kind)
    if notice.kind in ABOUT_DEBTS and entitlement.status not in OWES:
        outbox.drop(kind, notice.key)
        return
    subject, text = _words(tenant, notice, entitlement)
    outbox.plan(kind, notice.key, notices.recipients(tenant), subject, notices.letter(text))


def _words(tenant: Tenant, notice: Notice, entitlement: Entitlement) -> tuple[str, str]:
    page = f"{settings.PUBLIC_URL}{reverse('workspace:billing', args=[tenant.slug])}"
    pay = notice.url or page
    if notice.kind == Kind.TRIAL_ENDING:
        return _trial_ending(tenant, entitlement, page)
    if notice.kind == Kind.PAYMENT_FAILED:
        stop = _grace_end(tenant, entitlement)
        what = f"The payment for {notices.named(tenant)} failed. {stop}"
        text = f"{what} Pay the invoice, or use another card:\n\n{pay}"
        return "A payment for your workspace failed", text
    if notice.kind == Kind.ACTION_REQUIRED:
        text = f"Your bank wants you to confirm the payment for {notices.named(tenant)}. Do it here:\n\n{pay}"
        return "Confirm a payment for your workspace", text
    text = (
        f"The subscription of {notices.named(tenant)} has ended. Its AI employees are paused; everything that "
        f"they said stays readable. You can subscribe again at any time:\n\n{page}"
    )
    return "The subscription of your workspace has ended", text


def _trial_ending(tenant: Tenant, entitlement: Entitlement, page: str) -> tuple[str, str]:
    ends = dates.day(tenant, entitlement.trial_ends_at) if entitlement.trial_ends_at else "an unknown day"
    if entitlement.collection_pause:
        what = "Payments are paused at Stripe, so nothing is charged then, and nothing stops."
    elif entitlement.card_brand:
        price = entitlement.next_invoice_usd
        amount = f"{price} USD" if price is not None else "the subscription's price"
        what = f"Then {amount} is charged, and nothing stops."
    else:
        what = "There is no card yet: without one your AI employees pause then."
    text = f"The trial of {notices.named(tenant)} ends on {ends}. {what} You can change or cancel it here:\n\n{page}"
    return f"Your trial ends on {ends}", text


def _grace_end(tenant: Tenant, entitlement: Entitlement) -> str:
    if entitlement.status != Status.PAST_DUE or entitlement.past_due_since is None:
        return "Its AI employees are paused until it is paid."
    ends = entitlement.past_due_since + timedelta(days=settings.PAST_DUE_GRACE_DAYS)
    return f"Its AI employees go on working until {dates.day(tenant, ends)}, then they pause."
