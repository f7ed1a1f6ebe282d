"""The test cards: their numbers, the names of their payment methods, and how each behaves.

https://docs.stripe.com/testing · https://docs.stripe.com/declines/codes
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sandbox.stripe.account.errors import StripeError


@dataclass(frozen=True)
class Decline:
    """Why an issuer declines: Stripe's error code, decline code if any, and the message for people."""

    code: str
    message: str
    decline_code: str | None = None
    param: str | None = None

    @property
    def reason(self) -> str:
        """The reason in the charge's outcome."""
        return self.decline_code or self.code


class Authentication(StrEnum):
    """When a card asks for 3-D Secure."""

    NEVER = "never"
    UNLESS_SET_UP = "unless_set_up"  # off session until the card is set up; on session always
    ALWAYS = "always"


def _declined(decline_code: str, message: str = "Your card was declined.") -> Decline:
    return Decline("card_declined", message, decline_code)


GENERIC: Final = _declined("generic_decline")
NO_FUNDS: Final = _declined("insufficient_funds", "Your card has insufficient funds.")
PROCESSING: Final = Decline(
    "processing_error", "An error occurred while processing your card. Try again in a little bit.", "processing_error"
)
EXPIRED: Final = Decline("expired_card", "Your card has expired.", "expired_card", "exp_month")
WRONG_CVC: Final = Decline("incorrect_cvc", "Your card's security code is incorrect.", "incorrect_cvc", "cvc")


@dataclass(frozen=True)
class Card:
    """A test card. One with `decline` but not `attaches` is also declined when it is saved."""

    number: str
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    decline: Decline | None = None
    attaches: bool = True
    authentication: Authentication = Authentication.NEVER
    is_disputed: bool = False

    @property
    def last4(self) -> str:
        """The last four digits."""
        return self.number[-4:]

    def needs_authentication(self, *, off_session: bool, is_set_up: bool) -> bool:
        """Whether the issuer asks for 3-D Secure; `off_session`: the customer isn't present."""
        if self.authentication is Authentication.UNLESS_SET_UP:
            return not (off_session and is_set_up)
        return self.authentication is Authentication.ALWAYS


def _refused(number: str, decline: Decline) -> Card:
    return Card(number, decline=decline, attaches=False)


# By the name of Stripe's test payment method.
BY_NAME: Final[Mapping[str, Card]] = {
    "pm_card_visa": Card("4242424242424242"),
    "pm_card_visa_debit": Card("4000056655665556", funding="debit"),
    "pm_card_mastercard": Card("5555555555554444", "mastercard"),
    "pm_card_amex": Card("378282246310005", "amex"),
    "pm_card_discover": Card("6011111111111117", "discover"),
    "pm_card_diners": Card("3056930009020004", "diners"),
    "pm_card_jcb": Card("3566002020360505", "jcb", country="JP"),
    "pm_card_unionpay": Card("6200000000000005", "unionpay", country="CN"),
    "pm_card_gb": Card("4000008260000000", country="GB"),
    "pm_card_de": Card("4000002760000016", country="DE"),
    "pm_card_chargeDeclined": _refused("4000000000000002", GENERIC),
    "pm_card_chargeDeclinedInsufficientFunds": _refused("4000000000009995", NO_FUNDS),
    "pm_card_chargeDeclinedExpiredCard": _refused("4000000000000069", EXPIRED),
    "pm_card_chargeDeclinedIncorrectCvc": _refused("4000000000000127", WRONG_CVC),
    "pm_card_chargeDeclinedProcessingError": _refused("4000000000000119", PROCESSING),
    "pm_card_chargeCustomerFail": Card("4000000000000341", decline=GENERIC),
    "pm_card_createDispute": Card("4000000000000259", is_disputed=True),
    "pm_card_authenticationRequiredOnSetup": Card(
        "4000002500003155", country="FR", authentication=Authentication.UNLESS_SET_UP
    ),
    "pm_card_authenticationRequired": Card("4000002760003184", country="DE", authentication=Authentication.ALWAYS),
    "pm_card_threeDSecureRequiredChargeDeclined": Card(
        "4000008400001629", decline=GENERIC, authentication=Authentication.UNLESS_SET_UP
    ),
}
BY_NUMBER: Final[Mapping[str, Card]] = {card.number: card for card in BY_NAME.values()}
# The cards that people can choose from, with what will happen.
CHOICES: Final = (
    ("pm_card_visa", "Succeeds"),
    ("pm_card_mastercard", "Succeeds"),
    ("pm_card_authenticationRequiredOnSetup", "Asks for 3-D Secure once, when it is saved"),
    ("pm_card_authenticationRequired", "Asks for 3-D Secure at every payment"),
    ("pm_card_chargeDeclined", "Is declined"),
    ("pm_card_chargeDeclinedInsufficientFunds", "Is declined: insufficient funds"),
    ("pm_card_chargeCustomerFail", "Is saved, then declines every payment"),
    ("pm_card_chargeDeclinedExpiredCard", "Is declined: expired"),
    ("pm_card_chargeDeclinedIncorrectCvc", "Is declined: wrong security code"),
    ("pm_card_chargeDeclinedProcessingError", "Is declined: processing error"),
    ("pm_card_createDispute", "Succeeds, then the payment is disputed"),
)


def declined(decline: Decline, **more: Any) -> StripeError:
    """402 with the issuer's reason. Pass `is_kept` to keep the failed payment."""
    return StripeError(
        402,
        "card_error",
        decline.message,
        decline.code,
        decline.param,
        decline_code=decline.decline_code,
        advice_code="try_again_later" if decline in (GENERIC, NO_FUNDS, PROCESSING) else None,
        **more,
    )


def typed(number: str, *, exp_month: int, exp_year: int, cvc: str | None, year_now: int, month_now: int) -> Card:
    """The test card that a person typed. Raises StripeError for invalid and for real card numbers."""
    digits = number.replace(" ", "").replace("-", "")
    if not digits.isdecimal() or not 12 <= len(digits) <= 19 or not passes_luhn(digits):
        raise _unreadable("incorrect_number", "Your card number is incorrect.", "number")
    if not 1 <= exp_month <= 12:
        raise _unreadable("invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month")
    year = exp_year + 2000 if exp_year < 100 else exp_year
    if not year_now <= year <= year_now + 50:
        raise _unreadable("invalid_expiry_year", "Your card's expiration year is invalid.", "exp_year")
    if (year, exp_month) < (year_now, month_now):
        raise _unreadable("invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month")
    card = BY_NUMBER.get(digits)
    if card is None:
        raise declined(_declined("test_mode_live_card", NOT_A_TEST_CARD))
    if cvc is not None and (not cvc.isdecimal() or len(cvc) not in ((4, 3) if card.brand == "amex" else (3,))):
        raise _unreadable("invalid_cvc", "Your card's security code is invalid.", "cvc")
    return card


def _unreadable(code: str, message: str, param: str) -> StripeError:
    return StripeError(402, "card_error", message, code, param)


NOT_A_TEST_CARD: Final = (
    "Your card was declined. Your request was in test mode, but used a non test card. For a list of valid test cards, "
    "visit: https://stripe.com/docs/testing."
)


def passes_luhn(digits: str) -> bool:
    """Whether the check digit is right."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
