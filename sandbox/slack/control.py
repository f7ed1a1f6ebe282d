"""The control API of the sandbox Slack, `/slack/control/`: for tests and scripts. README.md lists the calls."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.faults import Fault
from sandbox.slack.api import FAULT_KINDS
from sandbox.slack.methods.scopes import parse
from sandbox.slack.state import activity, sharing
from sandbox.slack.state.deliveries import Event
from sandbox.slack.state.peer import Slack
from sandbox.slack.state.records import Channel, Message, Person, Workspace

DEFAULT_SCOPES: Final = (
    "app_mentions:read,channels:history,channels:join,channels:read,chat:write,chat:write.customize,files:read,"
    "im:history,im:read,im:write,reactions:write,team:read,users:read"
)
Body = dict[str, Any]
Work = Callable[[Slack, Body], Any]


async def _read(request: Request) -> Body:
    raw = await request.body()
    body = json.loads(raw) if raw else {}
    if not isinstance(body, dict):
        raise TypeError("The body must be a JSON object.")
    return {**request.query_params, **request.path_params, **body}


def _endpoint(work: Work) -> Callable[[Request], Awaitable[JSONResponse]]:
    """Wrap a control call: JSON in, JSON out, 404 for what doesn't exist, 400 for a malformed request."""

    async def endpoint(request: Request) -> JSONResponse:
        try:
            answer = work(request.app.state.slack, await _read(request))
            return JSONResponse(await answer if asyncio.iscoroutine(answer) else answer)
        except KeyError as missing:
            return JSONResponse({"error": f"{missing.args[0]} is missing or does not exist"}, 404)
        except (ValueError, TypeError) as wrong:
            return JSONResponse({"error": str(wrong)}, 400)

    return endpoint


def _events(events: list[Event]) -> list[Body]:
    return [{"event_id": event.event_id, "type": event.type} for event in events]


def _place(slack: Slack, body: Body) -> tuple[Channel, Person]:
    """The person who acts, by id or handle, and the channel: an id, a #name, or `dm` for the one with the bot."""
    team = body["team"]
    people = {key: person for person in slack.workspaces.people(team) for key in (person.id, person.handle)}
    person = people[body.get("user", "ada")]
    bot = slack.workspaces.bot(team)
    if body["channel"] == "dm" and bot:
        return slack.workspaces.direct_message(team, person.id, bot.id)[0], person
    return slack.workspaces.channel(body["channel"], team), person


def _describe(slack: Slack, workspace: Workspace) -> Body:
    token, bot = slack.workspaces.token_of(workspace.id), slack.workspaces.bot(workspace.id)
    return {
        **asdict(workspace),
        "people": [asdict(person) for person in slack.workspaces.people(workspace.id)],
        "channels": {channel.name: channel.id for channel in slack.workspaces.channels(workspace.id)},
        "installed": token is not None,
        "bot": asdict(bot) if bot else None,
    }


def _create(slack: Slack, body: Body) -> Body:
    """Create a workspace; with `install` the app is installed with a token and joins the channels in `join`."""
    name, approval = str(body.get("name", "Northwind")), bool(body.get("needs_approval"))
    workspace = slack.workspaces.create(name, approval)
    made = _describe(slack, workspace)
    if not body.get("install"):
        return made
    scopes = parse(str(body.get("scope", DEFAULT_SCOPES)))
    token = slack.workspaces.install(workspace.id, made["people"][0]["id"], scopes, slack.app.name)
    for channel in body.get("join", []):
        activity.join(slack, slack.workspaces.channel(channel, workspace.id), token.user_id)
    return _describe(slack, workspace) | {"access_token": token.token, "bot_user_id": token.user_id}


def _say(slack: Slack, body: Body) -> Body:
    channel, person = _place(slack, body)
    sent = activity.say(
        slack, channel, person, str(body.get("text", "")), body.get("thread_ts"), _more(slack, person, body)
    )
    return {"channel": channel.id, "ts": sent.message.ts, "events": _events(sent.events)}


def _more(slack: Slack, person: Person, body: Body) -> Body:
    """Files by name, type and content, blocks and attachments as given, and the kind of app that posts it, if any."""
    more: Body = {name: body[name] for name in ("blocks", "attachments", "subtype") if name in body}
    if body.get("files"):
        more |= sharing.shared(slack, person, body["files"])
    if body.get("through") == "user token":
        more |= sharing.by_other_app(person)
    if body.get("through") == "bot":
        more |= sharing.by_other_app(person, with_bot_user="U0OTHERBOT")
    return more


def _forward(slack: Slack, body: Body) -> Body:
    """Forward a message (`ts` in `channel`) to another conversation (`to`)."""
    place, person = _place(slack, body)
    to, _ = _place(slack, body | {"channel": body["to"]})
    message = slack.messages.get(place.id, body["ts"])
    sent = activity.forward(slack, place, message, to, person, str(body.get("text", "")))
    return {"channel": to.id, "ts": sent.message.ts, "events": _events(sent.events)}


def _edit(slack: Slack, body: Body) -> Body:
    channel, _ = _place(slack, body)
    sent = activity.edit(slack, channel, slack.messages.get(channel.id, body["ts"]), str(body["text"]))
    return {"ts": sent.message.ts, "events": _events(sent.events)}


