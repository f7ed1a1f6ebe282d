"""The control API of the sandbox WhatsApp, `/whatsapp/control/`: for tests and scripts. README.md lists the calls."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.whatsapp.graph.api import FAULT_KINDS
from sandbox.whatsapp.state.businesses import Business
from sandbox.whatsapp.state.messages import Message
from sandbox.whatsapp.state.peer import WhatsApp, error_object
from sandbox.whatsapp.state.people import Person

Body = dict[str, Any]
Work = Callable[[WhatsApp, Body], Any]


def _endpoint(work: Work) -> Callable[[Request], Awaitable[JSONResponse]]:
    """Wrap a control call: JSON in, JSON out, 404 for what doesn't exist, 400 for a malformed request."""

    async def endpoint(request: Request) -> JSONResponse:
        try:
            raw = await request.body()
            body = json.loads(raw) if raw else {}
            answer = work(request.app.state.whatsapp, {**request.query_params, **request.path_params, **body})
            return JSONResponse(await answer if asyncio.iscoroutine(answer) else answer)
        except KeyError as missing:
            return JSONResponse({"error": f"{missing.args[0]} is missing or does not exist"}, 404)
        except (ValueError, TypeError) as wrong:
            return JSONResponse({"error": str(wrong)}, 400)

    return endpoint


def _business(whatsapp: WhatsApp, body: Body) -> Business:
    return whatsapp.businesses.of_phone(str(body["number"]))


def _person(whatsapp: WhatsApp, body: Body) -> Person:
    return whatsapp.people.of(str(body["person"]))


def _shown(whatsapp: WhatsApp, business: Business) -> Body:
    tokens = [each.token for each in whatsapp.businesses.tokens(business.phone_id)]
    return {**asdict(business), "tokens": dict(zip(("permanent", "temporary", "may_not_send"), tokens, strict=True))}


def _numbers(whatsapp: WhatsApp, body: Body) -> Body:
    return {"numbers": [_shown(whatsapp, each) for each in whatsapp.businesses.all()]}


def _create(whatsapp: WhatsApp, body: Body) -> Body:
    return _shown(whatsapp, whatsapp.businesses.create(str(body.get("name", "Bloom Bakery"))))


def _change(whatsapp: WhatsApp, body: Body) -> Body:
    """`quality`: GREEN, YELLOW or RED. `is_registered`, `is_subscribed`: 0 or 1."""
    known = ("quality", "is_registered", "is_subscribed", "callback_url")
    whatsapp.businesses.change(body["number"], **{name: body[name] for name in known if name in body})
    return _shown(whatsapp, _business(whatsapp, body))


def _people(whatsapp: WhatsApp, body: Body) -> Body:
    return {"people": [asdict(each) for each in whatsapp.people.all()]}


def _add_person(whatsapp: WhatsApp, body: Body) -> Body:
    return asdict(whatsapp.people.add(str(body["name"]), str(body.get("shows", "both")), str(body.get("username", ""))))


def _messages(whatsapp: WhatsApp, body: Body) -> Body:
    found = whatsapp.messages.of_phone(body["number"])
    return {"messages": [asdict(each) for each in found if body.get("person") in (None, each.person)]}


def _say(whatsapp: WhatsApp, body: Body) -> Body:
    """`text`, or `content`: a webhook's message without its ids."""
    content = body.get("content") or {"type": "text", "text": {"body": str(body["text"])}}
    return {"id": whatsapp.say(_business(whatsapp, body), _person(whatsapp, body), content).id}


def _send_file(whatsapp: WhatsApp, body: Body) -> Body:
    content = base64.b64decode(body["base64"])
    more = {name: str(body[name]) for name in ("filename", "caption") if name in body}
    kind, mime_type = str(body["kind"]), str(body["mime_type"])
    sent = whatsapp.send_file(_business(whatsapp, body), _person(whatsapp, body), kind, mime_type, content, **more)
    return {"id": sent.id, "media_id": sent.body[kind]["id"]}


