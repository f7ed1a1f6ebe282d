"""The control API of the sandbox LLM, `/openai/control/`. README.md lists the calls."""

from __future__ import annotations

import json
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.llm.openai_api import FAULT_KINDS
from sandbox.llm.peer import Llm


def _llm(request: Request) -> Llm:
    llm: Llm = request.app.state.llm
    return llm


async def plan_fault(request: Request) -> Response:
    """POST faults {"kind", "times", "seconds", "method"}; `raw` also takes the fields of sandbox.faults.RawAnswer."""
    try:
        fault = Fault.parse({"method": "chat.completions", **json.loads(await request.body())}, FAULT_KINDS)
    except (ValueError, TypeError) as wrong:
        return JSONResponse({"error": str(wrong)}, 400)
    _llm(request).faults.planned.append(fault)
    return JSONResponse(fault.as_json())


async def calls(request: Request) -> Response:
    """GET calls: counters by method, and the last requests."""
    faults = _llm(request).faults
    return JSONResponse({"calls": dict(faults.calls), "requests": list(faults.requests)})


async def latency(request: Request) -> Response:
    """POST latency {"seconds"}."""
    try:
        _llm(request).latency = max(float(json.loads(await request.body())["seconds"]), 0)
    except (ValueError, TypeError, KeyError) as wrong:
        return JSONResponse({"error": f'send {{"seconds": 0.6}}: {wrong}'}, 400)
    return JSONResponse({"seconds": _llm(request).latency})


async def reset(request: Request) -> Response:
    """POST reset: forget planned faults, counters and recorded requests."""
    _llm(request).faults.reset()
    return JSONResponse({"ok": True})


ROUTES: Final = [
    Route("/faults", plan_fault, methods=["POST"]),
    Route("/calls", calls),
    Route("/latency", latency, methods=["POST"]),
    Route("/reset", reset, methods=["POST"]),
]
