"""How Slack's SDK reaches Slack: with one time limit for the whole call, and one size for its answer.

The SDK's own time-out bounds each read of a socket. Whether a sender is dead can only be told if its call has an end.
"""

import ssl
from functools import cache
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.request import Request

import httpx
from slack_sdk import WebClient

from tenants.outbound import event_loop, patience

CONNECT_SECONDS = 4
MOST_BYTES = 8_000_000
"""More than any answer of the Web API that we ask for."""


class DeadlineWebClient(WebClient):
    """A WebClient whose `timeout` (seconds) is for a call from end to end: names, connection, request and answer."""

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        """One request, as the SDK wants its answer. Redirects are not followed.

        Raises URLError if no connection was made, so that nothing was sent; TimeoutError and
        http.client.HTTPException where it may have been.
        """
        try:
            return event_loop.run(_exchange(url, req), within=patience.left(self.timeout))
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise URLError(ConnectionRefusedError(str(error))) from error
        except httpx.HTTPError as error:
            raise HTTPException(f"{type(error).__name__}: {error}") from error


async def _exchange(url: str, req: Request) -> dict[str, Any]:
    headers = {name: str(value) for name, value in req.header_items()}
    async with _client().stream(req.get_method(), url, content=_content(req), headers=headers) as answer:
        body = bytearray()
        async for piece in answer.aiter_bytes():
            body += piece
            if len(body) > MOST_BYTES:
                raise HTTPException(f"an answer of more than {MOST_BYTES} bytes")
        found = {name.title(): value for name, value in answer.headers.items()}
        return {"status": answer.status_code, "headers": found, "body": body.decode(errors="replace")}


def _content(req: Request) -> bytes | None:
    return req.data if isinstance(req.data, bytes) else None


@cache
def _client() -> httpx.AsyncClient:
    """Connections are not kept: one that Slack closed meanwhile would leave a message in doubt."""
    timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.AsyncClient(verify=ssl.create_default_context(), limits=limits, timeout=timeout)
