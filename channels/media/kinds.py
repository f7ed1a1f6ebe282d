"""What a file is, judged by its content: a name and a declared type are only what somebody said.

Few formats are kept: pictures, recordings, videos, and documents as people exchange them. What a browser could run
(HTML, SVG) and programs are not among them.
"""

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass

import filetype
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from channels.media import names
from channels.providers.shapes.files import FileKind
from tenants.wordings import Reason, Wording

HEAD_BYTES = 8192
"""As much of the beginning as is looked at."""

NOT_KEPT = Wording(
    "media.not_kept",
    _("Files of this type are not kept: only pictures, recordings, videos, and documents such as PDF, Office or text."),
)
NOT_ITS_TYPE = Wording(
    "media.not_its_type", _("It claims to be %(declared)s, but its content is %(found)s, so it was not kept.")
)
EMPTY = Wording("media.empty", _("The file is empty."))

TEXT = "text/plain"
OFFICE = "application/vnd.openxmlformats-officedocument."
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
OLE, OLE_BEGINS = "application/x-ole-storage", bytes.fromhex("d0cf11e0a1b11ae1")
"""What Word, Excel and PowerPoint wrote before 2007."""
BY_TYPE: Mapping[str, FileKind] = {
    **dict.fromkeys(("image/jpeg", "image/png", "image/webp", "image/gif", "image/heic"), FileKind.IMAGE),
    **dict.fromkeys(("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/x-wav"), FileKind.AUDIO),
    **dict.fromkeys(("video/mp4", "video/3gpp", "video/quicktime", "video/webm"), FileKind.VIDEO),
    **dict.fromkeys(("application/pdf", "application/rtf", "application/zip", OLE, TEXT), FileKind.DOCUMENT),
    **{f"{OFFICE}{each}": FileKind.DOCUMENT for each in (
        "wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation",
    )},
    **{f"{OPEN_DOCUMENT}{each}": FileKind.DOCUMENT for each in ("text", "spreadsheet", "presentation")},
}  # fmt: skip
"""The types that are kept, and what people take them for."""

CONTAINERS = (
    frozenset({"audio/mp4", "audio/x-m4a", "audio/m4a", "audio/3gpp", "video/mp4", "video/3gpp", "video/quicktime"}),
    frozenset({"audio/ogg", "audio/opus", "application/ogg", "video/ogg"}),
    frozenset({"audio/mpeg", "audio/mp3"}),
    frozenset({"audio/aac", "audio/x-aac", "audio/aacp"}),
    frozenset({"audio/amr", "audio/x-amr"}),
    frozenset({"audio/x-wav", "audio/wav", "audio/wave", "audio/vnd.wave"}),
    frozenset({"video/webm", "audio/webm"}),
    frozenset({"image/heic", "image/heif"}),
    frozenset({"image/jpeg", "image/jpg"}),
    frozenset({"application/rtf", "text/rtf"}),
    frozenset({"application/zip", "application/x-zip-compressed"}),
    frozenset({OLE, "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"}),
)
"""Types that share a format, or are one type with several names."""
AS_TEXT = frozenset({"application/json", "application/xml", "application/csv", "application/x-yaml", "message/rfc822"})
NEVER_TEXT = frozenset({"text/html", "text/rtf"})
UNKNOWN = frozenset({"", "application/octet-stream", "binary/octet-stream"})
RUNS = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<svg", b"<?xml", b"<iframe", b"#!")
"""How text begins that a browser or a shell would run, or that may turn out to be."""
SUFFIXES: Mapping[str, str] = {
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".gif": "image/gif",
    ".heic": "image/heic", ".heif": "image/heif", ".aac": "audio/aac", ".amr": "audio/amr", ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4", ".ogg": "audio/ogg", ".oga": "audio/ogg", ".opus": "audio/opus", ".wav": "audio/x-wav",
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".3gp": "video/3gpp", ".mov": "video/quicktime", ".webm": "video/webm",
    ".pdf": "application/pdf", ".rtf": "application/rtf", ".zip": "application/zip", ".txt": TEXT, ".doc": OLE,
    ".xls": OLE, ".ppt": OLE, ".docx": f"{OFFICE}wordprocessingml.document", ".xlsx": f"{OFFICE}spreadsheetml.sheet",
    ".pptx": f"{OFFICE}presentationml.presentation", ".odt": f"{OPEN_DOCUMENT}text",
    ".ods": f"{OPEN_DOCUMENT}spreadsheet", ".odp": f"{OPEN_DOCUMENT}presentation",
}  # fmt: skip
"""The suffixes of what is kept, the usual one of each type first."""
_others = mimetypes.MimeTypes(filenames=())  # Python's list, not this machine's


