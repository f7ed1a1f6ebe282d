"""The consent page, `/slack/oauth/v2/authorize`. https://docs.slack.dev/authentication/installing-with-oauth"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response

from sandbox.html import Html, tag
from sandbox.pages import notice_page, page, see_other, top_bar
from sandbox.slack.methods.scopes import WORDS, parse, unknown
from sandbox.slack.state.apps import Apps, Registered
from sandbox.slack.state.peer import Slack
from sandbox.slack.state.records import Workspace

NEW: Final = "new"


class ConsentError(Exception):
    """The page can't be shown; the message says why, in Slack's own words where it has them."""


@dataclass(frozen=True)
class Consent:
    """What the app asks for. `redirect_uri` is where the answer goes, `asked_uri` what was requested (may be empty)."""

    registered: Registered
    scopes: tuple[str, ...]
    state: str
    redirect_uri: str
    asked_uri: str

    @classmethod
    def of(cls, apps: Apps, query: Mapping[str, str]) -> Consent:
        """Check the page's parameters. Raises ConsentError."""
        try:
            registered = apps.by_client(query.get("client_id", ""))
        except KeyError as error:
            raise ConsentError(
                "invalid_client_id: no app has this client_id. Compare it with SLACK_CLIENT_ID."
            ) from error
        app = registered.app
        scopes, asked = parse(query.get("scope", "")), query.get("redirect_uri", "")
        if not scopes or unknown(scopes):
            raise ConsentError(f"invalid_scope: {', '.join(unknown(scopes)) or 'no scope was asked for'}.")
        if not _registered(app.redirect_url, asked):
            raise ConsentError(
                f"redirect_uri did not match any configured URIs. Passed URI: {asked or 'none'}. "
                f"Registered: {app.redirect_url or 'none, SLACK_REDIRECT_URL is empty'}."
            )
        return cls(registered, scopes, query.get("state", ""), asked or app.redirect_url, asked)

    def back(self, **answer: str) -> str:
        """The URL to send the browser to; every answer includes `state`."""
        joint = "&" if "?" in self.redirect_uri else "?"
        return f"{self.redirect_uri}{joint}{urlencode(answer | {'state': self.state})}"


def _registered(registered: str, asked: str) -> bool:
    """Slack accepts the registered URL and anything below it."""
    if not registered:
        return False
    base = registered.rstrip("/")
    return not asked or asked == registered or asked.startswith((f"{base}/", f"{base}?"))


async def authorize(request: Request) -> Response:
    """GET shows the consent page, POST answers it."""
    slack: Slack = request.app.state.slack
    try:
        consent = Consent.of(slack.apps, request.query_params)
    except ConsentError as refused:
        return notice_page("Something went wrong when authorizing this app", str(refused), status=400)
    if request.method == "GET":
        return _show(slack, consent)
    return _decide(slack, consent, dict(parse_qsl((await request.body()).decode())))


def _decide(slack: Slack, consent: Consent, form: Mapping[str, str]) -> Response:
    if form.get("decision") != "allow":
        return see_other(consent.back(error="access_denied"))
    try:
        workspace = _chosen(slack, form)
    except KeyError:
        return notice_page("No such workspace", "Go back and choose a workspace that exists.", status=400)
    installer = slack.workspaces.people(workspace.id)[0].id
    if workspace.needs_approval:
        return _request_to_install(slack, consent, workspace)
    code = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(32)}"
    slack.apps.give(code, consent.registered.owner)
    sql = "INSERT INTO oauth_code VALUES (?, ?, ?, ?, ?, ?, NULL)"
    values = (workspace.id, installer, ",".join(consent.scopes), consent.asked_uri)
    slack.database.run(sql, code, *values, time.time())
    return see_other(consent.back(code=code))


def _chosen(slack: Slack, form: Mapping[str, str]) -> Workspace:
    if form.get("workspace", NEW) != NEW:
        return slack.workspaces.workspace(form["workspace"])
    name = form.get("name", "").strip()[:60] or "Northwind"
    return slack.workspaces.create(name, needs_approval="needs_approval" in form)


def _show(slack: Slack, consent: Consent) -> Response:
    workspaces = slack.workspaces.all()
    name = consent.registered.app.name
    card = tag(
        "form",
        tag("p", tag("span", "Slack, played by the sandbox", class_="badge b-info")),
        tag("h1", f"{name} is requesting permission to access a Slack workspace"),
        _workspace_fields(workspaces),
        tag("h2", f"What will {name} be able to do?"),
        _scope_list(consent.scopes),
        _buttons(),
        class_="card card-pad stack g5",
        method="post",
    )
    return page(f"Install {name}", top_bar(), tag("main", card, class_="narrow"))


def _workspace_fields(workspaces: list[Workspace]) -> Html:
    number = len(workspaces) + 1
    new_name = "Northwind" if number == 1 else f"Northwind {number}"
    existing = [_existing(workspace) for workspace in workspaces]
    return tag(
        "fieldset",
        tag("legend", "Workspace", class_="label"),
        _choice(NEW, "A new workspace", "With an admin, two members, #general and #support.", checked=True),
        tag(
            "div",
            tag("label", "Name of the new workspace", for_="name"),
            tag("input", id="name", name="name", value=new_name, class_="input", maxlength="60", autocomplete="off"),
            tag(
                "label",
                tag("input", type="checkbox", name="needs_approval", value="1"),
                tag("span", "This workspace needs an admin's approval for apps"),
                class_="check",
            ),
            class_="field indent",
        ),
        *existing,
        class_="stack g3",
    )


def _existing(workspace: Workspace) -> Html:
    hint = "Needs an admin's approval." if workspace.needs_approval else f"{workspace.domain}.slack.com"
    return _choice(workspace.id, workspace.name, f"{hint} · {workspace.id}", checked=False)


def _choice(value: str, title: str, hint: str, checked: bool) -> Html:
    field = tag("input", type="radio", name="workspace", value=value, checked=checked)
    words = tag("span", tag("b", title), tag("span", hint, class_="hint"), class_="stack g0")
    return tag("label", field, words, class_="choice")


def _scope_list(scopes: tuple[str, ...]) -> Html:
    items = [tag("li", tag("span", WORDS[scope]), tag("code", scope)) for scope in scopes]
    return tag("ul", *items, class_="scopes")


def _buttons() -> Html:
    return tag(
        "div",
        tag("button", "Cancel", class_="btn btn-plain", name="decision", value="cancel"),
        tag("button", "Allow", class_="btn btn-primary", name="decision", value="allow"),
        class_="row end actions",
    )


def _request_to_install(slack: Slack, consent: Consent, workspace: Workspace) -> Response:
    """Slack's page for members who may not install apps: no redirect, the admins decide later."""
    name = consent.registered.app.name
    message = (
        f"{workspace.name} only lets its admins add apps. Your request to install {name} has been "
        "sent to them. You won't be notified of their decision. You can close this page, or go back to the app."
    )
    approve = tag("a", "Decide as the admin", href=f"/slack/chat/?team={workspace.id}", class_="btn btn-plain")
    back = tag("a", f"Back to {name}", href=consent.back(error="access_denied"), class_="btn btn-ghost")
    return notice_page("Request to install sent", message, tag("div", approve, back, class_="row wrap"))
