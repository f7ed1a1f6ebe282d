"""Whole sentences about prices, what is charged when, and what Stripe does with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing import dates
from billing.catalogue import Plan
from billing.models import Entitlement
from billing.subscription.plan import PlanSwitch
from billing.subscription.seats import SeatChange
from billing.web.statement import Statement
from tenants.models import Tenant
from tenants.templatetags.portal import usd

Status = Entitlement.Status


@dataclass(frozen=True)
class PriceSentences:
    """What pages say about what the workspace pays."""

    bill: Statement
    tenant: Tenant

    @property
    def seats_note(self) -> str:
        """How the seats are made up, or how many are free."""
        if self.bill.standing.comp_seats:
            return self._given()
        if not self.bill.standing.is_working:
            return _("Paused until it is paid")
        free = self.bill.seats_free
        return ngettext("%(count)d free", "%(count)d free", free) % {"count": free} if free else _("None free")

    def _given(self) -> str:
        given = {
            "paid": self.bill.paid.seats,
            "given": self.bill.standing.comp_seats,
            "day": dates.day(self.tenant, self.bill.given_until) if self.bill.given_until else "",
        }
        if not self.bill.given_until:
            return _("%(paid)d paid, %(given)d complimentary") % given
        if self.bill.is_given_in_parts:
            return _("%(paid)d paid, %(given)d complimentary, the first of them until %(day)s") % given
        return _("%(paid)d paid, %(given)d complimentary until %(day)s") % given

    @property
    def collection_title(self) -> str:
        ends = self.bill.paid.collection_resumes_at
        if not ends:
            return _("Payments are paused at Stripe")
        return _("Payments are paused at Stripe until %(moment)s") % {"moment": dates.moment(self.tenant, ends)}

    @property
    def collection_text(self) -> str:
        """Who paused them, what happens to invoices, and what stays the same."""
        if self.bill.paid.collection_resumes_at:
            who = _("The people who run this Roster paused them there.")
        else:
            who = _("The people who run this Roster paused them there, and only they can end that.")
        stays = _("AI employees keep their seats, and you can change seats or cancel as usual.")
        return f"{who} {self._invoices_meanwhile()} {stays}"

    def _invoices_meanwhile(self) -> str:
        if self.bill.paid.collection_pause == "keep_as_draft":
            return _("Until then no card is charged: invoices are kept as drafts and may be charged later.")
        if self.bill.paid.collection_pause == "void":
            return _("Until then no card is charged: invoices are created and voided.")
        return _("Until then no card is charged: invoices are created and written off.")

    @property
    def other_items(self) -> str:
        """What else is charged, such as “Support, $10.00 per month; Setup”."""
        return "; ".join(_described(each) for each in self.bill.paid.other_items)


def _described(item: Mapping[str, Any]) -> str:
    """Its name, how many if not one, and its price if that is known."""
    name = item["name"] if item["quantity"] == 1 else f"{item['name']} \u00d7 {item['quantity']}"
    return f"{name}, {_price('$' + item['usd'], item['interval'])}" if item["usd"] else name


def _price(amount: str, interval: str) -> str:
    """An amount for an interval of Stripe's."""
    words = {
        "day": _("%(amount)s per day"),
        "week": _("%(amount)s per week"),
        "month": _("%(amount)s per month"),
        "year": _("%(amount)s per year"),
    }
    return words[interval] % {"amount": amount} if interval in words else amount


