"""Mails about the subscription. Each is planned in the transaction that saw its reason, and marked once it is sent."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

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
    """Note which mails are due after what Stripe just said."""
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
    """Send what is planned and not sent yet. Sends mail: open no scope around this."""
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
    """A mail to each recipient who has not had it; none about a debt that has been paid since."""
    tenant, entitlement = Tenant.objects.get(id=current_tenant_id()), Entitlement.objects.get()
    kind = Mail.Kind(notice.kind)
    if notice.kind in ABOUT_DEBTS and entitlement.status not in OWES:
        outbox.drop(kind, notice.key)
        return
    subject, text = _words(tenant, notice, entitlement)
    outbox.plan(kind, notice.key, notices.recipients(tenant), subject, notices.letter(text))


def _words(tenant: Tenant, notice: Notice, entitlement: Entitlement) -> tuple[str, str]:
    """Subject and text."""
    page = f"{settings.PUBLIC_URL}{reverse('workspace:billing', args=[tenant.slug])}"
    given = {"workspace": notices.named(tenant), "page": page, "pay": notice.url or page}
    if notice.kind == Kind.TRIAL_ENDING:
        return _trial_ending(tenant, entitlement, given)
    if notice.kind == Kind.PAYMENT_FAILED:
        return _("A payment for your workspace failed"), _payment_failed(tenant, entitlement, given)
    if notice.kind == Kind.ACTION_REQUIRED:
        text = _("Your bank asks you to confirm the payment for %(workspace)s. Do it here:\n\n%(pay)s")
        return _("Confirm a payment for your workspace"), text % given
    text = _(
        "The subscription of %(workspace)s has ended. Its AI employees are paused, and you can still read everything "
        "they said. You can subscribe again at any time:\n\n%(page)s"
    )
    return _("The subscription of your workspace has ended"), text % given


def _trial_ending(tenant: Tenant, entitlement: Entitlement, given: dict[str, str]) -> tuple[str, str]:
    if entitlement.trial_ends_at is None:  # over since the mail was planned
        text = _("The trial of %(workspace)s is over. You can change or cancel the subscription here:\n\n%(page)s")
        return _("Your trial is over"), text % given
    given = {**given, "day": dates.day(tenant, entitlement.trial_ends_at)}
    return _("Your trial ends on %(day)s") % given, _what_follows_the_trial(entitlement, given)


def _what_follows_the_trial(entitlement: Entitlement, given: dict[str, str]) -> str:
    price = entitlement.next_invoice_usd
    if entitlement.collection_pause:
        text = _(
            "The trial of %(workspace)s ends on %(day)s. Payments are paused at Stripe, so nothing is charged then, "
            "and your AI employees keep working. You can change or cancel the subscription here:\n\n%(page)s"
        )
    elif not entitlement.card_brand:
        text = _(
            "The trial of %(workspace)s ends on %(day)s. There is no card yet: without one, your AI employees pause "
            "then. You can add a card, change or cancel the subscription here:\n\n%(page)s"
        )
    elif price is None:
        text = _(
            "The trial of %(workspace)s ends on %(day)s. Then we charge the price of the subscription, and your AI "
            "employees keep working. You can change or cancel the subscription here:\n\n%(page)s"
        )
    else:
        text = _(
            "The trial of %(workspace)s ends on %(day)s. Then we charge %(amount)s USD, and your AI employees keep "
            "working. You can change or cancel the subscription here:\n\n%(page)s"
        )
    return text % {**given, "amount": price}


def _payment_failed(tenant: Tenant, entitlement: Entitlement, given: dict[str, str]) -> str:
    if entitlement.status != Status.PAST_DUE or entitlement.past_due_since is None:
        text = _(
            "The payment for %(workspace)s failed. Its AI employees are paused until it is paid. Pay the invoice, or "
            "use another card:\n\n%(pay)s"
        )
        return text % given
    ends = entitlement.past_due_since + timedelta(days=settings.PAST_DUE_GRACE_DAYS)
    text = _(
        "The payment for %(workspace)s failed. Its AI employees keep working until %(day)s, then they pause. Pay the "
        "invoice, or use another card:\n\n%(pay)s"
    )
    return text % {**given, "day": dates.day(tenant, ends)}
