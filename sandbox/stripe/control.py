"""The control API of the sandbox Stripe, `/stripe/control/`: for tests and scripts. README.md lists the calls."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.stripe.account.errors import StripeError
from sandbox.stripe.account.peer import Stripe
from sandbox.stripe.api.http import FAULT_KINDS
from sandbox.stripe.payments import intents
from sandbox.stripe.time import by_hand

Body = dict[str, Any]
Work = Callable[[Stripe, Body], Any]


async def _read(request: Request) -> Body:
    raw = await request.body()
    body = json.loads(raw) if raw else {}
    if not isinstance(body, dict):
        raise TypeError("The body must be a JSON object.")
    return {**request.query_params, **request.path_params, **body}


def _endpoint(work: Work) -> Callable[[Request], Awaitable[JSONResponse]]:
    """Wrap a control call: JSON in, JSON out, 404 for what doesn't exist, 400 for a malformed request."""

    async def endpoint(request: Request) -> JSONResponse:
        peer: Stripe = request.app.state.stripe
        try:
            return JSONResponse(work(peer, await _read(request)))
        except StripeError as refused:
            return JSONResponse(refused.body, refused.status)
        except KeyError as missing:
            return JSONResponse({"error": f"{missing.args[0]} is missing or does not exist"}, 404)
        except (ValueError, TypeError) as wrong:
            return JSONResponse({"error": str(wrong)}, 400)

    return endpoint


def _list_deliveries(peer: Stripe, body: Body) -> Body:
    """Deliveries with their attempts, for one event or one endpoint."""
    deliveries = peer.deliveries.log(str(body.get("event", "")), str(body.get("endpoint", "")))
    types = {event["id"]: event["type"] for event in peer.store.select("event")}
    return {"deliveries": [delivery | {"type": types.get(delivery["event_id"])} for delivery in deliveries]}


def _plan_fault(peer: Stripe, body: Body) -> Body:
    fault = Fault.parse(body, FAULT_KINDS)
    peer.faults.planned.append(fault)
    return fault.as_json()


def _calls(peer: Stripe, body: Body) -> Body:
    return {"calls": dict(peer.faults.calls), "requests": list(peer.faults.requests)}


def _reset(peer: Stripe, body: Body) -> Body:
    """Forget faults and recorded calls."""
    peer.faults.reset()
    return {"ok": True}


def _authenticate(peer: Stripe, body: Body) -> Body:
    """Finish an `intent`'s 3-D Secure step, successfully unless `succeed` is false; returns the intent."""
    with peer.store.transaction():
        return intents.authenticate(peer, str(body["intent"]), succeed=bool(body.get("succeed", True)))


CALLS: Final[tuple[tuple[str, str, Work], ...]] = (
    ("GET", "deliveries", _list_deliveries),
    ("POST", "authenticate", _authenticate),
    ("POST", "advance", by_hand.advance),
    ("POST", "settings", by_hand.settings),
    ("POST", "faults", _plan_fault),
    ("GET", "calls", _calls),
    ("POST", "reset", _reset),
)
ROUTES: Final = [Route(f"/{path}", _endpoint(work), methods=[verb]) for verb, path, work in CALLS]