@dataclass(frozen=True)
class Judged:
    """What a file is; or why it is not kept."""

    content_type: str = ""
    kind: FileKind = FileKind.DOCUMENT
    refusal: Reason | None = None


def judge(head: bytes, name: str, declared_type: str, *, is_sticker: bool = False) -> Judged:
    """What a file is, by its first HEAD_BYTES. name: a clean one."""
    if not head:
        return Judged(refusal=EMPTY())
    found = _found(head[:HEAD_BYTES])
    if found not in BY_TYPE:
        return Judged(refusal=NOT_KEPT())
    said = declared_type.partition(";")[0].strip().lower()
    for declared in (said, type_of(name)):
        if not (declared in UNKNOWN or is_same(declared, found)):
            return Judged(refusal=NOT_ITS_TYPE(declared=called(declared), found=called(found)))
    return Judged(found, _kind(found, said, is_sticker=is_sticker))


def _kind(found: str, said: str, *, is_sticker: bool) -> FileKind:
    kind = BY_TYPE[found]
    if kind is FileKind.VIDEO and said.startswith("audio/"):  # one format for both
        return FileKind.AUDIO
    return FileKind.STICKER if is_sticker and kind is FileKind.IMAGE else kind


def is_same(declared: str, found: str) -> bool:
    """May a file that is said to be one type turn out to be the other?"""
    if declared == found or any(declared in group and found in group for group in CONTAINERS):
        return True
    if found == TEXT:
        return (declared.startswith("text/") and declared not in NEVER_TEXT) or declared in AS_TEXT
    if declared.startswith((OFFICE, OPEN_DOCUMENT)):  # not each of them is recognized as more than a zip
        return found == "application/zip"
    return False


def type_of(name: str) -> str:
    """The type that a name's suffix stands for; empty if it stands for none."""
    suffix = names.split(name)[1].lower()
    return SUFFIXES.get(suffix) or _others.guess_type(f"x{suffix}")[0] or ""


def served_as(name: str, content_type: str) -> str:
    """The name under which a file is saved: with a suffix that says what it is."""
    suffix = names.split(name)[1]
    if suffix and is_same(type_of(name), content_type):
        return name
    return f"{name}{_suffix_of(content_type) or '.bin'}"


def called(content_type: str) -> str:
    """A type as people call it: PDF, JPG; by its whole name if it is not one of ours."""
    return _suffix_of(content_type).removeprefix(".").upper() or content_type[:60]


def _suffix_of(content_type: str) -> str:
    return next((suffix for suffix, its in SUFFIXES.items() if its == content_type), "")


def most_bytes(kind: FileKind, of_provider: int | None) -> int:
    """How large a file of this kind may be: our own limit, or the provider's if that is lower."""
    ours: int = settings.MEDIA_BYTES[kind.value]
    return min(ours, of_provider or ours)


def _found(head: bytes) -> str:
    """The type by content; empty for what nobody knows."""
    found = str(filetype.guess_mime(head) or "")
    if found in BY_TYPE:
        return found
    if head.startswith(OLE_BEGINS):
        return OLE
    return TEXT if _is_text(head) else found


def _is_text(head: bytes) -> bool:
    """In any encoding of letters by bytes: without control characters, and nothing that a browser would run."""
    if any(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head):
        return False
    return not head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(RUNS)
