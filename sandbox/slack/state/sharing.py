"""What people send besides text: files, forwarded messages, and posts by another app on their behalf.

https://docs.slack.dev/reference/objects/file-object
https://docs.slack.dev/reference/events/message/file_share
"""

from __future__ import annotations

import base64
import time
from typing import Any, Final
from urllib.parse import quote

from sandbox.slack.state.objects import JsonObject
from sandbox.slack.state.peer import Slack
from sandbox.slack.state.records import Channel, Message, Person, new_id

SAMPLES: Final[dict[str, JsonObject]] = {
    "photo": {"name": "photo.jpg", "mimetype": "image/jpeg", "filetype": "jpg", "pretty_type": "JPEG"},
    "voice": {
        "name": "audio_message.m4a", "title": "audio message", "mimetype": "audio/mp4", "filetype": "m4a",
        "pretty_type": "MPEG 4 Audio", "subtype": "slack_audio", "duration_ms": 4_000,
        "transcription": {"status": "processing"},
    },
    "pdf": {"name": "menu.pdf", "mimetype": "application/pdf", "filetype": "pdf", "pretty_type": "PDF"},
}  # fmt: skip
"""The files that the chat page can attach."""

BEGINS: Final = {
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01",
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "audio/mp4": b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A isom",
    "application/pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\ntrailer\n<<>>\n%%EOF\n",
}
"""How files of these types begin, which is as much of one as anybody here looks at."""

OTHER_APP: Final = "A0OTHERAPP"


def content_of(given: JsonObject) -> bytes:
    """What is in a file: as given in Base64, else the beginning of a file of its type."""
    encoded = given.get("content_base64")
    if encoded is not None:
        return base64.b64decode(encoded)
    begins = BEGINS.get(str(given.get("mimetype")), b"Nothing but words.\n")
    return begins + b"\0" * 200 if begins[:1] in b"\xff\0" else begins


def file_object(slack: Slack, person: Person, given: JsonObject) -> JsonObject:
    """A file as a message carries it, which can be downloaded from then on; `given` replaces fields."""
    file, now = new_id("F"), int(time.time())
    name = str(given.get("name", "file.bin"))
    address = f"{slack.files_url}/files-pri/{person.team_id}-{file}"
    content = content_of(given)
    kind = str(given.get("mimetype", "application/octet-stream"))
    slack.database.run("INSERT INTO file VALUES (?, ?, ?, ?)", file, person.team_id, kind, content)
    last = quote(name.rpartition("/")[2] or "file", safe="")
    return {
        "id": file,
        "created": now,
        "timestamp": now,
        "name": name,
        "title": name,
        "mimetype": "application/octet-stream",
        "filetype": "binary",
        "pretty_type": "Binary",
        "user": person.id,
        "user_team": person.team_id,
        "editable": False,
        "size": len(content),
        "mode": "hosted",
        "is_external": False,
        "external_type": "",
        "is_public": False,
        "public_url_shared": False,
        "display_as_bot": False,
        "username": "",
        "url_private": f"{address}/{last}",
        "url_private_download": f"{address}/download/{last}",
        "media_display_type": "unknown",
        "has_rich_preview": False,
        "file_access": "visible",
        **{name: value for name, value in given.items() if name != "content_base64"},
    }


def shared(slack: Slack, person: Person, files: list[JsonObject]) -> JsonObject:
    """The part of a message body that holds files."""
    built = [file_object(slack, person, each) for each in files]
    return {"subtype": "file_share", "files": built, "upload": False, "display_as_bot": False}


def forwarded(slack: Slack, channel: Channel, message: Message) -> JsonObject:
    """The attachment that represents a forwarded message: its text, and its blocks one level deeper."""
    author = slack.workspaces.person(message.user_id, channel.team_id)
    url = f"https://{slack.workspaces.workspace(channel.team_id).domain}.slack.com/archives/{channel.id}/p"
    deeper = {"team": channel.team_id, "channel": channel.id, "ts": message.ts}
    return {
        "ts": message.ts,
        "author_id": author.id,
        "author_name": author.real_name,
        "author_subname": author.handle,
        "channel_id": channel.id,
        "channel_team": channel.team_id,
        "channel_name": "Direct Message" if channel.is_im else channel.name,
        "is_msg_unfurl": True,
        "is_share": True,
        "message_blocks": [{**deeper, "message": {"blocks": message.body.get("blocks", [])}}],
        "files": message.body.get("files", []),
        "from_url": url + message.ts.replace(".", ""),
        "fallback": f"[{message.ts}] {author.handle}: {message.text}",
        "text": message.text,
        "mrkdwn_in": ["text"],
        "id": 1,
    }


def by_other_app(person: Person, *, with_bot_user: str = "") -> dict[str, Any]:
    """The fields that mark a message as posted by another app, with a person's token or as its own bot user."""
    bot, user = new_id("B"), with_bot_user or person.id
    profile = {"id": bot, "app_id": OTHER_APP, "name": "Other app", "icons": {}, "deleted": False}
    return {
        "bot_id": bot,
        "app_id": OTHER_APP,
        "user": user,
        "bot_profile": {**profile, "updated": 1_700_000_000, "team_id": person.team_id},
    }