def _read(whatsapp: WhatsApp, body: Body) -> Body:
    whatsapp.read(_business(whatsapp, body), _person(whatsapp, body))
    return {"ok": True}


def _status(whatsapp: WhatsApp, body: Body) -> Body:
    """The next status of one of the business's messages: `status`, and `code` where it is failed."""
    message: Message = whatsapp.messages.get(body["id"])
    error = error_object(int(body["code"])) if body["status"] == "failed" else None
    whatsapp.move_on(message, str(body["status"]), error)
    return {"status": whatsapp.messages.get(message.id).status}


def _age(whatsapp: WhatsApp, body: Body) -> Body:
    whatsapp.messages.age(body["number"], body["person"], float(body["seconds"]))
    return {"ok": True}


def _move(whatsapp: WhatsApp, body: Body) -> Body:
    return asdict(whatsapp.change_number(_business(whatsapp, body), _person(whatsapp, body)))


def _phone(whatsapp: WhatsApp, body: Body) -> Body:
    whatsapp.is_phone_on = bool(body["is_on"])
    return {"is_on": whatsapp.is_phone_on}


def _revoke(whatsapp: WhatsApp, body: Body) -> Body:
    whatsapp.businesses.revoke(body["number"])
    return {"ok": True}


def _set_template(whatsapp: WhatsApp, body: Body) -> Body:
    account = _business(whatsapp, body).account_id
    whatsapp.businesses.set_template_status(account, str(body["name"]), str(body["status"]))
    return {"templates": whatsapp.businesses.templates(account)}


def _webhooks(whatsapp: WhatsApp, body: Body) -> Body:
    return {"webhooks": whatsapp.webhooks.all(body["number"])}


def _send_webhook(whatsapp: WhatsApp, body: Body) -> Body:
    """A change of any field, or, as `body`, any whole request, signed."""
    business = _business(whatsapp, body)
    if "body" in body:
        return {"id": whatsapp.webhooks.send_raw(business, body["body"])}
    return {"id": whatsapp.webhooks.send(business, whatsapp.about(business) | body["value"], str(body["field"]))}


async def _redeliver(whatsapp: WhatsApp, body: Body) -> Body:
    return {"statuses": [await whatsapp.webhooks.again(body["id"]) for _ in range(int(body.get("times", 1)))]}


def _plan_fault(whatsapp: WhatsApp, body: Body) -> Body:
    """`method`: messages, node, debug_token, subscribed_apps, media, …; or statuses, whose only kind is error."""
    fault = Fault.parse(body, FAULT_KINDS)
    whatsapp.faults.planned.append(fault)
    return fault.as_json()


def _calls(whatsapp: WhatsApp, body: Body) -> Body:
    return {"calls": dict(whatsapp.faults.calls), "requests": list(whatsapp.faults.requests)}


def _reset(whatsapp: WhatsApp, body: Body) -> Body:
    whatsapp.faults.reset()
    whatsapp.is_phone_on = True
    return {"ok": True}


CALLS: Final[tuple[tuple[str, str, Work], ...]] = (
    ("GET", "numbers", _numbers),
    ("POST", "numbers", _create),
    ("POST", "numbers/{number}", _change),
    ("POST", "numbers/{number}/revoke", _revoke),
    ("GET", "people", _people),
    ("POST", "people", _add_person),
    ("GET", "messages", _messages),
    ("POST", "messages", _say),
    ("POST", "files", _send_file),
    ("POST", "read", _read),
    ("POST", "statuses", _status),
    ("POST", "age", _age),
    ("POST", "change-number", _move),
    ("POST", "phone", _phone),
    ("POST", "templates", _set_template),
    ("GET", "webhooks", _webhooks),
    ("POST", "webhooks", _send_webhook),
    ("POST", "webhooks/{id}/redeliver", _redeliver),
    ("POST", "faults", _plan_fault),
    ("GET", "calls", _calls),
    ("POST", "reset", _reset),
)
ROUTES: Final = [Route(f"/{path}", _endpoint(work), methods=[verb]) for verb, path, work in CALLS]
