"""`oauth.v2.access`, `auth.*` and `apps.uninstall`. https://docs.slack.dev/reference/methods"""

from __future__ import annotations

import hmac
import time
from sqlite3 import Row
from typing import Final

from sandbox.slack.methods.calls import Call, JsonObject, Method, RefusalError
from sandbox.slack.methods.scopes import parse
from sandbox.slack.state import activity
from sandbox.slack.state.apps import Registered
from sandbox.slack.state.records import Person

CODE_SECONDS: Final = 600


def oauth_v2_access(call: Call) -> JsonObject:
    """Exchange a consent's code, once and within ten minutes, for a bot token."""
    app = _client(call)
    if call.text("grant_type") not in ("", "authorization_code"):
        raise RefusalError("invalid_grant_type")
    code = _usable_code(call, app)
    slack = call.slack
    slack.database.run("UPDATE oauth_code SET used = ? WHERE code = ?", time.time(), code["code"])
    token = slack.workspaces.install(code["team_id"], code["user_id"], parse(code["scope"]), app.app.name, app.owner)
    workspace = slack.workspaces.workspace(token.team_id)
    return {
        "ok": True,
        "app_id": app.app.app_id,
        "authed_user": {"id": code["user_id"]},
        "scope": ",".join(token.scopes),
        "token_type": "bot",
        "access_token": token.token,
        "bot_user_id": token.user_id,
        "team": {"id": workspace.id, "name": workspace.name},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def auth_test(call: Call) -> JsonObject:
    """Whose token this is."""
    workspace, bot = call.slack.workspaces.workspace(call.team), _bot(call)
    return {
        "ok": True,
        "url": f"https://{workspace.domain}.slack.com/",
        "team": workspace.name,
        "user": bot.handle,
        "team_id": workspace.id,
        "user_id": call.bearer.user_id,
        "bot_id": bot.bot_id,
        "is_enterprise_install": False,
    }


def auth_revoke(call: Call) -> JsonObject:
    """Revoke the token, unless `test` is set. It is the app's only token, so this uninstalls the app."""
    if call.flag("test"):
        return {"ok": True, "revoked": False}
    activity.uninstall(call.slack, call.team, _owner(call))
    return {"ok": True, "revoked": True}


def apps_uninstall(call: Call) -> JsonObject:
    """Remove the app from the token's workspace."""
    if _client(call).owner != _owner(call):
        raise RefusalError("client_id_token_mismatch")
    activity.uninstall(call.slack, call.team, _owner(call))
    return {"ok": True}


def _owner(call: Call) -> str:
    return call.slack.apps.owner_of(call.bearer.token).owner


def _bot(call: Call) -> Person:
    return call.slack.workspaces.person(call.bearer.user_id, call.team)


def _client(call: Call) -> Registered:
    """The app that the client id and secret name, by Basic or as arguments."""
    client_id, secret = call.basic or (call.text("client_id"), call.text("client_secret"))
    try:
        found = call.slack.apps.by_client(client_id)
    except KeyError:
        raise RefusalError("invalid_client_id") from None
    if not hmac.compare_digest(secret.encode(), found.app.client_secret.encode()):
        raise RefusalError("bad_client_secret")
    return found


def _usable_code(call: Call, app: Registered) -> Row:
    code = call.slack.database.one("SELECT * FROM oauth_code WHERE code = ?", call.text("code"))
    if code is None or code["used"] or time.time() - code["created"] > CODE_SECONDS:
        raise RefusalError("invalid_code")
    if call.slack.apps.owner_of(code["code"]).owner != app.owner:
        raise RefusalError("invalid_code")
    if code["redirect_uri"] and call.text("redirect_uri") != code["redirect_uri"]:
        raise RefusalError("bad_redirect_uri")
    return code


METHODS: Final = {
    "oauth.v2.access": Method(oauth_v2_access, needs_token=False),
    "auth.test": Method(auth_test),
    "auth.revoke": Method(auth_revoke),
    "apps.uninstall": Method(apps_uninstall),
}
