"""A file that came with a message, as its provider tells of it. Its content is fetched later: see media.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class FileKind(StrEnum):
    """What people take a file for. Each kind has its own limit of size."""

    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    STICKER = "sticker"
    DOCUMENT = "document"


@dataclass(frozen=True)
class InboundFile:
    """Nothing of it is checked: a stranger chose its name, and the provider only passes on what it was told.

    key: the provider's id of it. content_type, size (bytes): as declared; empty and None where they are not.
    most_bytes: the provider's own limit for this kind, if it has one.
    reference: what the provider needs to fetch it, in its own terms. Plain strings, stored as JSON.
    """

    key: str
    kind: FileKind = FileKind.DOCUMENT
    name: str = ""
    content_type: str = ""
    size: int | None = None
    most_bytes: int | None = None
    reference: Mapping[str, str] = field(default_factory=dict, repr=False)
