"""The host of people's files, `/slack/files/`: who may not read one gets a page, as at Slack.

https://docs.slack.dev/reference/objects/file-object#authentication
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.slack.state.peer import Slack

METHOD: Final = "files"
"""What faults and calls of this host are called: 429, 500, 503 and hang, or `answer` with a redirect's address."""
LOG_IN: Final = "<!DOCTYPE html><html><head><title>Slack</title></head><body>Sign in to Slack</body></html>"


async def download(request: Request) -> Response:
    """A file's content for a token of its workspace with files:read; for anybody else the log-in page, with 200."""
    slack: Slack = request.app.state.slack
    slack.faults.record(METHOD, {"path": request.url.path})
    fault = slack.faults.take(METHOD)
    if fault and fault.kind == "answer":
        return RedirectResponse(str(fault.answer))
    if fault and fault.kind == "hang":
        await slack.faults.hang(fault.seconds)
    elif fault:
        return PlainTextResponse("", int(fault.kind) if fault.kind.isdecimal() else 500)
    team, _, file = request.path_params["file"].rpartition("-")
    row = slack.database.one("SELECT * FROM file WHERE id = ? AND team_id = ?", file, team)
    if not _may_read(slack, request, team):
        return HTMLResponse(LOG_IN)
    if row is None:
        return PlainTextResponse("", 404)
    return Response(row["content"], media_type=row["mimetype"])


def _may_read(slack: Slack, request: Request, team: str) -> bool:
    scheme, _, presented = request.headers.get("authorization", "").partition(" ")
    try:
        token = slack.workspaces.token(presented.strip())
    except KeyError:
        return False
    has_scope = "files:read" in token.scopes
    return scheme.lower() == "bearer" and token.team_id == team and not token.revoked and has_scope


ROUTES: Final = [
    Route("/files-pri/{file}/download/{name}", download),
    Route("/files-pri/{file}/{name}", download),
]