def _delete(slack: Slack, body: Body) -> Body:
    channel, _ = _place(slack, body)
    return {"events": _events(activity.delete(slack, channel, slack.messages.get(channel.id, body["ts"])))}


def _unfurl(slack: Slack, body: Body) -> Body:
    channel, _ = _place(slack, body)
    sent = activity.unfurl(slack, channel, slack.messages.get(channel.id, body["ts"]), str(body["link"]))
    return {"ts": sent.message.ts, "events": _events(sent.events)}


def _invite(slack: Slack, body: Body) -> Body:
    channel, person = _place(slack, body)
    bot = slack.workspaces.bot(channel.team_id)
    return {"events": _events(activity.join(slack, channel, bot.id, person.id)) if bot else []}


def _open_home(slack: Slack, body: Body) -> Body:
    _, person = _place(slack, body | {"channel": "dm"})
    bot = slack.workspaces.bot(person.team_id)
    channel, events = activity.open_home(slack, person, bot) if bot else (None, [])
    return {"channel": channel.id if channel else None, "events": _events(events)}


def _sessions(slack: Slack, body: Body) -> Body:
    return {"sessions": [asdict(session) for session in slack.sessions.all()]}


def _stop(slack: Slack, body: Body) -> Body:
    channel, person = _place(slack, body)
    return {"events": _events(activity.stop(slack, channel, person, body["thread_ts"]))}


def _uninstall(slack: Slack, body: Body) -> Body:
    return {"events": _events(activity.uninstall(slack, body["team"]))}


def _messages(slack: Slack, body: Body) -> Body:
    channel, _ = _place(slack, body)
    built = [_shown(slack, channel, message) for message in slack.messages.all_in(channel.id)]
    return {"channel": channel.id, "messages": built}


def _shown(slack: Slack, channel: Channel, message: Message) -> Body:
    return slack.objects.build(message, channel.team_id)


def _list_events(slack: Slack, body: Body) -> Body:
    """All events of a workspace, oldest first, with their delivery attempts."""
    rows = slack.database.all("SELECT * FROM event WHERE team_id = ? ORDER BY rowid", body["team"])
    return {"events": [_event(slack, dict(row)) for row in rows]}


def _event(slack: Slack, row: Body) -> Body:
    attempts = slack.database.all("SELECT * FROM attempt WHERE event_id = ? ORDER BY rowid", row["event_id"])
    shown = [
        {key: attempt[key] for key in ("at", "retry_num", "retry_reason", "status", "error")} for attempt in attempts
    ]
    return row | {"payload": json.loads(row["payload"]), "attempts": shown}


async def _redeliver(slack: Slack, body: Body) -> Body:
    times = int(body.get("times", 1))
    outcomes = [await slack.deliveries.again(body["event_id"]) for _ in range(times)]
    return {"statuses": [outcome.status for outcome in outcomes]}


async def _verify(slack: Slack, body: Body) -> Body:
    return {"url": slack.app.events_url, "outcome": await slack.check_url()}


def _plan_fault(slack: Slack, body: Body) -> Body:
    fault = Fault.parse(body, FAULT_KINDS)
    slack.faults.planned.append(fault)
    return fault.as_json()


def _calls(slack: Slack, body: Body) -> Body:
    return {"calls": dict(slack.faults.calls), "requests": list(slack.faults.requests)}


def _reset(slack: Slack, body: Body) -> Body:
    slack.faults.reset()
    slack.limits.reset()
    return {"ok": True}


def _set_limits(slack: Slack, body: Body) -> Body:
    slack.limits.history_limited = bool(body.get("history_limited", slack.limits.history_limited))
    slack.limits.post_burst = int(body.get("post_burst", slack.limits.post_burst))
    return {"history_limited": slack.limits.history_limited, "post_burst": slack.limits.post_burst}


def _list(slack: Slack, body: Body) -> Body:
    return {"workspaces": [_describe(slack, workspace) for workspace in slack.workspaces.all()]}


CALLS: Final[tuple[tuple[str, str, Work], ...]] = (
    ("GET", "workspaces", _list),
    ("POST", "workspaces", _create),
    ("GET", "messages", _messages),
    ("POST", "messages", _say),
    ("POST", "messages/forward", _forward),
    ("POST", "messages/edit", _edit),
    ("POST", "messages/delete", _delete),
    ("POST", "messages/unfurl", _unfurl),
    ("POST", "invite", _invite),
    ("POST", "open-home", _open_home),
    ("GET", "sessions", _sessions),
    ("POST", "sessions/stop", _stop),
    ("POST", "uninstall", _uninstall),
    ("GET", "events", _list_events),
    ("POST", "events/{event_id}/redeliver", _redeliver),
    ("POST", "verify-url", _verify),
    ("POST", "faults", _plan_fault),
    ("GET", "calls", _calls),
    ("POST", "limits", _set_limits),
    ("POST", "reset", _reset),
)
ROUTES: Final = [Route(f"/{path}", _endpoint(work), methods=[verb]) for verb, path, work in CALLS]
