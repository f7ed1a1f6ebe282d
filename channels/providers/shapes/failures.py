"""How a call to a provider may fail."""

from collections.abc import Mapping

from tenants.wordings import Reason, ReasonError


class DeliveryError(ReasonError):
    """A message that was not sent, or may not have been. Its reason names the provider, the cause and the fix."""


class DeliveryNotNowError(DeliveryError):
    """Certainly not sent; try again after `retry_after` seconds."""

    def __init__(self, reason: Reason, retry_after: float) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class BusyError(DeliveryNotNowError):
    """Nothing was sent: too many web requests already wait for this provider."""


class DeliveryRefusedError(DeliveryError):
    """Certainly not sent, and it never will be. `breaks_connection`: the provider no longer accepts the token.

    code: the provider's own word for it.
    """

    def __init__(self, reason: Reason, *, breaks_connection: bool = False, code: str = "") -> None:
        super().__init__(reason)
        self.breaks_connection = breaks_connection
        self.code = code


class AnotherWayError(DeliveryError):
    """Certainly not sent, but the same message may be sent to `address` instead.

    lacks: a permission that the account turned out not to have, by the provider's name for it, if that is why.
    """

    def __init__(self, reason: Reason, address: Mapping[str, str], *, lacks: str = "") -> None:
        super().__init__(reason)
        self.address = address
        self.lacks = lacks


class OutcomeUnknownError(DeliveryError):
    """The request went out and no answer came back: the message may have been sent."""
