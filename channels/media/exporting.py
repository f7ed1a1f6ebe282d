"""The files of a workspace in its export: each under its row's id, so that no name can lead out of the folder."""

from collections.abc import Iterator

from channels.media import kinds, names
from channels.models import MediaFile, MediaPart
from tenants.privacy.archive import Attached


def files() -> Iterator[Attached]:
    """What is kept, inside the tenant's scope, in pieces."""
    for file in MediaFile.objects.filter(state=MediaFile.State.KEPT).order_by("id"):
        suffix = names.split(kinds.served_as(file.name, file.content_type))[1]
        yield Attached(f"{file.id}{suffix}", MediaFile._meta.db_table, _pieces(file))


def _pieces(file: MediaFile) -> Iterator[bytes]:
    for number in MediaPart.objects.filter(file=file).order_by("number").values_list("number", flat=True):
        yield bytes(MediaPart.objects.values_list("content", flat=True).get(file=file, number=number))