@dataclass(frozen=True)
class ChangeSentences:
    """What the page about a change of seats says, before it is made."""

    bill: Statement
    tenant: Tenant
    change: SeatChange

    @property
    def title(self) -> str:
        words = ngettext("%(count)d seat instead of %(now)d", "%(count)d seats instead of %(now)d", self.change.seats)
        return words % {"count": self.change.seats, "now": self.change.seats_now}

    @property
    def text(self) -> str:
        return self._more() if self.change.is_increase else self._fewer()

    def _more(self) -> str:
        if self.bill.standing.status == Status.TRIALING:
            return self._more_in_a_trial()
        if self.bill.paid.collection_pause:
            return self._more_while_paused()
        if self.bill.plan and self.bill.plan.is_yearly:
            how = _("Calculated by Stripe for the rest of this year, including tax and discounts.")
        else:
            how = _("Calculated by Stripe for the rest of this month, including tax and discounts.")
        return f"{how} {charged_to(self.bill)}".strip() if self.change.due_now_usd else how

    def _more_in_a_trial(self) -> str:
        ends, count = self.bill.paid.trial_ends_at, self.change.seats
        given = {"day": dates.day(self.tenant, ends) if ends else "", "count": count}
        if self.bill.paid.collection_pause:
            words = ngettext(
                "The trial goes on until %(day)s. Then we invoice %(count)d seat; payments are paused at Stripe.",
                "The trial goes on until %(day)s. Then we invoice all %(count)d seats; payments are paused at Stripe.",
                count,
            )
        else:
            words = ngettext(
                "The trial goes on until %(day)s. Then we charge for %(count)d seat.",
                "The trial goes on until %(day)s. Then we charge for all %(count)d seats.",
                count,
            )
        return words % given

    def _more_while_paused(self) -> str:
        if self.bill.paid.collection_pause == "keep_as_draft":
            return _(
                "Payments are paused at Stripe: the invoice for this change stays a draft and may be charged later."
            )
        if self.bill.paid.collection_pause == "void":
            return _("Payments are paused at Stripe: the invoice for this change is voided.")
        return _("Payments are paused at Stripe: the invoice for this change is written off.")

    def _fewer(self) -> str:
        count = self.change.seats_now
        if self.bill.standing.status == Status.TRIALING:
            words = ngettext(
                "You keep %(count)d seat until the trial ends. You can undo the change before then.",
                "You keep %(count)d seats until the trial ends. You can undo the change before then.",
                count,
            )
        else:
            words = ngettext(
                "You keep %(count)d seat until then, since it is paid for. You can undo the change before then.",
                "You keep %(count)d seats until then, since they are paid for. You can undo the change before then.",
                count,
            )
        return words % {"count": count}

    @property
    def button(self) -> str:
        count, amount = self.change.seats, usd(self.change.due_now_usd)
        if self.change.is_increase and self.change.due_now_usd:
            words = ngettext("Pay %(amount)s for %(count)d seat", "Pay %(amount)s for %(count)d seats", count)
            return words % {"amount": amount, "count": count}
        if self.change.is_increase or self.change.takes_effect_at is None:
            return ngettext("Change to %(count)d seat", "Change to %(count)d seats", count) % {"count": count}
        words = ngettext("Change to %(count)d seat on %(day)s", "Change to %(count)d seats on %(day)s", count)
        return words % {"count": count, "day": dates.day(self.tenant, self.change.takes_effect_at, dates.DAY_OF_YEAR)}


def charged_to(bill: Statement) -> str:
    """The card that pays at once; "" without one."""
    return _("It is charged to %(card)s.") % {"card": bill.card} if bill.card else ""


def offer_of(plan: Plan, bill: Statement) -> str:
    """The price of a plan, beside the one that is paid."""
    given = {"new": usd(plan.unit_usd), "old": usd(bill.unit_usd)}
    if not plan.is_yearly:
        return _("%(new)s per AI employee per month instead of %(old)s per year.") % given
    if bill.plan and bill.unit_usd == bill.plan.unit_usd:
        return (
            _("%(new)s per AI employee per year instead of %(old)s per month: two of twelve months are free.") % given
        )
    return _("%(new)s per AI employee per year instead of %(old)s per month.") % given


def switch_note(bill: Statement, change: PlanSwitch) -> str:
    """How a switch is paid; "" in a trial, where nothing is."""
    if bill.paid.collection_pause:
        return _("Payments are paused at Stripe, so no card is charged for it now.")
    if bill.standing.status == Status.TRIALING:
        return ""
    if bill.plan and bill.plan.is_yearly:
        how = _(
            "Calculated by Stripe, including tax and discounts, minus what you already paid for the rest of this year."
        )
    else:
        how = _(
            "Calculated by Stripe, including tax and discounts, minus what you already paid for the rest of this month."
        )
    return f"{how} {charged_to(bill)}".strip() if change.due_now_usd else how
