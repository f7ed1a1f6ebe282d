"""The API's entry point: keys, versions, idempotency, parameters, lists, expansion and faults.

https://docs.stripe.com/api (authentication, errors, expanding, idempotency, pagination, request IDs, versioning)

A resource module exposes `ROUTES`, a list of `Endpoint`; `routes.py` collects them. A handler is
`(peer, params, **path) -> object or list`: `params` holds what `accepts` read, the keyword arguments are the path's
placeholders. It runs inside one store transaction. Lists are paged here, so return all objects, newest first.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox.faults import Fault, Hangup
from sandbox.stripe.account.errors import INVALID, StripeError
from sandbox.stripe.account.peer import AUTOMATIC, Origin, Stripe
from sandbox.stripe.account.store import JsonObject, random_text
from sandbox.stripe.api import access, forms, idempotency
from sandbox.stripe.api.expanding import Expanders, expand
from sandbox.stripe.api.listing import PAGING, page

FAULT_KINDS: Final = frozenset({"409", "429", "500", "503", "lock_timeout", "hang", "cut", "drop", "drop_hang"})
AFTERWARDS: Final = frozenset({"drop", "drop_hang"})
EXPAND: Final = {"expand": forms.Listed(of=forms.Text(), is_clearable=True)}
# An endpoint's errors that mean the same as those of `forms`: the parameters are invalid, so nothing was started.
VALIDATION: Final = frozenset({"parameter_missing", "parameter_unknown"})
Params = dict[str, Any]
Handler = Callable[..., JsonObject | list[JsonObject]]


@dataclass(frozen=True)
class Endpoint:
    """One call: `path` is, for example, `/v1/customers/{id}`. `is_list` adds the pagination parameters."""

    method: str
    path: str
    handler: Handler
    accepts: Mapping[str, forms.Field] = field(default_factory=dict)
    is_list: bool = False

    @property
    def name(self) -> str:
        """Its name in faults and recorded calls: `POST /v1/customers`."""
        return f"{self.method} {self.path}"

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The path's placeholders, or None for another call."""
        if method != self.method:
            return None
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path), path)
        return found.groupdict() if found else None


@dataclass
class Call:
    """One request being answered."""

    method: str
    path: str
    headers: Mapping[str, str]
    pairs: list[tuple[str, str]]
    request_id: str
    params: Params = field(default_factory=dict)
    sent: Mapping[str, str] = field(default_factory=dict)
    has_failed: bool = False  # inside its endpoint, not before

    @property
    def idempotency_key(self) -> str | None:
        """The POST's idempotency key."""
        return self.headers.get("idempotency-key") if self.method == "POST" else None


