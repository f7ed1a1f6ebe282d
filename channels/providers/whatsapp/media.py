"""WhatsApp's media: an id, which leads to an address for five minutes, which leads to the content.

https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
"""

import base64
import hashlib
from collections.abc import Generator

from django.conf import settings

from channels.providers import media
from channels.providers.base import DeliveryRefusedError
from channels.providers.media import FileNotNowError
from channels.providers.shapes.files import InboundFile
from channels.providers.shapes.sending import Account
from channels.providers.whatsapp import calls
from channels.providers.whatsapp.answers import Media
from channels.providers.whatsapp.errors import MEDIA_DOWN, UNKNOWN_OBJECT

MOST_TRIES = 2


def fetch(account: Account, file: InboundFile, most_bytes: int) -> Generator[bytes, None, None]:
    """From Meta's media host only. The size is checked before, the SHA-256 after it.

    Raises as channels.providers.media.BringsFiles.
    """
    told = _told(account, file)
    if told.file_size is not None and told.file_size > most_bytes:
        raise media.too_large(most_bytes)
    digest = hashlib.sha256()
    with media.download(told.url, settings.WHATSAPP_MEDIA_URL, account.token, most_bytes) as answer:
        if answer.status in media.GONE_STATUSES:  # the address has expired: the next try asks for another
            raise FileNotNowError(MOST_TRIES)
        for piece in answer.pieces():
            digest.update(piece)
            yield piece
    if told.sha256 and told.sha256 not in _written(digest.digest()):
        raise FileNotNowError(MOST_TRIES)


def _written(digest: bytes) -> tuple[str, str]:
    """A digest as Meta writes it: in hexadecimal here, in Base64 in webhooks."""
    return digest.hex(), base64.b64encode(digest).decode()


def _told(account: Account, file: InboundFile) -> Media:
    try:
        return calls.get(Media, account, file.key)
    except DeliveryRefusedError as refusal:
        if refusal.code == str(MEDIA_DOWN):
            raise FileNotNowError(MOST_TRIES) from refusal
        if refusal.code == str(UNKNOWN_OBJECT):  # an id lives for seven days
            raise DeliveryRefusedError(media.GONE(), code=refusal.code) from refusal
        raise
