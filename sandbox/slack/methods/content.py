"""Checks of what a message carries. https://docs.slack.dev/reference/methods/chat.postMessage (errors)"""

from __future__ import annotations

from typing import Any, Final

from sandbox.slack.methods.calls import Call, RefusalError
from sandbox.slack.state.mrkdwn import rich_text
from sandbox.slack.state.records import new_id

TEXT_LIMIT: Final = 40_000
MARKDOWN_LIMIT: Final = 12_000
SECTION_LIMIT: Final = 3_000
BLOCKS_LIMIT: Final = 50
BLOCK_TYPES_TEXT: Final = """
actions alert card carousel context context_actions data_table divider file header image input markdown plan
rich_text section table task_card video
"""
BLOCK_TYPES: Final = frozenset(BLOCK_TYPES_TEXT.split())

RESERVED: Final = frozenset({"channel", "everyone", "group", "here", "slack", "slackbot"})


def message_body(call: Call) -> dict[str, Any]:
    """The stored body of a posted message. Raises the method's documented errors."""
    text, blocks = _text(call), _blocks(call)
    attachments = call.structure("attachments", "invalid_attachments")
    if not text and not blocks and not attachments:
        raise RefusalError("no_text")
    body: dict[str, Any] = {"text": text, "blocks": blocks or rich_text(text, new_id("b")[:5])}
    metadata = _metadata(call)
    more = {"attachments": attachments, "metadata": metadata, **author(call)}
    return body | {name: value for name, value in more.items() if value}


def author(call: Call) -> dict[str, Any]:
    """The name and picture under which the app writes, if it names some: they need a scope of their own.

    https://docs.slack.dev/reference/methods/chat.postMessage#authorship
    """
    username, icon = call.text("username").strip(), call.text("icon_url").strip()
    if not (username or icon):
        return {}
    call.require("chat:write.customize")
    if username.casefold() in RESERVED:
        raise RefusalError("reserved_username")
    return {"username": username, "icons": {"image_48": icon} if icon else None}


def _text(call: Call) -> str:
    text, markdown = call.text("text"), call.text("markdown_text")
    if markdown and (text or call.args.get("blocks")):
        raise RefusalError("markdown_text_conflict")
    if len(text) > TEXT_LIMIT or len(markdown) > MARKDOWN_LIMIT:
        raise RefusalError("msg_too_long")
    return text or markdown


def _blocks(call: Call) -> list[dict[str, Any]]:
    blocks = call.structure("blocks", "invalid_blocks_format") or []
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise RefusalError("invalid_blocks_format")
    problems = [problem for index, block in enumerate(blocks) if (problem := _problem(index, block))]
    if problems or len(blocks) > BLOCKS_LIMIT:
        messages = problems or [f"[ERROR] no more than {BLOCKS_LIMIT} items allowed [json-pointer:/blocks]"]
        raise RefusalError("invalid_blocks", errors=messages, response_metadata={"messages": messages})
    if sum(len(str(block.get("text"))) for block in blocks if block["type"] == "markdown") > MARKDOWN_LIMIT:
        raise RefusalError("msg_blocks_too_long")
    return [{"block_id": new_id("b")[:5], **block} for block in blocks]


def _problem(index: int, block: dict[str, Any]) -> str:
    """What is wrong with a block, in Slack's wording; empty when it is valid."""
    if block.get("type") not in BLOCK_TYPES:
        return f"[ERROR] unsupported type: {block.get('type')} [json-pointer:/blocks/{index}/type]"
    text = block.get("text")
    if block["type"] == "section" and isinstance(text, dict) and len(str(text.get("text", ""))) > SECTION_LIMIT:
        return f"[ERROR] must be less than {SECTION_LIMIT + 1} characters [json-pointer:/blocks/{index}/text/text]"
    if block["type"] == "section" and text is None and not block.get("fields"):
        return f"[ERROR] missing required field: text or fields [json-pointer:/blocks/{index}]"
    if block["type"] == "markdown" and not isinstance(text, str):
        return f"[ERROR] missing required field: text [json-pointer:/blocks/{index}/text]"
    return ""


def _metadata(call: Call) -> dict[str, Any] | None:
    metadata = call.structure("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
        raise RefusalError("invalid_metadata_format")
    if not metadata["event_type"] or not isinstance(metadata.get("event_payload"), dict):
        raise RefusalError("invalid_metadata_format")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}