class Api:
    """All endpoints of one account."""

    def __init__(self, peer: Stripe, endpoints: Iterable[Endpoint], expanders: Expanders) -> None:
        self._peer = peer
        # A literal path is matched before one with a placeholder.
        self._endpoints = sorted(endpoints, key=lambda endpoint: endpoint.path.count("{"))
        self._expanders = expanders
        idempotency.prepare(peer.database)

    async def call(self, request: Request) -> Response:
        """Answer as Stripe does, or with a planned fault."""
        path = "/v1/" + request.path_params["path"]
        endpoint = self._endpoint(request.method, path)
        name = endpoint.name if endpoint else f"{request.method} {path}"
        fault = self._peer.faults.take(name)
        if fault and fault.kind == "500":
            return await self._answer(request, path, endpoint and replace(endpoint, handler=_break), name)
        if fault and fault.kind not in AFTERWARDS:
            self._peer.faults.record(name, {"at": time.time(), "fault": fault.kind})
            return await self._faulty(request, fault)
        response = await self._answer(request, path, endpoint, name)
        return await self._faulty(request, fault) if fault else response

    def _endpoint(self, method: str, path: str) -> Endpoint | None:
        return next((found for found in self._endpoints if found.match(method, path) is not None), None)

    async def _answer(self, request: Request, path: str, endpoint: Endpoint | None, name: str) -> Response:
        body = await request.body()
        call = Call(request.method, path, request.headers, [], f"req_{random_text(14)}")
        headers = {"request-id": call.request_id, "stripe-version": self._peer.api_version}
        try:
            access.check(self._peer, request.headers)
            headers["stripe-version"] = access.version(self._peer, request.headers)
            call.pairs = [*_pairs(request.url.query), *_form(request, body)]
            status, answer, more = self._perform(call, endpoint)
        except StripeError as error:
            status, answer, more = error.status, dump(error.body), {}
        self._record(name, call, status)
        if status >= 500:
            more = {**more, "stripe-should-retry": "false"}  # the same key gets the same answer
        return reply(status, answer, headers | more)

    def _perform(self, call: Call, endpoint: Endpoint | None) -> tuple[int, str, dict[str, str]]:
        if endpoint is None:
            raise _unrecognized(call)
        key = call.idempotency_key
        if key is None:
            return (*self._run(call, endpoint), {})
        earlier = idempotency.earlier(self._peer.database, key, call.path, call.pairs)
        if earlier is None:
            status, answer = self._run(call, endpoint, key)
            return status, answer, {"idempotency-key": key, "original-request": call.request_id}
        replayed = {"idempotency-key": key, "original-request": earlier.request_id, "idempotent-replayed": "true"}
        return earlier.status, earlier.body, replayed

    def _run(self, call: Call, endpoint: Endpoint, key: str | None = None) -> tuple[int, str]:
        """Read, run and answer in one transaction; an error that is kept is an answer too.

        The endpoint's answer is saved under the key, even an error. Raises the errors that are not saved.
        """
        peer = self._peer
        peer.origin = Origin(call.request_id, key)
        try:
            with peer.store.transaction():
                answer = self._handle(call, endpoint)
                self._save(call, key, answer)
        except StripeError as error:
            if not call.has_failed or error.code in VALIDATION:
                raise
            answer = error.status, dump(error.body)
            self._save(call, key, answer)
        finally:
            peer.origin = AUTOMATIC
        return answer

    def _save(self, call: Call, key: str | None, answer: tuple[int, str]) -> None:
        if key is not None:
            idempotency.remember(self._peer.database, key, call.path, call.pairs, (*answer, call.request_id))

    def _handle(self, call: Call, endpoint: Endpoint) -> tuple[int, str]:
        accepts = {**endpoint.accepts, **EXPAND, **(PAGING if endpoint.is_list else {})}
        call.params = forms.read(accepts, forms.decode(call.pairs))
        paths = call.params.pop("expand", [])
        paging = {name: call.params.pop(name) for name in PAGING if endpoint.is_list and name in call.params}
        try:
            found = endpoint.handler(self._peer, call.params, **(endpoint.match(call.method, call.path) or {}))
        except StripeError as error:
            call.has_failed = True
            if not error.is_kept:
                raise
            return error.status, dump(error.body)
        answer = page(found, call.path, paging) if isinstance(found, list) else found
        return 200, dump(expand(self._peer, answer, paths, self._expanders))

    def _record(self, name: str, call: Call, status: int) -> None:
        details = {"at": time.time(), "path": call.path, "params": dict(call.pairs), "status": status}
        self._peer.faults.record(name, details | {"idempotency_key": call.idempotency_key})

    async def _faulty(self, request: Request, fault: Fault) -> Response:
        if fault.kind in ("hang", "drop_hang"):
            await self._peer.faults.hang(fault.seconds)
        if fault.kind == "503":
            return PlainTextResponse("upstream connect error or disconnect/reset before headers", 503)
        if fault.kind not in FAULTS:
            return Hangup(request)
        error, headers = FAULTS[fault.kind], {"request-id": f"req_{random_text(14)}"}
        if fault.kind == "lock_timeout":
            headers["stripe-should-retry"] = "true"
        return reply(error.status, dump(error.body), headers)


FAULTS: Final = {
    "409": StripeError(
        409,
        INVALID,
        "There is currently another in-progress request using this idempotency key (that probably means you submitted "
        "twice, and the other request is still going through). Please try again later.",
        "idempotency_key_in_use",
    ),
    "lock_timeout": StripeError(
        429,
        INVALID,
        "This object cannot be accessed right now because another API request or Stripe process is currently accessing "
        "it. If you see this error intermittently, retry the request.",
        "lock_timeout",
    ),
    "429": StripeError(
        429,
        INVALID,
        "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
        "rate_limit",
    ),
}


def _break(*_args: object, **_path: object) -> JsonObject:
    """A handler that fails although the request is valid. Raises StripeError."""
    raise StripeError(500, "api_error", "An unknown error occurred")


def dump(body: JsonObject) -> str:
    """JSON as Stripe writes it."""
    return json.dumps(body, indent=2)


def reply(status: int, body: str, headers: Mapping[str, str]) -> Response:
    """A JSON response."""
    return Response(body, status, {"cache-control": "no-cache, no-store", **headers}, media_type="application/json")


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    except (UnicodeDecodeError, ValueError):
        raise StripeError(400, INVALID, "Invalid request: the parameters are not UTF-8.") from None


def _form(request: Request, body: bytes) -> list[tuple[str, str]]:
    if not body:
        return []
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        message = "Invalid request (check that your POST content type is application/x-www-form-urlencoded)."
        raise StripeError(400, INVALID, message)
    try:
        return _pairs(body.decode("ascii"))
    except UnicodeDecodeError:
        raise StripeError(400, INVALID, "Invalid request: the body is not URL-encoded.") from None


def _unrecognized(call: Call) -> StripeError:
    message = f"Unrecognized request URL ({call.method}: {call.path}). The sandbox's README lists what it supports."
    return StripeError(404, INVALID, message)
