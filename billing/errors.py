"""What goes wrong in billing: each one sentence, or two, that name the thing and the fix, ready to be shown."""


class BillingError(Exception):
    """Base of all of them. Where one is raised, nothing was changed here."""


class UnknownPriceError(BillingError):
    """Stripe tells of a price that is none of the catalogue's."""

    def __init__(self, price: str) -> None:
        super().__init__(
            f"The price {price} is not one of Roster's plans: have the subscription changed to one of them in Stripe."
        )


class StripeMisconfiguredError(BillingError):
    """This installation and its Stripe account do not go together; only who runs it can mend that."""


class StripeDownError(BillingError):
    """Stripe gives no answer, or limits us. What was asked for may have happened all the same: look before repeating,
    or repeat with the same idempotency key."""

    def __init__(self, cause: str = "does not answer") -> None:
        super().__init__(f"Stripe {cause} at the moment: try again in a minute.")


class StripeBusyError(StripeDownError):
    """So many requests wait for Stripe that this one did not ask: nothing was changed there."""

    def __init__(self) -> None:
        super().__init__()
        self.args = ("Stripe does not answer right now. Nothing was changed: try again in a minute.",)


class StripeRefusedError(BillingError):
    """Stripe says no, and says why. `code` and `param` are Stripe's: https://docs.stripe.com/error-codes"""

    def __init__(self, message: str, *, code: str = "", param: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.param = param


class StripeMissingError(StripeRefusedError):
    """Stripe has no such object (any more)."""


class CardDeclinedError(BillingError):
    """The bank says no, or wants to see the customer first. `code` and `decline_code` are Stripe's.

    https://docs.stripe.com/declines/codes
    """

    def __init__(self, message: str, *, code: str = "", decline_code: str = "") -> None:
        super().__init__(f"{message.strip() or 'Your card was declined.'} Use another card, or ask your bank.")
        self.code = code
        self.decline_code = decline_code
