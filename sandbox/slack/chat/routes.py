"""The chat page, `/slack/chat/`: write as a member of a workspace and see what the app answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.html import tag
from sandbox.pages import fragment, notice_page, page, see_other
from sandbox.slack.chat import messages as chat_messages
from sandbox.slack.chat import page as chat_page
from sandbox.slack.chat.view import View
from sandbox.slack.state import activity
from sandbox.slack.state.apps import PLATFORM
from sandbox.slack.state.sharing import SAMPLES, shared

Form = Mapping[str, str]
Action = Callable[[View, Form], Awaitable[str | None]]


def _view(request: Request) -> View:
    return View.of(request.app.state.slack, request.query_params)


async def show(request: Request) -> Response:
    """The page; if there is no workspace yet, how to get one."""
    try:
        view = _view(request)
    except KeyError:
        text = "A workspace appears here when the app is installed, or when you create one."
        form = tag("form", tag("button", "Create a workspace", class_="btn btn-primary"), action="new", method="post")
        return notice_page("No Slack workspace yet", text, form)
    return page(f"{view.title}, {view.workspace.name}", chat_page.body(view), class_="chat-body")


async def new_workspace(request: Request) -> Response:
    """Create a workspace to try the page with."""
    workspace = request.app.state.slack.workspaces.create("Northwind")
    return see_other(f"/slack/chat/?team={workspace.id}")


async def messages(request: Request) -> Response:
    """The conversation's content, for its live region."""
    return fragment(chat_messages.conversation(_view(request)))


async def thread(request: Request) -> Response:
    """The thread's content, for its live region."""
    return fragment(chat_messages.thread(_view(request)))


async def open_direct_message(request: Request) -> Response:
    """Open the direct message with the bot: notify the bot, then show the conversation."""
    view = _view(request)
    bot = view.slack.workspaces.bot(view.workspace.id, request.query_params.get("app", PLATFORM))
    if bot is None:
        return see_other(view.url())
    channel, _ = activity.open_home(view.slack, view.person, bot)
    return see_other(view.url(channel=channel.id, thread=""))


async def _send(view: View, form: Form) -> str | None:
    text, sample = form.get("text", ""), SAMPLES.get(form.get("attach", ""))
    if text or sample:
        more = shared(view.slack, view.person, [sample]) if sample else None
        activity.say(view.slack, view.channel, view.person, text, view.thread or None, more)
    return None


async def _forward(view: View, form: Form) -> str | None:
    """Forward the message whose ts is in the URL to the direct message with the bot."""
    if view.bot is None or view.forwarding is None:
        return None
    channel, _ = activity.open_home(view.slack, view.person, view.bot)
    activity.forward(view.slack, view.channel, view.forwarding, channel, view.person)
    return view.url(channel=channel.id, thread="")


async def _edit(view: View, form: Form) -> str | None:
    text = form.get("text", "")
    if text and view.editing:
        activity.edit(view.slack, view.channel, view.editing, text)
    return None


async def _delete(view: View, form: Form) -> str | None:
    if view.editing:
        activity.delete(view.slack, view.channel, view.editing)
        return view.url(thread="" if view.editing.ts == view.thread else view.thread)
    return None


async def _invite(view: View, form: Form) -> str | None:
    if view.token:
        activity.join(view.slack, view.channel, view.token.user_id, view.person.id)
    return None


async def _uninstall(view: View, form: Form) -> str | None:
    activity.uninstall(view.slack, view.workspace.id, view.app.owner)
    return view.url(channel="", thread="")


async def _verify(view: View, form: Form) -> str | None:
    await view.slack.check_url(view.app.app)
    return None


async def _approve(view: View, form: Form) -> str | None:
    view.slack.workspaces.approve(view.workspace.id)
    return None


def _form(action: Action) -> Callable[[Request], Awaitable[Response]]:
    """A POST: run the action, then show the view again or the one that the action returns."""

    async def endpoint(request: Request) -> Response:
        form = {name: value.strip() for name, value in parse_qsl((await request.body()).decode())}
        query = dict(request.query_params)
        view = View.of(request.app.state.slack, query | {"edit": query.get("ts", "")})
        return see_other(await action(view, form) or view.url())

    return endpoint


ACTIONS: Final[dict[str, Action]] = {
    "send": _send,
    "forward": _forward,
    "edit": _edit,
    "delete": _delete,
    "invite": _invite,
    "uninstall": _uninstall,
    "verify": _verify,
    "approve": _approve,
}
ROUTES: Final = [
    Route("/", show),
    Route("/messages", messages),
    Route("/thread", thread),
    Route("/open", open_direct_message),
    Route("/new", new_workspace, methods=["POST"]),
    *(Route(f"/{name}", _form(action), methods=["POST"]) for name, action in ACTIONS.items()),
]
