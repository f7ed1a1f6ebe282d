"""HTML as values: text is escaped unless it is HTML already, so no page can forget to escape."""

from __future__ import annotations

from html import escape
from typing import Final

VOID: Final = frozenset({"input", "link", "meta", "br", "hr"})


class Html(str):
    """Markup that is already escaped."""

    __slots__ = ()


def text(content: str) -> Html:
    """Escape plain text."""
    return Html(escape(content))


def join(*children: Html | str | None) -> Html:
    """Children one after the other; None is left out, plain text is escaped."""
    return Html("".join(child if isinstance(child, Html) else escape(child) for child in children if child is not None))


def tag(name: str, /, *children: Html | str | None, **attributes: str | bool | None) -> Html:
    """One element. `class_` and `for_` lose their underscore, others turn `_` into `-`; True is a bare attribute."""
    opening = f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}>"
    return Html(opening) if name in VOID else Html(f"{opening}{join(*children)}</{name}>")


def _attribute(key: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(value)}"'
