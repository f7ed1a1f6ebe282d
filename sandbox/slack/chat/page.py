"""The chat page's layout: workspace, person and channels on the left, the conversation, an open thread on the right."""

from __future__ import annotations

from sandbox.html import Html, join, tag
from sandbox.pages import avatar, live
from sandbox.slack.chat.messages import conversation, thread
from sandbox.slack.chat.view import View
from sandbox.slack.state.mrkdwn import untyped
from sandbox.slack.state.records import Person


def body(view: View) -> Html:
    """Everything inside the page's body element."""
    panel = _thread_panel(view) if view.thread else None
    return tag("div", _sidebar(view), _main(view), panel, class_=f"chat{' with-thread' if view.thread else ''}")


def _sidebar(view: View) -> Html:
    head = tag("a", tag("i", "S", aria_hidden="true"), "Sandbox Slack", href="/", class_="logo")
    pickers = tag("div", _workspace_picker(view), _person_picker(view), class_="pickers")
    return tag("aside", head, pickers, _nav(view), _app_panel(view), class_="side", aria_label="Workspace")


def _workspace_picker(view: View) -> Html:
    options = [(workspace.id, workspace.name) for workspace in view.slack.workspaces.all()]
    return _picker("team", "Workspace", options, view.workspace.id, {})


def _person_picker(view: View) -> Html:
    people = view.slack.workspaces.people(view.workspace.id)
    options = [(person.id, person.real_name + (" (admin)" if person.is_admin else "")) for person in people]
    channel = "dm" if view.channel.is_im else view.channel.id
    return _picker("user", "You are", options, view.person.id, {"team": view.workspace.id, "channel": channel})


def _picker(name: str, label: str, options: list[tuple[str, str]], chosen: str, keep: dict[str, str]) -> Html:
    choices = [tag("option", text, value=value, selected=value == chosen) for value, text in options]
    hidden = [tag("input", type="hidden", name=key, value=value) for key, value in keep.items()]
    select = tag("select", *choices, name=name, id=f"pick-{name}", class_="input")
    button = tag("button", "Go", class_="btn btn-plain btn-sm")
    return tag(
        "submit-on-change",
        tag("form", tag("label", label, for_=f"pick-{name}"), tag("div", select, button, class_="row"), *hidden),
    )


def _nav(view: View) -> Html:
    links = [
        _nav_link(view, "#", channel.name, channel.id, view.channel.id == channel.id)
        for channel in view.slack.workspaces.channels(view.workspace.id)
    ]
    direct = [_direct_link(view, bot) for bot in view.slack.workspaces.bots(view.workspace.id)]
    return tag("nav", *links, *direct, class_="nav", aria_label="Conversations")


def _direct_link(view: View, bot: Person) -> Html | None:
    """To the direct message with an app that is installed."""
    app = view.slack.apps.owner_of(bot.id)
    if view.slack.workspaces.token_of(view.workspace.id, app.owner) is None:
        return None
    is_here = view.channel.is_im and app.owner == view.app.owner
    url = view.url("open", channel="dm", thread="", app=app.owner)
    return _link("@", bot.real_name, url, is_here)


def _nav_link(view: View, sign: str, name: str, channel: str, here: bool) -> Html:
    return _link(sign, name, view.url("", channel=channel, thread=""), here)


def _link(sign: str, name: str, url: str, here: bool) -> Html:
    current = "page" if here else None
    return tag("a", tag("span", sign, class_="sign", aria_hidden="true"), name, href=url, aria_current=current)


def _app_panel(view: View) -> Html:
    """What an admin can do with the app, collapsed."""
    name, state = view.app.app.name, view.slack.url_state_of(view.app.app)
    installed = tag(
        "span", "Installed" if view.token else "Not installed", class_=f"badge {'b-ok' if view.token else ''}"
    )
    verify = _action(view, "verify", "Send url_verification")
    uninstall = _action(view, "uninstall", f"Uninstall {name}", "btn-bad") if view.token else None
    approve = _action(view, "approve", "Approve apps without asking") if view.workspace.needs_approval else None
    return tag(
        "details",
        tag("summary", f"{name} app", installed),
        tag("p", f"Request URL: {state}.", class_="small muted"),
        verify,
        approve,
        uninstall,
        class_="app-panel",
    )


