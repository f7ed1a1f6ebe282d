"""The phone's layout: who writes to whom and the values for connecting on the left, the chat on the right."""

from __future__ import annotations

from typing import Final

from sandbox.html import Html, tag
from sandbox.pages import avatar, live
from sandbox.whatsapp.phone.chat import chat
from sandbox.whatsapp.phone.view import View
from sandbox.whatsapp.state.people import BOTH, ID, NUMBER

SHOWN: Final = {
    NUMBER: "shows the phone number only",
    BOTH: "shows number and user id",
    ID: "hides the number, has a username",
}


def body(view: View) -> Html:
    """Everything inside the page's body element."""
    return tag("div", _side(view), _main(view), class_="chat")


def _side(view: View) -> Html:
    head = tag("a", tag("i", "S", aria_hidden="true"), "Sandbox WhatsApp", href="/", class_="logo")
    numbers = [(each.phone_id, f"{each.name}, {each.number}") for each in view.whatsapp.businesses.all()]
    people = [(each.key, each.name) for each in view.whatsapp.people.all()]
    pickers = tag(
        "div",
        _picker("number", "You write to", numbers, view.business.phone_id, {"person": view.person.key}),
        _picker("person", "You are", people, view.person.key, {"number": view.business.phone_id}),
        class_="pickers",
    )
    number = view.person.wa_id if view.person.shows != ID else f"@{view.person.username}"
    about = tag("p", f"{view.person.name} {SHOWN[view.person.shows]}: {number}.", class_="small muted")
    return tag(
        "aside",
        head,
        pickers,
        about,
        _action(view, "change-number", "Change number"),
        _values(view),
        class_="side",
        aria_label="Phone",
    )


def _picker(name: str, label: str, options: list[tuple[str, str]], chosen: str, keep: dict[str, str]) -> Html:
    choices = [tag("option", text, value=value, selected=value == chosen) for value, text in options]
    hidden = [tag("input", type="hidden", name=key, value=value) for key, value in keep.items()]
    select = tag("select", *choices, name=name, id=f"pick-{name}", class_="input")
    button = tag("button", "Go", class_="btn btn-plain btn-sm")
    picked = tag("form", tag("label", label, for_=f"pick-{name}"), tag("div", select, button, class_="row"), *hidden)
    return tag("submit-on-change", picked)


def _values(view: View) -> Html:
    """What Meta's pages show of this number, to be copied into the product."""
    business = view.business
    good, temporary, silent = view.whatsapp.businesses.tokens(business.phone_id)[:3]
    values = (
        ("Access token", good.token),
        ("App secret", business.app_secret),
        ("Phone number ID", business.phone_id),
        ("Account ID", business.account_id),
        ("A token that ends in a day", temporary.token),
        ("A token that may not send", silent.token),
    )
    is_heard = business.is_subscribed and business.callback_url
    state = "Events go to the address that was registered." if is_heard else "No address is registered for events."
    return tag(
        "details",
        tag(
            "summary",
            "For connecting it",
            tag("span", "Connected" if is_heard else "Not connected", class_=f"badge {'b-ok' if is_heard else ''}"),
        ),
        tag("p", state, class_="small muted"),
        *(_copy(label, value) for label, value in values),
        _action(view, "revoke", "Revoke all tokens", "btn-bad"),
        _action(view, "new-number", "Another number"),
        class_="app-panel stack g3",
        open=not is_heard,
    )


def _copy(label: str, value: str) -> Html:
    button = tag(
        "button",
        "Copy",
        tag("span", f" {label}", class_="vh"),
        type="button",
        class_="btn btn-plain btn-sm",
        data_copy=value,
        hidden=True,
    )
    return tag(
        "div",
        tag("span", label, class_="small muted"),
        tag("copy-value", tag("div", tag("code", value), button, class_="copy")),
    )


def _action(view: View, path: str, label: str, kind: str = "btn-plain") -> Html:
    return tag("form", tag("button", label, class_=f"btn btn-sm {kind}"), action=view.url(path), method="post")


def _main(view: View) -> Html:
    head = tag(
        "header",
        avatar(view.business.name, "bot"),
        tag("div", tag("h1", view.business.name), tag("span", view.business.number, class_="muted small")),
        class_="chat-head",
    )
    region = live(view.url("messages"), chat(view), name="messages", class_="scroll")
    return tag("main", head, region, _composer(view), class_="chat-main")


def _composer(view: View) -> Html:
    label = f"Message {view.business.name}"
    field = tag(
        "textarea", view.text, name="text", id="text", rows="2", class_="input", placeholder=label, aria_label=label
    )
    choices = (("", "No file"), ("photo", "With a photo"), ("voice", "With a voice message"), ("pdf", "With a PDF"))
    attach = tag(
        "select",
        *(tag("option", text, value=value) for value, text in choices),
        name="attach",
        class_="input",
        aria_label="File",
    )
    who = tag("span", avatar(view.person.name, "small"), f"as {view.person.name}", class_="row muted small who")
    button = tag("button", "Send", class_="btn btn-primary btn-sm")
    row = tag("div", attach, who, tag("div", button, class_="row push"), class_="row wrap")
    return tag("message-composer", tag("form", field, row, action=view.url("send"), method="post", class_="composer"))
