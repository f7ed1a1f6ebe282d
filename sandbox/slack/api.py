"""The Web API's entry point: tokens, scopes, headers, faults. https://docs.slack.dev/apis/web-api"""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from sandbox.faults import Fault, Hangup
from sandbox.slack.methods import METHODS
from sandbox.slack.methods.calls import Call, JsonObject, Method, RefusalError, arguments
from sandbox.slack.state.peer import Slack
from sandbox.slack.state.records import Token

FAULT_KINDS: Final = frozenset(
    {"429", "500", "503", "hang", "cut", "drip", "drop", "drop_hang", "error", "answer", "slow"}
)
"""hang never answers; slow answers as Slack does, later."""
AFTERWARDS: Final = frozenset({"drop", "drop_hang", "answer"})


async def call_method(request: Request) -> Response:
    """`/slack/api/{method}`: answer as Slack does, or with a planned fault."""
    slack: Slack = request.app.state.slack
    name = request.path_params["method"]
    fault = slack.faults.take(name, _account(slack, request))
    if fault and fault.kind == "slow":
        await slack.faults.hang(fault.seconds)
        return await _answer(request, slack, name, fault)
    if fault and fault.kind not in AFTERWARDS:
        slack.faults.record(name, {"at": time.time(), "fault": fault.kind})
        return await _faulty(request, slack, fault)
    response = await _answer(request, slack, name, fault)
    return await _faulty(request, slack, fault) if fault else response


async def _answer(request: Request, slack: Slack, name: str, fault: Fault | None) -> Response:
    args: dict[str, Any] = {}
    token: Token | None = None
    headers: dict[str, str] = {"x-slack-req-id": secrets.token_hex(16), "cache-control": "private, no-cache, no-store"}
    try:
        method = _method(name)
        args = await arguments(request)
        token = _token(slack, request, args) if method.needs_token else None
        headers |= _scope_headers(method, token)
        body = _work(Call(slack, name, args, token, _basic(request)), method)
        status = 200
    except RefusalError as refusal:
        body, status = refusal.body, 429 if refusal.retry_after else 200
        headers |= {"retry-after": str(refusal.retry_after)} if refusal.retry_after else {}
    _record(slack, name, args, token, body, fault)
    return JSONResponse(body, status, headers=headers)


def _method(name: str) -> Method:
    if name not in METHODS:
        raise RefusalError("unknown_method", req_method=name)
    return METHODS[name]


def _work(call: Call, method: Method) -> JsonObject:
    if method.scopes:
        call.require(*method.scopes)
    return method.work(call)


def _token(slack: Slack, request: Request, args: dict[str, Any]) -> Token:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    presented = credentials.strip() if scheme.lower() == "bearer" else str(args.get("token") or "")
    if not presented:
        raise RefusalError("not_authed")
    try:
        token = slack.workspaces.token(presented)
    except KeyError:
        raise RefusalError("invalid_auth") from None
    if token.revoked:
        raise RefusalError("token_revoked")
    return token


def _account(slack: Slack, request: Request) -> str:
    """The team of the token in the header; empty without a valid one, or if no fault is about a team."""
    if not any(fault.account for fault in slack.faults.planned):
        return ""
    presented = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    try:
        return slack.workspaces.token(presented).team_id
    except KeyError:
        return ""


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, password


def _scope_headers(method: Method, token: Token | None) -> dict[str, str]:
    if token is None:
        return {}
    return {"x-oauth-scopes": ",".join(token.scopes), "x-accepted-oauth-scopes": ",".join(method.scopes)}


def _record(
    slack: Slack, name: str, args: dict[str, Any], token: Token | None, body: JsonObject, fault: Fault | None
) -> None:
    shown = {key: value for key, value in args.items() if key not in ("token", "client_secret")}
    details = {"at": time.time(), "team": token.team_id if token else None, "args": shown, "ok": body["ok"]}
    slack.faults.record(name, details | {"error": body.get("error"), "fault": fault.kind if fault else None})


async def _faulty(request: Request, slack: Slack, fault: Fault) -> Response:
    if fault.kind in ("hang", "drop_hang"):
        await slack.faults.hang(fault.seconds)
    if fault.kind == "error":
        return JSONResponse({"ok": False, "error": str(fault.answer)})
    if fault.kind == "answer":
        return JSONResponse(fault.answer)
    if fault.kind == "429":
        return JSONResponse({"ok": False, "error": "ratelimited"}, 429, headers={"retry-after": f"{fault.seconds:.0f}"})
    if fault.kind == "500":
        return JSONResponse({"ok": False, "error": "internal_error"}, 500)
    if fault.kind == "drip":
        return StreamingResponse(slack.faults.drip(fault.seconds), media_type="application/json")
    if fault.kind == "503":
        return PlainTextResponse("upstream connect error or disconnect/reset before headers", 503)
    return Hangup(request)
