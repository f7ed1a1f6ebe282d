"""What keeps an answer from pinging somebody, and a link from showing another address than it leads to.

How a markdown block reads `<!channel>`, `@here` or half of an entity is documented nowhere, and may change. So none is
left to be read: an invisible character, the word joiner, parts what could be put together. It looks the same.
"""

import re
import unicodedata
from urllib.parse import urlsplit

JOINER = "\u2060"
SPECIAL = r"(?:channel|here|everyone|group)"
AT = re.compile(rf"(?<![A-Za-z0-9._%+-])@(?!{JOINER})|@(?={SPECIAL}(?![\w-]|\.\w))", re.IGNORECASE)
"""An at sign that begins a name; one inside an e-mail address stays."""
OPENING = re.compile(rf"<(?=[^\s\d=<{JOINER}-]|$)")
"""A `<` that could begin a token, a tag or a link."""
ENTITY = re.compile(r"&(?=#|lt|gt|amp|commat|num|excl)", re.IGNORECASE)
LINK_JOINT = re.compile(r"\](?=[(\[:])")
CODE_TOKEN = re.compile(
    rf"<(?=@[a-z]|#[a-z]|!(?:{SPECIAL}|subteam|date)\b|(?:https?|mailto|tel):)"
    r"|&(?=(?:lt|#0{0,6}60|#x0{0,6}3c);?[@#!])"
    rf"|@(?={SPECIAL}\b)",
    re.IGNORECASE,
)
LIVE = {"http", "https", "mailto", "tel"}
"""What a link may lead to; other schemes are shown as text."""
HOST = re.compile(r"(?<![\w-])[\w.-]{1,253}")
NAME = re.compile(r"(?:[\w-]{1,63}\.){1,10}(?:[^\W\d_]{2,63}|xn--[\w-]{2,59})|(?:\d{1,3}\.){3}\d{1,3}")
ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]{0,30}:)?/{0,3}([^/?#]{0,300})")
BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")


def words(text: str) -> str:
    """Prose without anything that Slack could take for a mention, a token or a link of its own."""
    text = AT.sub(f"@{JOINER}", OPENING.sub(f"<{JOINER}", text))
    return LINK_JOINT.sub(f"]{JOINER}", ENTITY.sub(f"&{JOINER}", text))


def mentions(text: str) -> str:
    """The same for text whose `<`, `>` and `&` are escaped: only names after an at sign are left."""
    return AT.sub(f"@{JOINER}", text)


def address(url: str) -> str:
    """An address in which nothing looks like a mention."""
    return AT.sub("%40", url)


def code(text: str) -> str:
    """Code, changed only where it holds a mention or a token of Slack's: who copies it wants it as it is."""
    return CODE_TOKEN.sub(lambda found: found[0] + JOINER, text)


def is_live(url: str) -> bool:
    """May this become a link?"""
    scheme, colon, rest = url.partition(":")
    return bool(colon and rest) and scheme.lower() in LIVE


def shows_another(label: str, url: str) -> bool:
    """Does this label look like an address, and like another one than its link leads to?"""
    seen = unicodedata.normalize("NFKC", label).replace("\u3002", ".")  # browsers take the ideographic full stop too
    if BIDI.search(seen):
        return True
    seen = "".join(each for each in seen if unicodedata.category(each) != "Cf").casefold()
    if _essence(seen) == _essence(url.casefold()):
        return False
    target = _host(url)
    return any(_names_another(word, target) for word in seen.split())


def _names_another(word: str, target: str) -> bool:
    """Is there a host in this word, and does it not begin with the one that it should be?"""
    address = ADDRESS.match(word)
    if address and target and _bare(address[1].rpartition(":")[0] or address[1]) == target:
        return False
    return "://" in word or any(NAME.fullmatch(found.strip(".-")) for found in HOST.findall(word))


def _essence(url: str) -> str:
    scheme, colon, rest = url.partition(":")
    return _bare((rest if colon and scheme in LIVE else url).strip("/"))


def _host(url: str) -> str:
    """The host of a web address, or of an e-mail address; empty for a telephone number."""
    try:
        if url.lower().startswith("mailto:"):
            return _bare(url.partition("?")[0].rpartition("@")[2].casefold())
        return _bare((urlsplit(url).hostname or "").casefold())
    except ValueError:
        return ""


def _bare(host: str) -> str:
    return host.removeprefix("www.").rstrip(".")
