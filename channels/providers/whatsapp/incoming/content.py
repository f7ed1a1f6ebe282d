"""What a message of each type says, as text: the person's own words, and notes about what nobody here can see.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from channels.providers.shapes.files import FileKind, InboundFile
from channels.providers.whatsapp.incoming.shapes import object_of, objects_of, words_of

LONGEST = 40_000
"""Characters of one text; people can send 65,536."""
LONGEST_NAME = 300
LONGEST_ID = 120
MOST = 20
"""Contacts, or items of an order."""
MEGABYTE = 1024 * 1024
FILES: Mapping[str, tuple[FileKind, int]] = {
    "image": (FileKind.IMAGE, 5 * MEGABYTE),
    "audio": (FileKind.AUDIO, 16 * MEGABYTE),
    "video": (FileKind.VIDEO, 16 * MEGABYTE),
    "document": (FileKind.DOCUMENT, 100 * MEGABYTE),
    "sticker": (FileKind.STICKER, MEGABYTE // 2),
}
"""The types that bring a file, each with WhatsApp's own limit."""
NOTHING = "[The person sent something without any words.]"
Part = Mapping[str, Any]


@dataclass(frozen=True)
class Content:
    """words: what can be read, the person's own or told by a note. note: what cannot."""

    words: str = ""
    note: str = ""

    @property
    def text(self) -> str:
        """All of it; never empty."""
        return "\n".join(filter(None, (self.note, self.words))) or NOTHING


def content_of(message: Part) -> Content:
    """Read a message by its type; of one that nobody knows, only its type is told."""
    kind = words_of(message.get("type"))
    read = READERS.get(kind)
    if read is None:
        return Content(note=f"[The person sent a message of the type “{kind[:60]}”, which you cannot read.]")
    content = read(message)
    brought = _brought(message) if content.words else ()
    return Content("\n".join(filter(None, (*brought, content.words))), content.note)


def files_of(message: Part) -> list[InboundFile]:
    """The file that a message brings, if it is of a type that does."""
    of_type = words_of(message.get("type"))
    if of_type not in FILES:
        return []
    told = object_of(message.get(of_type))
    key = words_of(told.get("id"))
    if not (key.isascii() and key.replace("-", "").replace("_", "").isalnum()) or len(key) > LONGEST_ID:
        return []
    kind, most_bytes = FILES[of_type]
    name = words_of(told.get("filename"))[:LONGEST_NAME]
    return [InboundFile(key, kind, name, words_of(told.get("mime_type"))[:LONGEST_NAME], most_bytes=most_bytes)]


def _text(message: Part) -> Content:
    return Content(words_of(object_of(message.get("text")).get("body"))[:LONGEST])


def _media(kind: str, note: str) -> Callable[[Part], Content]:
    def read(message: Part) -> Content:
        return Content(words_of(object_of(message.get(kind)).get("caption"))[:LONGEST], note)

    return read


def _audio(message: Part) -> Content:
    is_voice = object_of(message.get("audio")).get("voice") is True
    what = "a voice message" if is_voice else "an audio file"
    return Content(note=f"[The person sent {what}. You cannot listen to it.]")


def _document(message: Part) -> Content:
    document = object_of(message.get("document"))
    name = words_of(document.get("filename"))[:LONGEST_NAME]
    what = f"the file “{name}”" if name else "a file"
    return Content(words_of(document.get("caption"))[:LONGEST], f"[The person sent {what}. You cannot open it.]")


def _location(message: Part) -> Content:
    place = object_of(message.get("location"))
    point = ", ".join(f"{place[each]}" for each in ("latitude", "longitude") if _is_number(place.get(each)))
    said = [words_of(place.get(each))[:LONGEST_NAME] for each in ("name", "address", "url")]
    found = "; ".join(filter(None, (*said, point)))
    return Content(f"[The person shared a location: {found}]" if found else "")


def _contacts(message: Part) -> Content:
    shared = [line for each in objects_of(message.get("contacts"))[:MOST] if (line := _contact(each))]
    return Content("\n".join(f"[The person shared a contact: {each}]" for each in shared))


def _contact(contact: Part) -> str:
    name = words_of(object_of(contact.get("name")).get("formatted_name"))
    company = words_of(object_of(contact.get("org")).get("company"))
    phones = [words_of(each.get("phone")) for each in objects_of(contact.get("phones"))[:MOST]]
    mails = [words_of(each.get("email")) for each in objects_of(contact.get("emails"))[:MOST]]
    return "; ".join(each[:LONGEST_NAME] for each in (name, company, *phones, *mails) if each)


def _button(message: Part) -> Content:
    button = object_of(message.get("button"))
    return Content((words_of(button.get("text")) or words_of(button.get("payload")))[:LONGEST])


def _interactive(message: Part) -> Content:
    """What the person chose in a list, or pressed."""
    reply = object_of(message.get("interactive"))
    chosen = object_of(reply.get(words_of(reply.get("type"))))
    title, description = words_of(chosen.get("title")), words_of(chosen.get("description"))
    said = f"{title} ({description})" if title and description else title or words_of(chosen.get("body"))
    return Content(said[:LONGEST], "" if said else "[The person filled in a form or pressed a button.]")


def _order(message: Part) -> Content:
    order = object_of(message.get("order"))
    items = [_item(each) for each in objects_of(order.get("product_items"))[:MOST]]
    listed = f"[The person sent an order: {'; '.join(items)}]" if items else ""
    return Content("\n".join(filter(None, (listed, words_of(order.get("text"))[:LONGEST]))))


def _item(item: Part) -> str:
    product, currency = words_of(item.get("product_retailer_id")), words_of(item.get("currency"))
    quantity, price = item.get("quantity"), item.get("item_price")
    count = f"{quantity} x " if _is_number(quantity) else ""
    cost = f" at {price} {currency[:10]}" if _is_number(price) else ""
    return f"{count}{product[:LONGEST_NAME] or 'a product'}{cost}"


def _welcome(message: Part) -> Content:
    return Content("[The person opened this chat for the first time and has not written anything yet.]")


def _unsupported(message: Part) -> Content:
    return Content(note="[The person sent something that WhatsApp does not pass on, such as a poll or an edit.]")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12


def _brought(message: Part) -> Iterator[str]:
    """What a message came with: it was forwarded, is about a product, or answers an ad."""
    context = object_of(message.get("context"))
    if context.get("forwarded") is True or context.get("frequently_forwarded") is True:
        yield "[The person forwarded this message:]"
    product = words_of(object_of(context.get("referred_product")).get("product_retailer_id"))
    if product:
        yield f"[About the product “{product[:LONGEST_NAME]}” of your catalog:]"
    ad = object_of(message.get("referral"))
    said = ": ".join(filter(None, (words_of(ad.get(each))[:LONGEST_NAME] for each in ("headline", "body"))))
    if said:
        yield f"[The person comes from your ad “{said}”:]"


READERS: Mapping[str, Callable[[Part], Content]] = {
    "text": _text,
    "image": _media("image", "[The person sent a picture. You cannot see it.]"),
    "video": _media("video", "[The person sent a video. You cannot watch it.]"),
    "sticker": _media("sticker", "[The person sent a sticker. You cannot see it.]"),
    "audio": _audio,
    "document": _document,
    "location": _location,
    "contacts": _contacts,
    "button": _button,
    "interactive": _interactive,
    "order": _order,
    "request_welcome": _welcome,
    "unsupported": _unsupported,
    "unknown": _unsupported,
}
