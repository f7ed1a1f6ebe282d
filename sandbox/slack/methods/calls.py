"""A call of a Web API method: its arguments, its token, and the errors it can return."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from sandbox.slack.state.peer import Slack
from sandbox.slack.state.records import Channel, Token

JsonObject = dict[str, Any]


class RefusalError(Exception):
    """An answer with `ok` false: Slack's error code, extra fields, and the seconds to wait for a rate limit."""

    def __init__(self, error: str, retry_after: int = 0, **more: Any) -> None:
        super().__init__(error)
        self.body = {"ok": False, "error": error, **more}
        self.retry_after = retry_after


@dataclass(frozen=True)
class Call:
    """One call. `token` is None only for methods that need none."""

    slack: Slack
    method: str
    args: Mapping[str, Any]
    token: Token | None
    basic: tuple[str, str] | None = None

    @property
    def bearer(self) -> Token:
        """The token of a method that needs one."""
        if self.token is None:
            raise RefusalError("not_authed")
        return self.token

    @property
    def team(self) -> str:
        """The workspace that the token belongs to."""
        return self.bearer.team_id

    def text(self, name: str) -> str:
        """A text argument; empty when it is missing."""
        value = self.args.get(name)
        return "" if value is None else str(value)

    def flag(self, name: str) -> bool:
        """A boolean argument, in JSON or as `1` and `true` in a form."""
        return self.args.get(name) in (True, 1, "1", "true", "True")

    def whole(self, name: str, default: int) -> int:
        """A whole number. Raises `invalid_limit` or the like."""
        value = self.text(name)
        if value and not value.isdecimal():
            raise RefusalError(f"invalid_{name}")
        return int(value) if value else default

    def structure(self, name: str, error: str) -> Any:
        """A JSON argument: as is, or encoded as text as forms do."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise RefusalError(error) from None

    def require(self, *accepted: str) -> None:
        """Refuse unless the token has one of these scopes."""
        granted = self.bearer.scopes
        if not set(accepted) & set(granted):
            raise RefusalError("missing_scope", needed=",".join(accepted), provided=",".join(granted))

    def channel(self, name: str = "channel") -> Channel:
        """The conversation that an argument names, if the bot can see it. Raises `channel_not_found`."""
        try:
            channel = self.slack.workspaces.channel(self.text(name), self.team)
        except KeyError:
            raise RefusalError("channel_not_found") from None
        if channel.is_im and not self.is_member(channel):
            raise RefusalError("channel_not_found")
        return channel

    def is_member(self, channel: Channel) -> bool:
        """Whether the bot is in that conversation."""
        return self.bearer.user_id in self.slack.workspaces.members(channel.id)


@dataclass(frozen=True)
class Method:
    """A Web API method: its function, and the scopes of which a token needs one (none: any token will do)."""

    work: Callable[[Call], JsonObject]
    scopes: tuple[str, ...] = ()
    needs_token: bool = True


async def arguments(request: Request) -> dict[str, Any]:
    """A call's arguments from the query and from a JSON or form body. Raises RefusalError."""
    args: dict[str, Any] = dict(request.query_params)
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json" and body:
        return args | _json_object(body)
    if not body or kind in ("application/x-www-form-urlencoded", ""):
        return args | dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    raise RefusalError("invalid_post_type")


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        raise RefusalError("invalid_json") from None
    if not isinstance(parsed, dict):
        raise RefusalError("json_not_object")
    return parsed
