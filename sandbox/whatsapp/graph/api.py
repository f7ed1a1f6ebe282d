"""The Graph API's door: tokens, the proof of the app's secret, faults. https://developers.facebook.com/docs/graph-api"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault, Hangup
from sandbox.whatsapp.graph.calls import EDGES, Call, debug_token
from sandbox.whatsapp.graph.errors import RefusalError, unknown
from sandbox.whatsapp.state.businesses import Token
from sandbox.whatsapp.state.peer import WhatsApp, error_object

FAULT_KINDS: Final = frozenset({"error", "429", "500", "503", "hang", "cut", "drop", "drop_hang", "slow"})
"""error: refused with the code in `answer`; drop and drop_hang: carried out first."""
AFTERWARDS: Final = frozenset({"drop", "drop_hang"})
UNAVAILABLE: Final = 2
BUSY: Final = 4


async def call_node(request: Request) -> Response:
    """`/{version}/{node}` and `/{version}/{node}/{edge}`: answer as Meta does, or with a planned fault."""
    whatsapp: WhatsApp = request.app.state.whatsapp
    name = request.path_params.get("edge", "") or ("debug_token" if _is_debug(request) else "node")
    fault = whatsapp.faults.take(name, request.path_params["node"])
    body = await _body(request)
    details = {"at": time.time(), "verb": request.method, "node": request.path_params["node"], "body": body}
    whatsapp.faults.record(name, details | {"fault": fault.kind if fault else ""})
    if fault and fault.kind == "slow":
        await whatsapp.faults.hang(fault.seconds)
    elif fault and fault.kind not in AFTERWARDS:
        return await _faulty(request, whatsapp, fault)
    response = await _answer(request, whatsapp, body)
    return await _faulty(request, whatsapp, fault) if fault and fault.kind in AFTERWARDS else response


async def _answer(request: Request, whatsapp: WhatsApp, body: dict[str, Any]) -> Response:
    try:
        call = Call(
            whatsapp, _token(request, whatsapp, body), request.path_params["node"], {**request.query_params, **body}
        )
        if _is_debug(request):
            return JSONResponse(await debug_token(call))
        _check_proof(call)
        work = EDGES.get((request.method, request.path_params.get("edge", "")))
        if work is None:
            raise unknown(call.node)
        return JSONResponse(await work(call))
    except RefusalError as refusal:
        return JSONResponse(refusal.body, refusal.status)


def _is_debug(request: Request) -> bool:
    return bool(request.path_params["node"] == "debug_token")


def _token(request: Request, whatsapp: WhatsApp, body: dict[str, Any]) -> Token:
    scheme, _, presented = request.headers.get("authorization", "").partition(" ")
    given = presented.strip() if scheme.lower() == "bearer" else str(request.query_params.get("access_token", ""))
    try:
        token = whatsapp.businesses.token(given)
    except KeyError as missing:
        raise RefusalError(190, "Invalid OAuth access token - Cannot parse access token", status=401) from missing
    if not token.works:
        raise RefusalError(190, "Error validating access token: Session has expired or was revoked.", status=401)
    return token


def _check_proof(call: Call) -> None:
    """`appsecret_proof` may be left out, but not be wrong. https://developers.facebook.com/docs/graph-api/guides/secure-requests"""
    given = call.args.get("appsecret_proof")
    if given is None:
        return
    wanted = hmac.new(call.business.app_secret.encode(), call.token.token.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(str(given).encode(), wanted.encode()):
        raise RefusalError(100, "Invalid appsecret_proof provided in the API argument")


async def _body(request: Request) -> dict[str, Any]:
    """JSON, or a form, whose values are JSON where they look like it."""
    raw = await request.body()
    try:
        read = json.loads(raw) if raw else {}
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


async def _faulty(request: Request, whatsapp: WhatsApp, fault: Fault) -> Response:
    if fault.kind in ("hang", "drop_hang"):
        await whatsapp.faults.hang(fault.seconds)
    if fault.kind in ("hang", "cut", "drop", "drop_hang"):
        return Hangup(request)
    if fault.kind == "error":
        code = int(fault.answer)
        told = error_object(code)
        return JSONResponse(RefusalError(code, told["title"], told["error_data"]["details"]).body, 400)
    if fault.kind == "429":
        headers = {"retry-after": str(int(fault.seconds))}
        return JSONResponse(RefusalError(BUSY, "Application request limit reached").body, 429, headers)
    return JSONResponse(RefusalError(UNAVAILABLE, "Service temporarily unavailable").body, int(fault.kind))


async def download(request: Request) -> Response:
    """`/whatsapp/media/{id}`: a file, for a token of the number that got it."""
    whatsapp: WhatsApp = request.app.state.whatsapp
    whatsapp.faults.record("media", {"id": request.path_params["media_id"]})
    fault = whatsapp.faults.take("media")
    if fault:
        return await _faulty(request, whatsapp, fault)
    try:
        token = _token(request, whatsapp, {})
        owner, mime_type, content = whatsapp.messages.media(request.path_params["media_id"])
    except (RefusalError, KeyError):
        return PlainTextResponse("", 401)
    return Response(content, media_type=mime_type) if owner == token.phone_id else PlainTextResponse("", 404)


METHODS: Final = ["GET", "POST", "DELETE"]
ROUTES: Final = [
    Route("/graph/{version}/{node}", call_node, methods=METHODS),
    Route("/graph/{version}/{node}/{edge}", call_node, methods=METHODS),
    Route("/media/{media_id}", download),
]
