"""The control API of the sandbox Stripe, `/stripe/control/`: for tests and scripts. README.md lists the calls."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.stripe import bank_debits, doings, time_control, webhooks
from sandbox.stripe.deliveries import Outcome
from sandbox.stripe.errors import StripeError
from sandbox.stripe.http import FAULT_KINDS
from sandbox.stripe.peer import Stripe

Body = dict[str, Any]
Work = Callable[[Stripe, Body], Any]


async def _read(request: Request) -> Body:
    raw = await request.body()
    body = json.loads(raw) if raw else {}
    if not isinstance(body, dict):
        raise TypeError("The body must be a JSON object.")
    return {**request.query_params, **request.path_params, **body}


def _endpoint(work: Work) -> Callable[[Request], Awaitable[JSONResponse]]:
    """Wrap a control call: JSON in, JSON out, 404 for what is not there, 400 for what makes no sense."""

    async def endpoint(request: Request) -> JSONResponse:
        peer: Stripe = request.app.state.stripe
        try:
            answer = work(peer, await _read(request))
            return JSONResponse(await answer if asyncio.iscoroutine(answer) else answer)
        except StripeError as refused:
            return JSONResponse(refused.body, refused.status)
        except KeyError as missing:
            return JSONResponse({"error": f"{missing.args[0]} is missing or does not exist"}, 404)
        except (ValueError, TypeError) as wrong:
            return JSONResponse({"error": str(wrong)}, 400)

    return endpoint


def _shown(outcomes: Sequence[Outcome]) -> Body:
    return {"outcomes": [asdict(outcome) for outcome in outcomes], "statuses": [one.status for one in outcomes]}


def _list_deliveries(peer: Stripe, body: Body) -> Body:
    """Deliveries with their attempts; of one event or one endpoint."""
    deliveries = peer.deliveries.log(str(body.get("event", "")), str(body.get("endpoint", "")))
    types = {event["id"]: event["type"] for event in peer.store.select("event")}
    return {"deliveries": [delivery | {"type": types.get(delivery["event_id"])} for delivery in deliveries]}


async def _redeliver(peer: Stripe, body: Body) -> Body:
    """Send one event again: `times`, one after the other or all `at_once`; `age` makes its signature old."""
    endpoints = _endpoints(peer, body)
    age, times = float(body.get("age", 0)), int(body.get("times", 1))
    copies = [peer.deliveries.again(body["event"], endpoints, age=age) for _ in range(times)]
    if body.get("at_once"):
        return _shown([one for outcomes in await asyncio.gather(*copies) for one in outcomes])
    return _shown([one for copy in copies for one in await copy])


async def _replay(peer: Stripe, body: Body) -> Body:
    """Send stored events again, in the order given."""
    endpoints = _endpoints(peer, body)
    return _shown([one for event in body["order"] for one in await peer.deliveries.again(event, endpoints)])


def _endpoints(peer: Stripe, body: Body) -> list[str]:
    """The endpoint that the call names, or all that are enabled."""
    if "endpoint" in body:
        return [peer.need("webhook_endpoint", str(body["endpoint"]))["id"]]
    return [endpoint["id"] for endpoint in reversed(peer.store.select("webhook_endpoint", status="enabled"))]


def _hold(peer: Stripe, body: Body) -> Body:
    peer.deliveries.hold()
    return {"holding": True}


async def _release(peer: Stripe, body: Body) -> Body:
    order = body.get("order", [])
    if not isinstance(order, list):
        raise TypeError("order must be a list of event ids.")
    return _shown(await peer.deliveries.release([str(event) for event in order]))


def _drop(peer: Stripe, body: Body) -> Body:
    return {"dropped": peer.deliveries.drop()}


def _roll(peer: Stripe, body: Body) -> Body:
    """A new secret; the old ones sign besides it for `seconds` more, as after a roll in Stripe's dashboard."""
    endpoint = peer.need("webhook_endpoint", body["id"])
    peer.deliveries.expire_secrets(endpoint["id"], float(body.get("seconds", 86400)))
    return {"id": endpoint["id"], "secret": webhooks.new_secret(peer, endpoint["id"])}


def _plan_fault(peer: Stripe, body: Body) -> Body:
    fault = Fault.parse(body, FAULT_KINDS)
    peer.faults.planned.append(fault)
    return fault.as_json()


def _calls(peer: Stripe, body: Body) -> Body:
    return {"calls": dict(peer.faults.calls), "requests": list(peer.faults.requests)}


async def _reset(peer: Stripe, body: Body) -> Body:
    """Forget faults and recorded calls, and let held deliveries go."""
    peer.faults.reset()
    await peer.deliveries.release()
    return {"ok": True}


CALLS: Final[tuple[tuple[str, str, Work], ...]] = (
    ("GET", "deliveries", _list_deliveries),
    ("POST", "deliveries/hold", _hold),
    ("POST", "deliveries/release", _release),
    ("POST", "deliveries/drop", _drop),
    ("POST", "events/replay", _replay),
    ("POST", "events/{event}/redeliver", _redeliver),
    ("POST", "webhook_endpoints/{id}/roll", _roll),
    ("POST", "authenticate", doings.authenticate),
    ("POST", "disputes", doings.dispute),
    ("POST", "checkout/settle", bank_debits.settle),
    ("POST", "advance", time_control.advance),
    ("POST", "settings", time_control.settings),
    ("POST", "faults", _plan_fault),
    ("GET", "calls", _calls),
    ("POST", "reset", _reset),
)
ROUTES: Final = [Route(f"/{path}", _endpoint(work), methods=[verb]) for verb, path, work in CALLS]
