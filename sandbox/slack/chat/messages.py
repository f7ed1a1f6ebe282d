"""Messages on the chat page: text, blocks, threads, and the actions on your own messages."""

from __future__ import annotations

from typing import Any

from sandbox.html import Html, join, tag
from sandbox.pages import avatar, clock
from sandbox.slack.chat import markdown
from sandbox.slack.chat.view import View
from sandbox.slack.state.mrkdwn import shown
from sandbox.slack.state.records import SPOKEN, Message

PREVIEW = 4


def conversation(view: View) -> Html:
    """The conversation, oldest first, threads shown below their first message."""
    messages = list(reversed(view.slack.messages.in_channel(view.channel.id)))
    items = [_with_replies(view, message) for message in messages]
    status = view.slack.statuses.get(view.channel.id, "")
    return join(*items, _status(view, status)) if items else _empty(view)


def thread(view: View) -> Html:
    """The open thread."""
    try:
        first = view.slack.messages.get(view.channel.id, view.thread)
    except KeyError:
        return tag("p", "This message has been deleted.", class_="muted pad")
    replies = view.slack.messages.replies(view.channel.id, first.ts)
    status = view.slack.statuses.get(view.channel.id, first.ts)
    return join(*(_message(view, message) for message in (first, *replies)), _status(view, status))


def _with_replies(view: View, message: Message) -> Html:
    replies = view.slack.messages.replies(view.channel.id, message.ts)
    status = _status(view, view.slack.statuses.get(view.channel.id, message.ts))
    if not replies and not status:
        return _message(view, message)
    url = view.url(thread=message.ts)
    number = f"{len(replies)} {'reply' if len(replies) == 1 else 'replies'}"
    hidden = len(replies) - PREVIEW
    earlier = tag("a", f"Show {hidden} earlier", href=url, class_="small") if hidden > 0 else None
    preview = [_message(view, reply) for reply in replies[-PREVIEW:]]
    link = tag("a", f"{number}, open thread", href=url, class_="small thread-link") if replies else None
    return join(_message(view, message), tag("div", earlier, *preview, status, link, class_="replies"))


def _status(view: View, status: str) -> Html | None:
    name = view.bot.real_name if view.bot else "The app"
    return (
        tag("p", tag("span", class_="dots", aria_hidden="true"), f"{name} {status}", class_="typing")
        if status
        else None
    )


def _empty(view: View) -> Html:
    hint = f"Write to {view.title}." if view.channel.is_im else f"Mention @{view.app.app.name} to get an answer."
    return tag(
        "div", tag("p", f"This is the very beginning of {view.title}."), tag("p", hint, class_="muted"), class_="empty"
    )


def _message(view: View, message: Message) -> Html:
    names, own = view.names, message.user_id == view.person.id
    if message.body.get("subtype") not in SPOKEN:
        return tag("p", _text(view, message.text), " · ", clock(float(message.ts)), class_="joined")
    is_bot = view.bot is not None and message.user_id == view.bot.id
    name = str(message.body.get("username") or names.get(message.user_id, "Somebody"))
    head = tag(
        "div",
        tag("b", name),
        tag("span", "App", class_="badge") if is_bot else None,
        clock(float(message.ts)),
        tag("span", "(edited)", class_="muted tiny") if message.body.get("edited") else None,
        _actions(view, message) if own else _reply_link(view, message),
        class_="msg-head",
    )
    body = tag(
        "div", head, tag("div", *_content(view, message), class_="msg-text"), _reactions(view, message), class_="grow"
    )
    return tag("article", _face(message, name, is_bot), body, class_="message", data_ts=message.ts)


def _face(message: Message, name: str, is_bot: bool) -> Html:
    icon = str((message.body.get("icons") or {}).get("image_48", ""))
    return tag("img", src=icon, alt="", class_="ava") if icon else avatar(name, "bot" if is_bot else "")


def _reply_link(view: View, message: Message) -> Html | None:
    if message.is_reply or view.thread:
        return None
    reply = tag("a", "Reply", href=view.url(thread=message.ts))
    return tag("div", reply, _forward(view, message), class_="msg-actions")


def _forward(view: View, message: Message) -> Html | None:
    if view.bot is None or view.channel.is_im:
        return None
    action = view.url("forward", ts=message.ts)
    return tag("form", tag("button", f"Forward to {view.bot.real_name}"), action=action, method="post")


def _actions(view: View, message: Message) -> Html:
    query = view.url("delete", ts=message.ts)
    delete = tag("form", tag("button", "Delete"), action=query, method="post")
    reply = None if message.is_reply or view.thread else tag("a", "Reply", href=view.url(thread=message.ts))
    edit = tag("a", "Edit", href=view.url(edit=message.ts))
    return tag("div", reply, edit, _forward(view, message), delete, class_="msg-actions")


def _reactions(view: View, message: Message) -> Html | None:
    found = view.slack.messages.reactions(message)
    chips = [tag("span", f":{name}: {len(users)}", class_="badge") for name, users in found.items()]
    return tag("div", *chips, class_="row wrap") if chips else None


def _content(view: View, message: Message) -> list[Html]:
    """Text or blocks, then attachments and files."""
    files = [tag("p", tag("span", str(file["name"]), class_="badge")) for file in message.body.get("files", [])]
    return [*_written(view, message), *_attached(view, message), *files]


def _attached(view: View, message: Message) -> list[Html]:
    """Forwarded messages, quoted."""
    return [
        tag("blockquote", tag("b", str(each.get("author_name", ""))), tag("br"), _text(view, str(each.get("text", ""))))
        for each in message.body.get("attachments", [])
    ]


def _written(view: View, message: Message) -> list[Html]:
    if message.body.get("subtype") == "me_message":
        return [tag("em", _text(view, message.text))]
    blocks = message.body.get("blocks") or []
    if all(block.get("type") == "rich_text" for block in blocks):
        return [_text(view, message.text)]
    return [_block(view, block) or _text(view, message.text) for block in blocks]


def _block(view: View, block: dict[str, Any]) -> Html | None:
    """A block as HTML; None for a kind that this page cannot draw."""
    kind = block.get("type")
    if kind == "markdown":
        return markdown.shown(str(block.get("text", "")))
    if kind == "header":
        return tag("h3", _label(block.get("text")))
    if kind == "divider":
        return tag("hr")
    if kind == "section":
        texts = [block.get("text"), *block.get("fields", [])]
        return tag("div", *(_text(view, _label(text)) for text in texts if text))
    if kind in ("context", "actions", "context_actions"):
        return tag(
            "div", *(_element(view, element) for element in block.get("elements", [])), class_="row wrap small muted"
        )
    return None


def _element(view: View, element: dict[str, Any]) -> Html | None:
    if element.get("type") == "mrkdwn":
        return tag("span", _text(view, str(element.get("text", ""))))
    label = _label(element.get("text")) or str(element.get("alt_text") or element.get("type", ""))
    return tag("span", label.replace("_", " "), class_="badge")


def _label(text: Any) -> str:
    return str(text.get("text", "")) if isinstance(text, dict) else str(text or "")


def _text(view: View, text: str) -> Html:
    channels = {channel.id: channel.name for channel in view.slack.workspaces.channels(view.workspace.id)}
    return shown(text, view.names, channels)
