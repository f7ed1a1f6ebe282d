"""What members read about the files of a conversation."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext, ngettext

from channels.models import MediaFile
from channels.providers.media import megabytes

ICONS = {
    MediaFile.Kind.IMAGE: "image",
    MediaFile.Kind.AUDIO: "mic",
    MediaFile.Kind.VIDEO: "video",
    MediaFile.Kind.STICKER: "sticker",
    MediaFile.Kind.DOCUMENT: "file-text",
}
KILOBYTE, MEGABYTE = 1_000, 1_000_000


@dataclass(frozen=True)
class Shown:
    """A file as its message shows it. size: in words; empty if it is not known."""

    file: MediaFile
    icon: str
    size: str

    @property
    def is_kept(self) -> bool:
        """Can it be downloaded?"""
        return self.file.state == MediaFile.State.KEPT

    @property
    def is_waiting(self) -> bool:
        """Is it still being fetched?"""
        return self.file.state == MediaFile.State.WAITING


def of_turns(turns: Iterable[UUID]) -> dict[UUID, list[Shown]]:
    """The files of these turns, in their order; one statement."""
    found: dict[UUID, list[Shown]] = {}
    for file in MediaFile.objects.filter(turn__in=list(turns)).order_by("turn", "number"):
        size = file.size or file.declared_size
        shown = Shown(file, ICONS[MediaFile.Kind(file.kind)], size_in_words(size) if size else "")
        found.setdefault(file.turn_id, []).append(shown)
    return found


def size_in_words(size: int) -> str:
    """As people read it: 812 bytes, 24 kB, 3.1 MB."""
    if size < KILOBYTE:
        return ngettext("%(count)d byte", "%(count)d bytes", size) % {"count": size}
    if size < MEGABYTE:
        return gettext("%(size)s kB") % {"size": round(size / KILOBYTE)}
    return megabytes(size)
