"""Whole sentences about a subscription, one for each case: other languages order their words differently."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing import dates, standing
from billing.models import Entitlement
from billing.templatetags.billing import listed
from billing.web.statement import Statement
from tenants.models import Tenant
from tenants.templatetags.portal import usd

Status = Entitlement.Status
Names = tuple[str, ...]


def stops_on(tenant: Tenant, at: datetime) -> str:
    """The heading while a payment is overdue."""
    moment = dates.moment(tenant, at, dates.DAY_OF_YEAR)
    return _("A payment failed: AI employees stop on %(moment)s") % {"moment": moment}


def unless_paid(names: Names) -> str:
    """What follows when the grace period is over."""
    if not names:
        return _("If it is not paid by then, all AI employees pause, and people who write get the unavailable message.")
    words = ngettext(
        "If it is not paid by then, %(names)s pauses, and people who write get the unavailable message.",
        "If it is not paid by then, %(names)s pause, and people who write get the unavailable message.",
        len(names),
    )
    return words % {"names": listed(names)}


def who_writes(names: Names) -> str:
    """What people get while nobody works."""
    if not names:
        return _("People who write to them get the unavailable message.")
    return _("People who write to %(names)s get the unavailable message.") % {"names": listed(names)}


@dataclass(frozen=True)
class Sentences:
    """What the billing page says about the state, and what can be done. may: which buttons the caller gets."""

    bill: Statement
    tenant: Tenant
    may: Mapping[str, bool]

    @property
    def trial_title(self) -> str:
        days = self.bill.trial_days_left
        return ngettext("%(days)d day of the trial left", "%(days)d days of the trial left", days) % {"days": days}

    @property
    def trial_text(self) -> str:
        ends = self.bill.paid.trial_ends_at
        when = _("It ends on %(moment)s.") % {"moment": self._moment(ends)} if ends else ""
        return f"{when} {self._after_the_trial()}"

    def _after_the_trial(self) -> str:
        paid, card = self.bill.paid, self.bill.card
        if paid.collection_pause:
            return _("Payments are paused at Stripe, so nothing is charged then.")
        if card is None:
            return self._without_a_card(self.bill.working)
        if paid.next_invoice_usd is None:
            words = _("Then the first invoice is charged to %(card)s. If you cancel before, nothing is charged.")
            return words % {"card": card}
        words = _("Then %(amount)s is charged to %(card)s. If you cancel before, nothing is charged.")
        return words % {"amount": usd(paid.next_invoice_usd), "card": card}

    def _without_a_card(self, names: Names) -> str:
        if not names:
            return _("There is no card to charge: add one before then, or all AI employees pause.")
        words = ngettext(
            "There is no card to charge: add one before then, or %(names)s pauses.",
            "There is no card to charge: add one before then, or %(names)s pause.",
            len(names),
        )
        return words % {"names": listed(names)}

    @property
    def grace_title(self) -> str:
        ends = self.bill.standing.grace_ends_at
        return stops_on(self.tenant, ends) if ends else ""

    @property
    def grace_text(self) -> str:
        if self.bill.paid.collection_pause:
            way = _("Payments are paused at Stripe: pay the open invoice.")
        else:
            way = _("Use another card, which is charged at once, or pay the open invoice.")
        return f"{unless_paid(self.bill.working)} {way}"

    @property
    def unpaid_text(self) -> str:
        words = [who_writes(self.bill.resting)]
        words.append(
            _(
                "Use another card, which is charged at once, or pay the open invoice: everybody has a seat again "
                "within seconds."
            )
        )
        if self.bill.standing.status == Status.UNPAID:
            words.append(_("Invoices of later months, if there are any, are charged with it."))
        return " ".join([*words, _("Nothing is deleted.")])

    @property
    def expired_text(self) -> str:
        words = [_("Stripe closed the subscription, and nothing was charged."), self._resting()]
        if self.may[standing.SUBSCRIBE]:
            words.append(_("Subscribe again below, with another card if you have one."))
        return " ".join(filter(None, words))

    @property
    def ended_title(self) -> str:
        ended = self.bill.paid.ended_at
        return (
            _("The subscription ended on %(day)s") % {"day": self._day(ended)} if ended else _("The subscription ended")
        )

    @property
    def ended_text(self) -> str:
        words = [self._resting(), _("Conversations, usage and settings are all still here.")]
        if self.may[standing.SUBSCRIBE]:
            words.append(_("Subscribe again below, and everybody has a seat again within seconds."))
        return " ".join(filter(None, words))

    @property
    def paused_text(self) -> str:
        if self.may[standing.PAY]:
            way = _(
                "To continue, pay the first invoice: use another card, which is charged at once, or pay it yourself."
            )
        elif self.may[standing.RESUME]:
            way = _("There is a card now: resume, and everybody has a seat again within seconds.")
        else:
            way = _("Add a card, then resume: everybody has a seat again within seconds.")
        return " ".join(filter(None, (self._resting(), way, _("Nothing is deleted."))))

    def _resting(self) -> str:
        names = self.bill.resting
        words = ngettext(
            "%(names)s is paused, and people who write get the unavailable message.",
            "%(names)s are paused, and people who write get the unavailable message.",
            len(names),
        )
        return words % {"names": listed(names)} if names else ""

    @property
    def ending_title(self) -> str:
        given = {"moment": self._moment(self.bill.paid.cancels_at)} if self.bill.paid.cancels_at else {"moment": ""}
        if self.bill.standing.status == Status.TRIALING:
            return _("The trial ends on %(moment)s") % given
        return _("The subscription ends on %(moment)s") % given

    @property
    def ending_text(self) -> str:
        is_trial = self.bill.standing.status == Status.TRIALING
        what = _("It is canceled, so nothing is charged.") if is_trial else _("It is canceled.")
        return f"{what} {self._until_the_end(self.bill.pausing)}".strip()

    def _until_the_end(self, names: Names) -> str:
        given = {"names": listed(names)}
        if self.bill.standing.status == Status.PAST_DUE or not self.bill.standing.is_working:
            words = ngettext(
                "Then %(names)s pauses for good, if not before.",
                "Then %(names)s pause for good, if not before.",
                len(names),
            )
            return words % given if names else ""
        if not names:
            return _("Until then nothing changes.")
        words = ngettext(
            "Until then nothing changes; then %(names)s pauses.",
            "Until then nothing changes; then %(names)s pause.",
            len(names),
        )
        return words % given

    @property
    def fewer_title(self) -> str:
        count, at = self.bill.paid.next_seats or 0, self.bill.paid.next_seats_at
        words = ngettext("%(count)d seat from %(moment)s", "%(count)d seats from %(moment)s", count)
        return words % {"count": count, "moment": self._moment(at) if at else ""}

    @property
    def fewer_text(self) -> str:
        names = self.bill.pausing
        if not names:
            return _("Nobody pauses: the other seats are not used.")
        words = ngettext(
            "Then %(names)s pauses. To choose others, change the order of seats before then.",
            "Then %(names)s pause. To choose others, change the order of seats before then.",
            len(names),
        )
        return words % {"names": listed(names)}

    @property
    def cancel_note(self) -> str:
        """What canceling does, in a few words."""
        if self.bill.standing.status == Status.TRIALING:
            return _("Nothing is charged when the trial ends")
        if self.bill.ends_at_once:
            return _("Ends at once")
        if self.bill.goes_on_until:
            return _("Nothing changes until %(day)s") % {"day": self._day(self.bill.goes_on_until)}
        return _("Ends on %(day)s") % {"day": self._day(self.bill.paid.period_end)} if self.bill.paid.period_end else ""

    @property
    def before_canceling(self) -> Iterator[str]:
        """What somebody reads before they cancel, a paragraph each."""
        if not self.bill.ends_at_once:
            yield self._when_canceled()
        if self.bill.paid.next_seats and self.bill.paid.next_seats_at:
            count = self.bill.paid.next_seats
            words = ngettext(
                "The planned change to %(count)d seat on %(day)s is dropped, even if you undo the cancellation.",
                "The planned change to %(count)d seats on %(day)s is dropped, even if you undo the cancellation.",
                count,
            )
            yield words % {"count": count, "day": self._day(self.bill.paid.next_seats_at)}
        if self.bill.working:
            yield self._who_pauses_when_canceled(self.bill.working)
        if self.bill.paid.other_items:
            yield _("Everything else that this subscription charges for ends with it.")
        yield _("Conversations and settings stay, and you can subscribe again.")

    def _when_canceled(self) -> str:
        until, end = self.bill.goes_on_until, self.bill.paid.period_end
        if until is None:
            words = _("It ends on %(moment)s. You can undo this before then.")
            return words % {"moment": self._moment(end) if end else ""}
        if end is None or until == end:
            words = _("Nothing changes until %(moment)s. You can undo this before then.")
            return words % {"moment": self._moment(until)}
        words = _(
            "Nothing changes until %(moment)s; the subscription ends on %(day)s. You can undo this before it ends."
        )
        return words % {"moment": self._moment(until), "day": self._day(end)}

    def _who_pauses_when_canceled(self, names: Names) -> str:
        if self.bill.ends_at_once:
            words = ngettext(
                "%(names)s pauses at once, and people who write get the unavailable message.",
                "%(names)s pause at once, and people who write get the unavailable message.",
                len(names),
            )
        else:
            words = ngettext(
                "Then %(names)s pauses, and people who write get the unavailable message.",
                "Then %(names)s pause, and people who write get the unavailable message.",
                len(names),
            )
        return words % {"names": listed(names)}

    def _day(self, at: datetime) -> str:
        return dates.day(self.tenant, at)

    def _moment(self, at: datetime) -> str:
        return dates.moment(self.tenant, at)
