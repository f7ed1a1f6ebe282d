"""The WSGI handler. A header that cannot be parsed is the client's error, not ours."""

from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

UNREADABLE = "unreadable"


class Request(WSGIRequest):
    """Django's raises too early for some Content-Types; tenants/http/request_limits.py refuses them."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        try:
            super()._set_content_type_params(meta)  # type: ignore[misc]
        except (LookupError, ValueError):  # parameters with a charset (RFC 2231), or a codec that is not for text
            self._encoding = None
            self.content_type, self.content_params = "", {"charset": UNREADABLE}


class Handler(WSGIHandler):
    """Django's handler, with our request class."""

    request_class = Request
