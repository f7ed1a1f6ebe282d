"""The rows of files: noted with their message, changed when it is edited, gone with it. Inside the tenant's scope."""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from channels.media import names
from channels.models import MediaFile, MediaPart
from channels.providers.shapes.files import InboundFile
from tenants.scope import give_back, tenant_scope

MOST = 20
"""Files of one message; the text of the message says how many more there were."""
LONGEST_TYPE = 120
LONGEST_KEY = 120
MOST_DECLARED = 2**62

# What is noted of a message: its turn, its connection, and its files.
Noted = tuple[UUID, UUID, Sequence[InboundFile]]


def note(noted: Iterable[Noted]) -> None:
    """Files came with these messages: each is fetched soon. One statement, and none without files."""
    rows = [row for each in noted for row in _rows(*each)]
    if rows:
        MediaFile.objects.bulk_create(rows, ignore_conflicts=True)


def follow(turn_id: UUID, connection_id: UUID, files: Sequence[InboundFile]) -> None:
    """A message was edited: what is no longer part of it goes, and what is new is fetched."""
    keys = [_key(file) for file in files[:MOST]]
    MediaFile.objects.filter(turn=turn_id).exclude(key__in=keys).delete()
    known = set(MediaFile.objects.filter(turn=turn_id).values_list("key", flat=True)) if files else set()
    note([(turn_id, connection_id, [file for file in files if _key(file) not in known])])


def forget(turns: Iterable[UUID]) -> int:
    """Delete the files of these turns; returns how many there were."""
    files = MediaFile.objects.filter(turn__in=list(turns))
    return files.delete()[1].get(MediaFile._meta.label, 0)


def pieces(tenant_id: UUID, file_id: UUID) -> Iterator[bytes]:
    """A file's content, each piece read in a scope of its own, so that a slow reader holds no connection."""
    number = 0
    while (content := _piece(tenant_id, file_id, number)) is not None:
        give_back()
        yield content
        number += 1


def _piece(tenant_id: UUID, file_id: UUID, number: int) -> bytes | None:
    with tenant_scope(tenant_id):
        parts = MediaPart.objects.filter(file=file_id, number=number, file__state=MediaFile.State.KEPT)
        found = parts.values_list("content", flat=True).first()
    return None if found is None else bytes(found)


def _rows(turn_id: UUID, connection_id: UUID, files: Sequence[InboundFile]) -> Iterator[MediaFile]:
    for number, file in enumerate(files[:MOST]):
        is_sized = file.size is not None and 0 <= file.size < MOST_DECLARED
        yield MediaFile(
            turn_id=turn_id,
            connection_id=connection_id,
            number=number,
            key=_key(file),
            name=names.clean(file.name),
            kind=file.kind.value,
            declared_type=file.content_type[:LONGEST_TYPE],
            declared_size=file.size if is_sized else None,
            most_bytes=file.most_bytes,
            reference=dict(file.reference),
        )


def _key(file: InboundFile) -> str:
    return file.key[:LONGEST_KEY]
