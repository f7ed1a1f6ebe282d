"""Slack's message text as readable text: mentions, links, dates and escapes undone in one pass.

https://docs.slack.dev/messaging/formatting-message-text#retrieving-messages
"""

import re
from datetime import UTC, datetime

MENTION = re.compile(r"<@([UW][A-Z0-9]{1,30})(?:\|[^<>]*)?>")
"""Somebody who is mentioned, by id."""
TOKEN = re.compile(r"<([^<>]*)>")
"""Angle brackets that people type arrive as entities: these are Slack's own."""
ENTITY = re.compile(r"&(lt|gt|amp);")
CHARACTERS = {"lt": "<", "gt": ">", "amp": "&"}
PERSON = re.compile(r"@([UWB][A-Z0-9]{1,30})")
CHANNEL = re.compile(r"#([A-Z][A-Z0-9]{1,30})")
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30}):(//)?")
BROADCASTS = {"here", "channel", "everyone", "group"}
BARE = {"mailto", "tel"}
"""Schemes that nobody types: what follows them is what was meant."""


def plain_text(mrkdwn: str, bot_user_id: str) -> str:
    """Slack's text for a reader: our own mention left out, links with their targets, entities undone once.

    What is no token of Slack's (a single `<`, `<>`, `<b>`) stays as it is. People without a label stay `@<id>`.
    """
    pieces: list[str] = []
    position = 0
    for found in TOKEN.finditer(mrkdwn):
        pieces += [_decoded(mrkdwn[position : found.start()]), _token(found[1], bot_user_id)]
        position = found.end()
    pieces.append(_decoded(mrkdwn[position:]))
    return storable("".join(pieces)).strip()


def storable(text: str) -> str:
    """The same text without what Postgres does not store: NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _decoded(text: str) -> str:
    return ENTITY.sub(lambda found: CHARACTERS[found[1]], text)


def _token(inner: str, bot_user_id: str) -> str:
    """What stands for `<inner>`."""
    target, _, raw_label = inner.partition("|")
    label = _decoded(raw_label).strip()
    if person := PERSON.fullmatch(target):
        return "" if person[1] == bot_user_id else f"@{label.removeprefix('@') or person[1]}"
    if channel := CHANNEL.fullmatch(target):
        return f"#{label.removeprefix('#') or channel[1]}"
    if target.startswith("!"):
        return _special(target[1:], label) or _decoded(f"<{inner}>")
    if SCHEME.match(target) or (target and label):
        return _link(_decoded(target), label)
    return _decoded(f"<{inner}>")


def _special(command: str, label: str) -> str:
    """A special mention, a group of people, a date; empty for what Slack has not told of and that has no label."""
    name, _, rest = command.partition("^")
    if name in BROADCASTS:
        return f"@{label.removeprefix('@') or name}"
    if name == "subteam":
        return f"@{label.removeprefix('@') or rest}"
    if name == "date":
        return _date(rest, label)
    return label


def _date(rest: str, fallback: str) -> str:
    """`timestamp^format^link`: the fallback, which says the date in words, and the link where there is one."""
    stamp, _, shape = rest.partition("^")
    _, _, link = shape.partition("^")
    shown = fallback or _moment(stamp)
    return _link(_decoded(link), shown) if link else shown


def _moment(stamp: str) -> str:
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= len("253402300799")):
        return ""
    try:
        return f"{datetime.fromtimestamp(int(stamp), UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return ""


def _link(url: str, label: str) -> str:
    """The label and what it leads to, told once where they are the same."""
    address = _address(url)
    if not label or _essence(label) == _essence(url):
        return address
    return f"{label} ({address})"


def _address(url: str) -> str:
    scheme = SCHEME.match(url)
    return url[scheme.end() :] if scheme and scheme[1].lower() in BARE else url


def _essence(url: str) -> str:
    scheme = SCHEME.match(url)
    without = url[scheme.end() :] if scheme and (scheme[2] or scheme[1].lower() in BARE) else url
    return without.rstrip("/").casefold()
