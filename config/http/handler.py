"""Django's way in from WSGI, where a header that cannot be read is the client's fault."""

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

UNREADABLE = "unreadable"


class Request(WSGIRequest):
    """Django's own raises for some Content-Types too early to catch; tenants/http/request_limits.py refuses them."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except (LookupError, ValueError):  # parameters in a charset of their own (RFC 2231), a charset of no text
            self._encoding = None
            self.content_type, self.content_params = "", {"charset": UNREADABLE}


class Handler(WSGIHandler):
    """Django's with our requests."""

    request_class = Request
