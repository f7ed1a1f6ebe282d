"""Errors in Stripe's format. https://docs.stripe.com/api/errors · https://docs.stripe.com/error-codes"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

INVALID: Final = "invalid_request_error"
CODES_PAGE: Final = "https://stripe.com/docs/error-codes/"
# Types that error messages spell differently from the object.
NAMES: Final[Mapping[str, str]] = {
    "payment_method": "PaymentMethod",
    "promotion_code": "promotion code",
    "setup_intent": "setupintent",
    "subscription_item": "subscription item",
    "subscription_schedule": "subscription schedule",
    "test_helpers.test_clock": "test clock",
    "webhook_endpoint": "webhook endpoint",
}


class StripeError(Exception):
    """An error response; `more` are extra keys such as `decline_code` or a whole `payment_intent`.

    Earlier changes of the request are rolled back, unless `is_kept`: a declined payment keeps its intent and charge.
    """

    def __init__(
        self,
        status: int,
        type: str,
        message: str,
        code: str | None = None,
        param: str | None = None,
        *,
        is_kept: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.is_kept = is_kept
        named = {"code": code, "doc_url": CODES_PAGE + code.replace("_", "-") if code else None, "param": param, **more}
        filled = {name: value for name, value in named.items() if value is not None}
        self.error: dict[str, Any] = {**filled, "message": message, "type": type}

    @property
    def code(self) -> str | None:
        """Stripe's error code."""
        return self.error.get("code")

    @property
    def body(self) -> dict[str, Any]:
        """The response's JSON."""
        return {"error": self.error}


def invalid(param: str | None, message: str, code: str | None = None, **more: Any) -> StripeError:
    """400: a parameter is invalid, or an object's state doesn't allow the call."""
    return StripeError(400, INVALID, message, code, param, **more)


def missing(object_type: str, object_id: str, param: str = "id") -> StripeError:
    """No such object: 404 when the URL names it (`param` is id), 400 when a parameter does."""
    message = f"No such {NAMES.get(object_type, object_type)}: '{object_id}'"
    return StripeError(404 if param == "id" else 400, INVALID, message, "resource_missing", param)


def card_error(
    code: str, message: str, *, decline_code: str | None = None, param: str | None = None, **more: Any
) -> StripeError:
    """402: the card was declined; its changes are kept."""
    return StripeError(402, "card_error", message, code, param, is_kept=True, decline_code=decline_code, **more)
