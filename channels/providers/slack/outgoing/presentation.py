"""How an answer looks in Slack: a markdown block, and the same as text for notifications and where blocks are refused.

https://docs.slack.dev/reference/block-kit/blocks/markdown-block and
https://docs.slack.dev/reference/methods/chat.postMessage
"""

from collections.abc import Sequence
from typing import Any

from channels.providers.slack.outgoing.markdown import Markdown
from channels.providers.slack.outgoing.mrkdwn import Mrkdwn, escape
from channels.providers.writing import parts
from channels.providers.writing.writer import Line

BLOCK_LIMIT = 12_000
"""Characters in all markdown blocks of a message."""
TEXT_LIMIT = 39_000
"""Slack refuses a text of more than 40,000 characters."""


def split(answer: str) -> Sequence[str]:
    """An answer as harmless Markdown, in parts that fit into a message each; at least one."""
    lines = Markdown().document(answer) or [Line(each) for each in answer.split("\n")]
    return parts.split(lines, BLOCK_LIMIT) or [""]


def content(part: str, *, has_blocks: bool) -> dict[str, Any]:
    """The arguments of chat.postMessage that say something: `text`, and `blocks` unless Slack refused them before."""
    markdown = parts.joined(Markdown().document(part))
    text = parts.joined(Mrkdwn().document(part)) or escape(part)
    if not has_blocks or not markdown or parts.size(markdown) > BLOCK_LIMIT:
        return {"text": _shortened(text)}
    return {"text": _shortened(text), "blocks": [{"type": "markdown", "text": markdown}]}


def _shortened(text: str) -> str:
    return text if parts.size(text) <= TEXT_LIMIT else f"{text[: TEXT_LIMIT // 2]} …"
