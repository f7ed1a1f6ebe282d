"""One HTTP request to the Graph API, with one time limit from end to end, and one size for its answer.

Whether a sender is dead can only be told if its call has an end.
"""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx
from django.conf import settings

from channels.providers.base import BusyError, DeliveryNotNowError, OutcomeUnknownError
from channels.providers.whatsapp import wordings
from tenants.outbound import event_loop, patience

CONNECT_SECONDS = 4
MOST_BYTES = 1_000_000
"""More than any answer that we ask for."""
UNREACHABLE_SECONDS = 5.0
LONGEST_RETRY_AFTER = 3_600.0


class TooLargeError(Exception):
    """An answer of more than MOST_BYTES."""


@dataclass(frozen=True)
class Request:
    """What to ask. path: below the version."""

    method: str
    path: str
    token: str = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Answer:
    """What came back. body: the JSON; None if it is none."""

    status: int
    body: Any
    retry_after: float | None = None


def send(request: Request, timeout_seconds: float) -> Answer:
    """Raises DeliveryNotNowError if nothing was sent, and OutcomeUnknownError if something may have been."""
    try:
        patience.enter("WhatsApp")
        return event_loop.run(_exchange(request), within=patience.left(timeout_seconds))
    except patience.BusyError as error:
        raise BusyError(wordings.BUSY(), error.wait) from error
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise DeliveryNotNowError(wordings.UNREACHABLE(), UNREACHABLE_SECONDS) from error
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError, TooLargeError) as error:
        raise OutcomeUnknownError(wordings.NO_ANSWER(error=type(error).__name__)) from error


async def _exchange(request: Request) -> Answer:
    url = f"{str(settings.WHATSAPP_GRAPH_URL).rstrip('/')}/{settings.WHATSAPP_GRAPH_VERSION}/{request.path}"
    headers = {"Authorization": f"Bearer {request.token}"} if request.token else {}
    sent = _client().stream(request.method, url, params=dict(request.query), json=request.body, headers=headers)
    async with sent as answer:
        body = bytearray()
        async for piece in answer.aiter_bytes():
            body += piece
            if len(body) > MOST_BYTES:
                raise TooLargeError
        return Answer(answer.status_code, _read(bytes(body)), _seconds(answer.headers.get("retry-after", "")))


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _seconds(value: str) -> float | None:
    is_number = len(value) < 10 and value.isascii() and value.isdigit()
    return min(float(value), LONGEST_RETRY_AFTER) if is_number else None


@cache
def _client() -> httpx.AsyncClient:
    """Connections are not kept: one that Meta closed meanwhile would leave a message in doubt."""
    timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.AsyncClient(verify=ssl.create_default_context(), limits=limits, timeout=timeout)
