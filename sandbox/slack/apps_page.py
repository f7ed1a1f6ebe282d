"""The pages of apps, `/slack/apps`: make one from a manifest, and see its credentials. As at api.slack.com/apps."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.html import Html, tag
from sandbox.pages import notice_page, page, see_other, top_bar
from sandbox.slack.manifests import ManifestError, read_manifest
from sandbox.slack.state.apps import Registered
from sandbox.slack.state.peer import Slack


async def show_all(request: Request) -> Response:
    """The apps that people made, and the form for a new one; the query may bring its manifest."""
    slack: Slack = request.app.state.slack
    return _list(slack, request.query_params.get("manifest_json", ""))


async def create(request: Request) -> Response:
    """Make an app. Its request URL is asked at once, as Slack does."""
    slack: Slack = request.app.state.slack
    manifest = dict(parse_qsl((await request.body()).decode())).get("manifest", "")
    try:
        made = slack.apps.create(read_manifest(manifest))
    except ManifestError as error:
        return _list(slack, manifest, str(error))
    await slack.check_url(made.app)
    return see_other(f"/slack/apps/{made.app.app_id}")


async def show(request: Request) -> Response:
    """An app's Basic Information and Event Subscriptions."""
    slack: Slack = request.app.state.slack
    try:
        found = slack.apps.by_id(request.path_params["app"])
    except KeyError:
        return notice_page("No such app", "Go back to your apps.", status=404)
    return _frame(found.app.name, _credentials(found), _subscriptions(slack, found))


async def retry(request: Request) -> Response:
    """Ask the request URL again."""
    slack: Slack = request.app.state.slack
    try:
        await slack.check_url(slack.apps.by_id(request.path_params["app"]).app)
    except KeyError:
        return notice_page("No such app", "Go back to your apps.", status=404)
    return see_other(f"/slack/apps/{request.path_params['app']}")


def _list(slack: Slack, manifest: str, problem: str = "") -> Response:
    apps = [
        tag("li", tag("a", each.app.name, href=f"/slack/apps/{each.app.app_id}"), f" · {each.app.app_id}")
        for each in slack.apps.own()
    ]
    form = tag(
        "form",
        tag("h2", "Create an app from a manifest"),
        tag("p", problem, class_="alert alert-warn") if problem else None,
        tag("label", "Manifest, as JSON", for_="manifest"),
        tag("textarea", manifest, id="manifest", name="manifest", rows="14", class_="input", spellcheck="false"),
        tag("div", tag("button", "Create", class_="btn btn-primary"), class_="row end actions"),
        class_="card card-pad stack g3",
        method="post",
        action="/slack/apps",
    )
    made = tag("section", tag("h2", "Your apps"), tag("ul", *apps), class_="card card-pad stack") if apps else None
    return _frame("Your apps", form, made)


def _credentials(found: Registered) -> Html:
    app = found.app
    values = (
        ("App ID", app.app_id),
        ("Client ID", app.client_id),
        ("Client Secret", app.client_secret),
        ("Signing Secret", app.signing_secret),
    )
    rows = [tag("div", tag("dt", name, class_="muted small"), tag("dd", tag("code", value))) for name, value in values]
    return tag(
        "section",
        tag("h2", "Basic Information: App Credentials"),
        tag("dl", *rows, class_="stack g3"),
        class_="card card-pad stack",
    )


def _subscriptions(slack: Slack, found: Registered) -> Html:
    state = slack.url_state_of(found.app)
    button = tag("button", "Retry", class_="btn btn-plain btn-sm")
    return tag(
        "section",
        tag("h2", "Event Subscriptions"),
        tag("p", "Request URL: ", tag("code", found.app.events_url or "none")),
        tag("p", f"Verified: {'yes' if state == 'verified' else state}", class_="small"),
        tag("p", "Bot events: ", ", ".join(sorted(found.events or ())) or "none", class_="small muted"),
        tag("form", button, method="post", action=f"/slack/apps/{found.app.app_id}/verify"),
        class_="card card-pad stack",
    )


def _frame(title: str, *content: Html | None) -> Response:
    head = tag(
        "div",
        tag("p", tag("span", "Slack, played by the sandbox", class_="badge b-info")),
        tag("h1", title),
        class_="stack g2",
    )
    return page(title, top_bar(), tag("main", head, *content, class_="narrow stack g5"))


ROUTES: Final = [
    Route("/slack/apps", show_all),
    Route("/slack/apps", create, methods=["POST"]),
    Route("/slack/apps/{app}", show),
    Route("/slack/apps/{app}/verify", retry, methods=["POST"]),
]
