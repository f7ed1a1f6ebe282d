"""Slack's files: https://docs.slack.dev/reference/objects/file-object#authentication"""

from collections.abc import Generator

from django.conf import settings

from channels.providers import media
from channels.providers.base import DeliveryRefusedError
from channels.providers.shapes.files import InboundFile
from channels.providers.shapes.sending import Account
from channels.providers.slack import wordings
from channels.providers.slack.incoming.files import URL

PAGE = "text/html"


def fetch(account: Account, file: InboundFile, most_bytes: int) -> Generator[bytes, None, None]:
    """From Slack's file host only. Without the scope files:read Slack answers with its log-in page, or sends us there.

    Raises as channels.providers.media.BringsFiles.
    """
    with media.download(file.reference.get(URL, ""), settings.SLACK_FILES_URL, account.token, most_bytes) as answer:
        is_page = answer.status == 200 and answer.content_type == PAGE and file.content_type != PAGE
        if is_page or 300 <= answer.status < 400 or answer.status in {401, 403}:
            raise DeliveryRefusedError(wordings.NO_FILES(), code="missing_scope")
        yield from answer.pieces()
