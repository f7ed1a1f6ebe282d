"""`users.info` and `team.info`. https://docs.slack.dev/reference/methods"""

from __future__ import annotations

from typing import Final

from sandbox.slack.methods.calls import Call, JsonObject, Method, RefusalError
from sandbox.slack.state.objects import team_object, user_object


def users_info(call: Call) -> JsonObject:
    """One member of the workspace."""
    try:
        person = call.slack.workspaces.person(call.text("user"), call.team)
    except KeyError:
        raise RefusalError("user_not_found") from None
    with_email = "users:read.email" in call.bearer.scopes
    return {"ok": True, "user": user_object(person, call.slack.apps.owner_of(person.id).app, with_email)}


def team_info(call: Call) -> JsonObject:
    """The workspace."""
    return {"ok": True, "team": team_object(call.slack.workspaces.workspace(call.team))}


METHODS: Final = {
    "users.info": Method(users_info, ("users:read",)),
    "team.info": Method(team_info, ("team:read",)),
}
