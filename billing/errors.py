"""What goes wrong in billing. Each error is a sentence or two that name the thing and the fix, ready to be shown."""

from django.utils.translation import gettext_lazy as _

from tenants.wordings import Reason, ReasonError, Wording

UNKNOWN_PRICE = Wording(
    "billing.unknown_price",
    _("The price %(price)s is not one of Roster's plans: change the subscription to one of them in Stripe."),
)
STRIPE_SILENT = Wording("billing.stripe_silent", _("Stripe does not answer at the moment: try again in a minute."))
STRIPE_BUSY = Wording(
    "billing.stripe_busy", _("Stripe does not answer right now. Nothing was changed: try again in a minute.")
)
CARD_DECLINED = Wording("billing.card_declined", _("Your card was declined. Use another card, or ask your bank."))
CARD_DECLINED_BECAUSE = Wording("billing.card_declined_because", _("%(message)s Use another card, or ask your bank."))


class BillingError(ReasonError):
    """Base of all of them. When one is raised, nothing was changed here."""


class UnknownPriceError(BillingError):
    """Stripe names a price that is not in the catalogue. price: its id or lookup key."""

    def __init__(self, price: str) -> None:
        super().__init__(UNKNOWN_PRICE(price=price))


class StripeMisconfiguredError(BillingError):
    """This installation and its Stripe account do not fit together; only the people who run it can fix that."""


class StripeDownError(BillingError):
    """Stripe does not answer, or limits us. The request may still have gone through: look before you repeat it, or
    repeat it with the same idempotency key."""

    def __init__(self, reason: Reason | None = None) -> None:
        super().__init__(reason or STRIPE_SILENT())


class StripeBusyError(StripeDownError):
    """Too many requests are waiting for Stripe, so this one was not sent: nothing was changed there."""

    def __init__(self) -> None:
        super().__init__(STRIPE_BUSY())


class StripeRefusedError(BillingError):
    """Stripe says no, and says why. `code` and `param` are Stripe's: https://docs.stripe.com/error-codes"""

    def __init__(self, reason: Reason, *, code: str = "", param: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.param = param


class StripeMissingError(StripeRefusedError):
    """Stripe does not have this object, or no longer has it."""


class CardDeclinedError(BillingError):
    """The bank says no, or wants the customer to confirm first. `code` and `decline_code` are Stripe's.

    https://docs.stripe.com/declines/codes
    """

    def __init__(self, reason: Reason | None = None, *, code: str = "", decline_code: str = "") -> None:
        super().__init__(reason or CARD_DECLINED())
        self.code = code
        self.decline_code = decline_code

    @classmethod
    def told(cls, message: str, *, code: str = "", decline_code: str = "") -> "CardDeclinedError":
        """With Stripe's own words for the customer; "" for none."""
        said = message.strip()
        return cls(CARD_DECLINED_BECAUSE(message=said) if said else None, code=code, decline_code=decline_code)