def _action(view: View, path: str, label: str, kind: str = "btn-plain") -> Html:
    button = tag("button", label, class_=f"btn btn-sm {kind}")
    return tag("form", button, action=view.url(path), method="post")


def _main(view: View) -> Html:
    members = view.slack.workspaces.members(view.channel.id)
    count = "Direct message" if view.channel.is_im else f"{len(members)} members"
    head = tag("header", tag("h1", view.title), tag("span", count, class_="muted small"), class_="chat-head")
    url = view.url("messages", thread="")
    region = live(url, conversation(view), name="messages", class_="scroll")
    return tag("main", head, region, _banner(view), _composer(view, in_thread=False), class_="chat-main")


def _banner(view: View) -> Html | None:
    """Why the app won't answer here, and how to fix it."""
    name = view.app.app.name
    if not view.token:
        text = f"{name} is not installed in this workspace. Start the installation in {name} itself."
        return tag("div", tag("p", text), class_="alert alert-warn")
    if not view.bot_is_here:
        text = f"{name} is not in {view.title}, so it can't see messages here."
        return tag("div", tag("p", text), _action(view, "invite", f"Add {name}"), class_="alert alert-info")
    return None


def _composer(view: View, in_thread: bool) -> Html:
    editing = view.editing if view.editing and in_thread == bool(view.thread) else None
    action = view.url(
        "edit" if editing else "send", ts=editing.ts if editing else "", thread=view.thread if in_thread else ""
    )
    name = f"text-{'thread' if in_thread else 'main'}"
    label = "Edit your message" if editing else "Reply in thread" if in_thread else f"Message {view.title}"
    field = tag(
        "textarea",
        _draft(view, editing, in_thread),
        name="text",
        id=name,
        rows="2",
        required=bool(editing),
        class_="input",
        placeholder=label,
        aria_label=label,
    )
    form = tag("form", field, _composer_row(view, bool(editing)), action=action, method="post", class_="composer")
    return tag("message-composer", form)


def _draft(view: View, editing: object, in_thread: bool) -> str:
    if view.editing and editing:
        return untyped(view.editing.text, view.names)
    return f"@{view.app.app.name} " if view.mention and not in_thread else ""


def _composer_row(view: View, editing: bool) -> Html:
    name = f"@{view.app.app.name}"
    mention = None
    if view.bot_is_here and not view.channel.is_im and not editing:
        url = view.url(mention="1")
        mention = tag("a", f"Mention {name}", href=url, class_="btn btn-plain btn-sm", data_insert=f"{name} ")
    cancel = tag("a", "Cancel", href=view.url(), class_="btn btn-ghost btn-sm") if editing else None
    who = tag(
        "span", avatar(view.person.real_name, "small"), f"as {view.person.real_name}", class_="row muted small who"
    )
    attach = None if editing else _attach()
    send = tag("button", "Save" if editing else "Send", class_="btn btn-primary btn-sm")
    return tag("div", mention, attach, who, tag("div", cancel, send, class_="row push"), class_="row wrap")


def _attach() -> Html:
    """Something to send with the text, or alone."""
    choices = (("", "No file"), ("photo", "With a photo"), ("voice", "With a voice message"), ("pdf", "With a PDF"))
    options = [tag("option", text, value=value) for value, text in choices]
    return tag("select", *options, name="attach", class_="input", aria_label="File")


def _thread_panel(view: View) -> Html:
    close = tag("a", "Close", href=view.url(thread=""), class_="btn btn-ghost btn-sm push")
    head = tag("header", tag("h2", "Thread"), tag("span", view.title, class_="muted small"), close, class_="chat-head")
    region = live(view.url("thread"), thread(view), name="thread", class_="scroll")
    return tag("section", join(head, region, _composer(view, in_thread=True)), class_="thread", aria_label="Thread")
