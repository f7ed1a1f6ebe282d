"""A markdown block as HTML. https://docs.slack.dev/reference/block-kit/blocks/markdown-block"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from sandbox.html import Html, join, tag

PARSER: Final = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])


def _picture(renderer: RendererHTML, tokens: Sequence[Token], position: int, *_: Any) -> str:
    """Slack shows a picture as a link to it."""
    token = tokens[position]
    return tag("a", token.content or str(token.attrs["src"]), href=str(token.attrs["src"]), rel="noreferrer")


PARSER.add_render_rule("image", _picture)


def shown(markdown: str) -> Html:
    """Render a markdown block as HTML; HTML inside it shows as text."""
    return tag("div", join(Html(PARSER.render(markdown))), class_="markdown")
