"""What an AI employee reads in messages without plain text: blocks, files, forwarded messages, bare mentions."""

import json
from typing import Any

import pytest

from channels.providers.base import InboundEvent, InboundMessage
from channels.providers.slack import wordings
from channels.providers.slack.incoming import events, subtypes
from tests.channels.slack import BOT, payload


def read(name: str = "message_im", **event: Any) -> InboundEvent:
    body = json.dumps(payload(name, **event)).encode()
    return events.read_event(events.read_envelope(body), body, BOT)


def heard(name: str = "message_im", **event: Any) -> InboundMessage:
    message = read(name, **event).message
    assert message, "nothing was heard"
    return message


def rich(*elements: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}]


def words(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


ITEMS = [{"type": "rich_text_section", "elements": [words(each)]} for each in ("bread", "rolls")]
CELL = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [words("7")]}]}
BLOCKS: list[tuple[list[dict[str, Any]], str]] = [
    (rich(words("2 < 3 & "), {"type": "emoji", "name": "wave"}), "2 < 3 & :wave:"),
    (rich({"type": "link", "url": "https://x.example/a", "text": "our menu"}), "our menu (https://x.example/a)"),
    (rich({"type": "user", "user_id": BOT}, words(" open at 7?")), "open at 7?"),
    (rich({"type": "user", "user_id": "U0ELSE"}, words(" knows")), "@U0ELSE knows"),
    (rich({"type": "date", "timestamp": 1, "fallback": "3 May"}, {"type": "color", "value": "#F00"}), "3 May#F00"),
    ([{"type": "rich_text", "elements": [{"type": "rich_text_list", "style": "bullet", "elements": ITEMS}]}],
     "• bread\n• rolls"),
    ([{"type": "rich_text",
       "elements": [{"type": "rich_text_list", "style": "ordered", "indent": 1, "elements": ITEMS}]}],
     "1. bread\n    2. rolls"),
    ([{"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": [words("as he said")]}]}],
     "> as he said"),
    ([{"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [words("x = 1\ny = 2")]}]}],
     "x = 1\ny = 2"),
    ([{"type": "section", "text": mrkdwn("A &amp; B"),
       "fields": [mrkdwn("one"), {"type": "plain_text", "text": "<two>"}]}],
     "A & B\none\n<two>"),
    ([{"type": "header", "text": {"type": "plain_text", "text": "Offer"}}, {"type": "divider"},
      {"type": "context", "elements": [mrkdwn("until Friday"), {"type": "image", "alt_text": "a cake"}]}],
     "Offer\nuntil Friday a cake"),
    ([{"type": "markdown", "text": "# Plan\n- one"}], "# Plan\n- one"),
    ([{"type": "table", "rows": [[{"type": "raw_text", "text": "open"}, CELL]]}], "open | 7"),
    ([{"type": "image", "alt_text": "a cake", "image_url": "https://x.example/a.png"}],
     "[A picture: a cake. You cannot see it.]"),
    ([{"type": "video", "title": {"type": "plain_text", "text": "Our shop"}}],
     "[A video: Our shop. You cannot watch it.]"),
    ([{"type": "call", "call_id": "R0"}], "[A call. You cannot join it.]"),
    ([{"type": "a_kind_of_next_year", "title": "News", "elements": [{"type": "another", "text": mrkdwn("inside")}]}],
     "News\ninside"),
]  # fmt: skip


@pytest.mark.parametrize(("blocks", "text"), BLOCKS, ids=[str(each[0][0]["type"]) for each in BLOCKS])
def test_blocks_are_read_as_a_person_reads_them(blocks: list[Any], text: str) -> None:
    message = heard(text="", blocks=blocks)
    assert message.text == text
    assert message.is_readable


def test_typed_text_is_not_read_twice_and_blocks_replace_their_summary() -> None:
    assert heard(text="Hello", blocks=rich(words("Hello"))).text == "Hello"
    section = [{"type": "section", "text": mrkdwn("All the details")}]
    assert heard(text="A notice", blocks=section).text == "All the details"
    assert heard(text="Hello", blocks=[*rich(words("Hello")), {"type": "actions", "elements": []}]).text == "Hello"


def test_only_people_named_in_blocks_are_mentioned() -> None:
    blocks = rich({"type": "user", "user_id": BOT}, words(" hello"))
    assert heard("message_channels", text="", blocks=blocks).is_addressed
    named = heard("message_channels", text="", blocks=rich({"type": "usergroup", "usergroup_id": "S0TEAM"}))
    assert (named.is_addressed, named.mentions_others) == (False, True)


FILES = [
    ({"name": "menu.jpg", "mimetype": "image/jpeg"}, "[The person sent a photo, “menu.jpg”. You cannot see it.]"),
    ({"name": "a.m4a", "mimetype": "audio/mp4", "subtype": "slack_audio"},
     "[The person sent a voice message, “a.m4a”. You cannot hear it.]"),
    ({"name": "a.mp4", "mimetype": "video/mp4", "subtype": "slack_video"},
     "[The person sent a video message, “a.mp4”. You cannot watch it.]"),
    ({"title": "Offer", "mimetype": "application/pdf", "pretty_type": "PDF"},
     "[The person sent a file (PDF), “Offer”. You cannot open it.]"),
    ({"id": "F1", "file_access": "check_file_info"}, "[The person sent a file. You cannot open it.]"),
    ({"id": "F1", "mode": "tombstone"}, "[The person sent a file that is no longer there.]"),
    ({"name": ["no"], "mimetype": {}, "mode": [], "subtype": 7}, "[The person sent a file. You cannot open it.]"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "note"), FILES)
def test_a_file_alone_is_described_and_has_no_text(file: dict[str, Any], note: str) -> None:
    message = heard(text="", subtype="file_share", files=[file])
    assert (message.text, message.is_readable) == (note, False)
    mentioned = heard("app_mention", text=f"<@{BOT}>", files=[file])
    assert (mentioned.text, mentioned.is_readable, mentioned.is_addressed) == (note, False, True)


def test_a_file_comes_after_its_text() -> None:
    message = heard(text="What is this?", subtype="file_share", files=[{"name": "a.png", "mimetype": "image/png"}])
    assert message.text == "What is this?\n\n[The person sent a photo, “a.png”. You cannot see it.]"
    assert message.is_readable


@pytest.mark.parametrize(
    "file",
    [
        {"name": "a.txt", "mode": "snippet", "preview": "Two rolls"},
        {"name": "a.eml", "mode": "email", "plain_text": "Two rolls"},
        {"name": "a.m4a", "subtype": "slack_audio", "transcription": {"preview": {"content": "Two rolls"}}},
    ],
)
def test_a_file_that_includes_its_text_is_read(file: dict[str, Any]) -> None:
    message = heard(text="", subtype="file_share", files=[file])
    assert message.text.endswith("\n\n> Two rolls")
    assert "cannot" not in message.text
    assert message.is_readable


def test_many_files_are_counted() -> None:
    message = heard(text="", subtype="file_share", files=[{"mimetype": "image/png"}] * 25)
    assert message.text.endswith("[And 5 more files.]")


SHARE = {"is_share": True, "is_msg_unfurl": True, "author_name": "Ada", "channel_id": "C1", "channel_name": "sales"}
DEEPER = [{"team": "T1", "message": {"blocks": [{"type": "section", "text": mrkdwn("We need 40 rolls")}]}}]
QUOTED = "[Forwarded message from Ada in #sales:]\n> We need 40 rolls"


@pytest.mark.parametrize(
    "attachment",
    [
        {**SHARE, "text": "We need 40 rolls"},
        {**SHARE, "text": "", "blocks": rich(words("We need 40 rolls"))},
        {**SHARE, "message_blocks": DEEPER},
        {**SHARE, "fallback": "We need 40 rolls"},
    ],
    ids=["text", "blocks", "blocks of the message", "fallback"],
)
def test_a_forwarded_message_is_quoted(attachment: dict[str, Any]) -> None:
    assert heard(text="", attachments=[attachment]).text == QUOTED
    asked = heard("app_mention", text=f"<@{BOT}> can we?", attachments=[attachment])
    assert asked.text == f"can we?\n\n{QUOTED}"


def test_a_mention_inside_a_forwarded_message_is_ignored() -> None:
    share = {**SHARE, "text": f"<@{BOT}> when do you open? <@U0ELSE>"}
    message = heard("message_channels", text="Look", attachments=[share])
    assert (message.is_addressed, message.mentions_others) == (False, False)


def test_other_attachments_are_read_with_their_fields() -> None:
    attachment = {"pretext": "New order", "title": "No. 7", "fields": [{"title": "Cakes", "value": "2"}]}
    assert heard(text="", attachments=[attachment]).text == "[Attached:]\n> New order\n> No. 7\n> Cakes: 2"


def test_a_forwarded_photo_has_no_text() -> None:
    share = {**SHARE, "text": "", "files": [{"name": "a.png", "mimetype": "image/png"}], "fallback": "a.png"}
    message = heard(text="", attachments=[share])
    assert (
        message.text == "[Forwarded message from Ada in #sales:]\n> [With it came a photo, “a.png”. You cannot see it.]"
    )
    assert not message.is_readable


def test_a_bare_mention_is_heard() -> None:
    for text in (f"<@{BOT}>", f"  <@{BOT}|roster> "):
        message = heard("app_mention", text=text)
        assert (message.text, message.is_readable) == (events.BARE_MENTION, True)


@pytest.mark.parametrize("text", ["", None, "   ", "\x00", f"<@{BOT}>"])
def test_an_empty_direct_message_is_heard_too(text: Any) -> None:
    assert heard(text=text).text in {events.NOTHING_READABLE, events.BARE_MENTION}


@pytest.mark.parametrize("text", [":tada:", "/help", "waves at you", "?"])
def test_emoji_and_command_like_messages_are_text(text: str) -> None:
    message = heard(text=text)
    assert (message.text, message.is_readable) == (text, True)


def test_half_an_emoji_does_not_lose_the_message() -> None:
    body = json.dumps(payload("message_im", text="XX open?")).replace("XX", "\\ud83c \\u0000").encode()
    message = events.read_event(events.read_envelope(body), body, BOT).message
    assert message
    assert message.text == "?  open?"


DOCUMENTED = [
    "assistant_app_thread",
    "bot_message",
    "channel_archive",
    "channel_convert_to_private",
    "channel_join",
    "channel_leave",
    "channel_name",
    "channel_posting_permissions",
    "channel_purpose",
    "channel_topic",
    "channel_unarchive",
    "ekm_access_denied",
    "file_comment",
    "file_mention",
    "group_archive",
    "group_join",
    "group_leave",
    "group_name",
    "group_purpose",
    "group_topic",
    "group_unarchive",
    "message_changed",
    "message_deleted",
    "message_replied",
    "pinned_item",
    "reminder_add",
    "reply_broadcast",
    "unpinned_item",
]
"""Subtypes not sent by people: https://docs.slack.dev/reference/events/message"""
SEEN = [
    "app_conversation_join",
    "bot_add",
    "bot_disable",
    "bot_enable",
    "bot_remove",
    "channel_canvas_updated",
    "channel_convert_to_public",
    "joiner_notification",
    "sh_room_shared",
    "slackbot_response",
    "tabbed_canvas_updated",
    "tombstone",
]
SPOKEN = ["file_share", "me_message", "thread_broadcast", "document_mention", "huddle_thread", "sh_room_created"]


@pytest.mark.parametrize("subtype", [*DOCUMENTED, *SEEN])
def test_each_subtype_not_sent_by_people_is_ignored_for_a_reason(subtype: str) -> None:
    event = read("app_mention", subtype=subtype, client_msg_id="1")
    assert event.message is None
    assert event.reason == subtypes.SILENT[subtype]()


@pytest.mark.parametrize("subtype", SPOKEN)
def test_each_subtype_sent_by_people_is_heard(subtype: str) -> None:
    assert heard("app_mention", subtype=subtype).is_addressed


def test_every_known_subtype_has_one_outcome_here() -> None:
    assert set(subtypes.SILENT) | subtypes.SPOKEN >= {*DOCUMENTED, *SEEN, *SPOKEN}
    assert not set(subtypes.SILENT) & subtypes.SPOKEN


def test_an_unknown_subtype_is_heard_if_a_person_typed_it() -> None:
    assert heard(subtype="hologram", client_msg_id="c0ffee").text
    assert read(subtype="hologram").reason == wordings.ANNOUNCED()


def test_a_huddle_and_a_canvas_are_described() -> None:
    huddle = heard(subtype="huddle_thread", text="A huddle started", room={"id": "R0"})
    assert (huddle.text, huddle.is_readable) == ("[The person started a huddle. You cannot join it.]", False)
    section = [{"type": "section", "text": mrkdwn(f"&gt;&gt;&gt;Hey <@{BOT}> when?")}]
    canvas = heard("app_mention", subtype="document_mention", text="was mentioned in a canvas", blocks=section)
    assert canvas.text == ">>>Hey  when?\n\n[The person mentioned you in a canvas, where this stands:]"
