"""How the Graph API refuses. https://developers.facebook.com/docs/graph-api/guides/error-handling"""

from __future__ import annotations

import secrets
from typing import Any


class RefusalError(Exception):
    """An error answer. `details` is WhatsApp's own explanation."""

    def __init__(self, code: int, message: str, details: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status
        self._message, self._details = message, details

    @property
    def body(self) -> dict[str, Any]:
        """The JSON."""
        number = f"(#{self.code}) " if self.code != 190 else ""
        error: dict[str, Any] = {
            "message": f"{number}{self._message}",
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": secrets.token_urlsafe(8),
        }
        if self._details:
            error["error_data"] = {"messaging_product": "whatsapp", "details": self._details}
        return {"error": error}


def unknown(name: str) -> RefusalError:
    """An object that does not exist, or that the token may not see: Meta does not say which."""
    return RefusalError(
        100,
        f"Unsupported request. Object with ID '{name}' does not exist, cannot be loaded due to missing permissions, or "
        "does not support this operation.",
    )


def wrong(parameter: str, why: str) -> RefusalError:
    """A parameter that is missing or not as documented."""
    return RefusalError(100, "Invalid parameter", f"{parameter} {why}")
