"""The download of a file that somebody sent: never shown inside a page, never run."""

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from channels import actions
from channels.media import kinds, shelf
from channels.models import MediaFile
from tenants.audit import journal
from tenants.http.access import requires, workspace_of
from tenants.permissions import Permission

SEALED = "default-src 'none'; sandbox; frame-ancestors 'none'"
"""Should a browser open it after all, it can run nothing, load nothing, and belongs to no origin."""


@requires(Permission.READ)
@require_GET
def download(request: HttpRequest, conversation_id: UUID, file_id: UUID) -> HttpResponseBase:
    """The file in pieces, as an attachment under a name that says what it is."""
    file = get_object_or_404(MediaFile, id=file_id, turn__conversation=conversation_id, state=MediaFile.State.KEPT)
    journal.record(actions.FILE_DOWNLOADED, file)
    pieces = shelf.pieces(workspace_of(request).tenant.id, file.id)
    response = StreamingHttpResponse(pieces, content_type=file.content_type)
    name = kinds.served_as(file.name, file.content_type)
    response["Content-Disposition"] = content_disposition_header(True, name)
    response["Content-Length"] = str(file.size)
    response["Content-Security-Policy"] = SEALED
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response
