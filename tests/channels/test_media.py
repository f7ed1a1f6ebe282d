"""Files that people send: fetched from the provider's own host, judged by content, bounded, kept, served, forgotten."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection as database
from django.http import HttpResponseBase
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from agents.models import Turn
from channels import phrases
from channels.media import exporting, fetching, kinds, names
from channels.models import Connection, InboxEvent, MediaFile, MediaPart
from channels.privacy import erasure, forgetting
from channels.providers import media
from channels.providers.base import DeliveryRefusedError
from channels.providers.shapes.files import FileKind, InboundFile
from channels.providers.shapes.sending import Account
from channels.providers.slack import Slack
from channels.tasks import overdue_files
from tenants.models import AuditEvent
from tenants.privacy import archive
from tenants.scope import tenant_scope
from tests import factories, working
from tests.channels.filehost import EXE, HTML, JPEG, MP4, OGG, PDF, PNG, WEBP, FileHost, filehost
from tests.channels.graph import Graph, graph
from tests.channels.slack import BOT, TEAM, arrive
from tests.channels.slack import payload as slack_payload
from tests.channels.whatsapp import PROVIDERS, SECRET, TOKEN, Line, open_line
from tests.channels.whatsapp import payload as payload_of
from tests.conftest import Cast

State = MediaFile.State
MEDIA_ID = "1003383421387256"


@pytest.fixture
def meta(settings: Settings) -> Iterator[Graph]:
    settings.CHANNEL_PROVIDERS, settings.QUIET_SECONDS = PROVIDERS, 0
    settings.WHATSAPP_APP_SECRET = SECRET
    with graph() as made:
        settings.WHATSAPP_GRAPH_URL = made.url
        yield made


@pytest.fixture
def host(settings: Settings) -> Iterator[FileHost]:
    with filehost() as made:
        settings.WHATSAPP_MEDIA_URL = settings.SLACK_FILES_URL = made.url
        yield made


@pytest.fixture
def line(meta: Graph, host: FileHost, committed_cast: Cast) -> Line:
    return open_line(committed_cast.acme)


def file_of(line: Line) -> MediaFile:
    with tenant_scope(line.tenant.id):
        return MediaFile.objects.get()


def work(line: Line, *, times: int = 1) -> MediaFile:
    """What the sweep wakes, without its pauses; the only file afterwards."""
    for _ in range(times):
        with tenant_scope(line.tenant.id):
            MediaFile.objects.exclude(retry_at=None).update(retry_at=timezone.now())
        for _task, (tenant_id, file_id) in overdue_files():
            assert isinstance(tenant_id, UUID)
            assert isinstance(file_id, UUID)
            fetching.fetch(tenant_id, file_id)
    return file_of(line)


def told(host: FileHost, content: bytes, **more: Any) -> dict[str, Any]:
    """Meta's answer about a file that its host has."""
    url = host.has("/media", content)
    found = {"messaging_product": "whatsapp", "url": url, "mime_type": "image/jpeg", "id": MEDIA_ID}
    return {**found, "sha256": hashlib.sha256(content).hexdigest(), "file_size": len(content), **more}


def send(line: Line, kind: str = "image", **message: Any) -> None:
    assert line.send(payload_of(kind, **message)) == 200


def kept(line: Line, meta: Graph, host: FileHost, content: bytes = JPEG, kind: str = "image") -> MediaFile:
    send(line, kind)
    meta.answers.append((200, told(host, content)))
    found = work(line)
    assert found.state == State.KEPT, found.reason
    return found


def content_of(file: MediaFile) -> bytes:
    parts = MediaPart.objects.filter(file=file).order_by("number").values_list("content", flat=True)
    return b"".join(bytes(each) for each in parts)


@pytest.mark.parametrize(
    ("kind", "content", "found", "name"),
    [
        ("image", JPEG, "image/jpeg", "file"),
        ("document", PDF, "application/pdf", "receipt.pdf"),
        ("audio", OGG, "audio/ogg", "file"),
        ("video", MP4, "video/mp4", "file"),
        ("sticker", WEBP, "image/webp", "file"),
    ],
)
def test_what_somebody_sends_on_whatsapp_is_kept(
    line: Line, meta: Graph, host: FileHost, kind: str, content: bytes, found: str, name: str
) -> None:
    file = kept(line, meta, host, content, kind)
    assert (file.kind, file.content_type, file.size, file.name) == (kind, found, len(content), name)
    assert file.sha256 == hashlib.sha256(content).hexdigest()
    with tenant_scope(line.tenant.id):
        assert content_of(file) == content
    assert meta.asked[-1].path.endswith(f"/{MEDIA_ID}")
    assert host.asked == [("/media", f"Bearer {TOKEN}")]
    assert file.reference == {}
    assert work(line).attempt == file.attempt, "it is not fetched again"


def test_a_repeat_of_the_message_brings_the_file_once(line: Line) -> None:
    for _ in range(3):
        send(line)
    assert file_of(line).state == State.WAITING


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:9/media",
        "https://lookaside.fbsbx.com.example.org/x",
        "file:///etc/passwd",
        "//example.org/x",
        "http://HOST@example.org/media",
        "http://example.org#@HOST/media",
        "http://user:secret@HOST/media",
        "gopher://HOST/media",
        "http://HOST\\@example.org/media",
        "http://HOST\n.example.org/media",
        "not an address",
    ],
)
def test_no_other_address_is_ever_asked(line: Line, meta: Graph, host: FileHost, url: str) -> None:
    send(line)
    meta.answers.append((200, told(host, JPEG, url=url.replace("HOST", host.url.removeprefix("http://")))))
    file = work(line)
    assert (file.state, str(file.reason)) == (State.LOST, str(media.NOT_THERE()))
    assert host.asked == []


def test_no_redirect_is_followed(line: Line, meta: Graph, host: FileHost) -> None:
    send(line)
    meta.answers.append((200, told(host, JPEG)))
    host.has("/elsewhere", JPEG)
    host.has("/media", b"", 302, location="/elsewhere")
    assert work(line).state == State.LOST
    assert [path for path, _ in host.asked] == ["/media"]


def test_200_megabytes_are_rejected_before_they_are_fetched(line: Line, meta: Graph, host: FileHost) -> None:
    send(line, "document")
    meta.answers.append((200, told(host, PDF, file_size=200_000_000)))
    file = work(line)
    assert file.state == State.REJECTED
    assert str(file.reason) == "The file is larger than 100 MB, so it was not kept."
    assert host.asked == []


@pytest.mark.parametrize("says_its_size", [True, False])
def test_what_is_larger_than_it_says_is_cut_off(
    line: Line, meta: Graph, host: FileHost, settings: Settings, says_its_size: bool
) -> None:
    settings.MEDIA_BYTES = dict.fromkeys(settings.MEDIA_BYTES, 3_000_000)
    sent = []

    def endless() -> Iterator[bytes]:
        for _ in range(200):
            sent.append(1)
            yield JPEG + bytes(1_000_000 - len(JPEG))

    send(line)
    meta.answers.append((200, told(host, JPEG, file_size=len(JPEG))))
    more: dict[str, Any] = {"content_length": "200000000"} if says_its_size else {}
    host.has("/media", endless(), **more)
    file = work(line)
    assert (file.state, str(file.reason)) == (State.REJECTED, "The file is larger than 3 MB, so it was not kept.")
    with tenant_scope(line.tenant.id):
        assert not MediaPart.objects.exists()
    assert len(sent) < 100


@pytest.mark.parametrize(
    ("content", "declared", "words"),
    [
        (EXE, "image/jpeg", "Files of this type are not kept"),
        (HTML, "image/jpeg", "Files of this type are not kept"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", "Files of this type are not kept"),
        (PNG, "image/jpeg", "It claims to be JPG, but its content is PNG"),
        (PDF, "image/jpeg", "It claims to be JPG, but its content is PDF"),
        (b"", "image/jpeg", "The file is empty."),
        (b"Just words", "image/jpeg", "It claims to be JPG, but its content is TXT"),
    ],
)
def test_a_file_whose_content_is_not_its_type_is_rejected(
    line: Line, meta: Graph, host: FileHost, content: bytes, declared: str, words: str
) -> None:
    send(line, image={"id": MEDIA_ID, "mime_type": declared})
    meta.answers.append((200, told(host, content)))
    file = work(line)
    assert file.state == State.REJECTED
    assert str(file.reason).startswith(words)
    with tenant_scope(line.tenant.id):
        assert not MediaPart.objects.exists()


def test_what_arrives_damaged_is_fetched_once_more(line: Line, meta: Graph, host: FileHost) -> None:
    send(line)
    meta.answers.append((200, told(host, JPEG, sha256="0" * 64)))
    assert work(line).state == State.WAITING
    meta.answers.append((200, told(host, JPEG)))
    assert work(line).state == State.KEPT


def test_error_131052_is_tried_once_more_then_said(line: Line, meta: Graph) -> None:
    send(line)
    meta.fails(131052)
    assert work(line).state == State.WAITING
    meta.fails(131052)
    file = work(line)
    assert (file.state, str(file.reason)) == (State.LOST, "The file could not be fetched.")


def test_an_id_that_has_expired_says_that_the_file_is_gone(line: Line, meta: Graph) -> None:
    send(line)
    meta.fails(100)
    file = work(line)
    assert (file.state, str(file.reason)) == (State.LOST, "The file is no longer there.")


def test_a_dead_token_is_known_to_the_channel(line: Line, meta: Graph) -> None:
    send(line)
    meta.fails(190, 401)
    assert work(line).state == State.LOST
    with tenant_scope(line.tenant.id):
        assert Connection.objects.get().state == "broken"


def test_an_address_that_has_expired_is_asked_for_again(line: Line, meta: Graph, host: FileHost) -> None:
    send(line)
    meta.answers.append((200, told(host, JPEG)))
    host.has("/media", b"", 404)
    assert work(line).state == State.WAITING
    meta.answers.append((200, told(host, JPEG)))
    assert work(line).state == State.KEPT


def test_a_host_that_is_down_is_asked_five_times(line: Line, meta: Graph, host: FileHost) -> None:
    send(line)
    meta.answers += [(200, told(host, JPEG))] * 5
    host.has("/media", b"", 503)
    file = work(line, times=6)
    assert (file.state, file.attempt) == (State.LOST, 5)


def test_a_worker_that_dies_leaves_the_file_to_another(line: Line, meta: Graph, host: FileHost) -> None:
    send(line)
    with tenant_scope(line.tenant.id):
        file = MediaFile.objects.get()
        file.lease(timezone.now() - timedelta(minutes=1))
        MediaPart.objects.create(file=file, number=0, content=b"half of it")
    meta.answers.append((200, told(host, JPEG)))
    file = work(line)
    assert (file.state, file.failures) == (State.KEPT, 1)
    with tenant_scope(line.tenant.id):
        assert content_of(file) == JPEG


def test_a_workspace_keeps_only_so_much(line: Line, settings: Settings) -> None:
    settings.MEDIA_WORKSPACE_BYTES = 1_000
    send(line)
    with tenant_scope(line.tenant.id):
        MediaFile.objects.update(declared_size=2_000)
    file = work(line)
    assert file.state == State.REJECTED
    assert "Delete conversations" in str(file.reason)


def test_the_answer_still_says_what_can_be_read(line: Line, meta: Graph, host: FileHost) -> None:
    send(line, "audio")
    with tenant_scope(line.tenant.id):
        thread = InboxEvent.objects.get().thread_id
    working.answer(line.tenant.id, thread)  # type: ignore[arg-type]
    with tenant_scope(line.tenant.id):
        assert Turn.objects.get(speaker="employee").text == str(phrases.CANNOT_SEE)


# Slack

FILE = {"id": "F0123", "name": "menu.jpg", "mimetype": "image/jpeg", "size": len(JPEG), "mode": "hosted"}


@pytest.fixture
def shop(host: FileHost, settings: Settings, committed_cast: Cast) -> Line:
    settings.QUIET_SECONDS = 0
    with tenant_scope(committed_cast.acme.id):
        factories.make_agent()
        return Line(committed_cast.acme, factories.make_connection(TEAM, bot_user_id=BOT))


def share(*files: dict[str, Any], **event: Any) -> None:
    body = slack_payload("message_im", subtype="file_share", files=list(files), **event)
    assert arrive(Client(), body).status_code == 200
    working.hear_everywhere()


def test_what_somebody_sends_in_slack_is_kept(shop: Line, host: FileHost) -> None:
    share({**FILE, "url_private_download": host.has("/files-pri/T1-F0123/download/menu.jpg", JPEG)})
    file = work(shop)
    assert (file.state, file.kind, file.name) == (State.KEPT, "image", "menu.jpg")
    assert host.asked == [("/files-pri/T1-F0123/download/menu.jpg", "Bearer xoxb-for-tests")]


@pytest.mark.parametrize(
    ("status", "content", "headers"),
    [(200, HTML, {"content_type": "text/html; charset=utf-8"}), (302, b"", {"location": "/"}), (403, b"", {})],
)
def test_a_missing_scope_is_said(
    shop: Line, host: FileHost, status: int, content: bytes, headers: dict[str, str]
) -> None:
    share({**FILE, "url_private_download": host.has("/x", content, status, **headers)})
    file = work(shop)
    assert file.state == State.LOST
    assert "files:read" in str(file.reason)


def test_slacks_token_goes_to_slacks_file_host_only(shop: Line, host: FileHost) -> None:
    share({**FILE, "url_private_download": "https://files.slack.com.example.org/menu.jpg"})
    file = work(shop)
    assert (file.state, str(file.reason)) == (State.LOST, str(media.NOT_THERE()))
    assert host.asked == []


@pytest.mark.parametrize(
    "file",
    [
        {**FILE, "mode": "tombstone"},
        {**FILE, "is_external": True, "url_private": "https://docs.example.org/1"},
        {"id": "F1", "file_access": "check_file_info"},
        {**FILE, "url_private": 7},
        {**FILE, "url_private": "x" * 5_000},
        "no file",
    ],
)
def test_what_slack_does_not_have_is_not_fetched(shop: Line, file: Any) -> None:
    share(file)
    with tenant_scope(shop.tenant.id):
        assert not MediaFile.objects.exists()
        assert Turn.objects.filter(speaker="person").count() == 1


def test_an_edit_that_removes_a_file_removes_it_here(shop: Line, host: FileHost) -> None:
    share({**FILE, "url_private_download": host.has("/x", JPEG)}, text="Look!", ts="1700000500.000100")
    work(shop)
    edited = {"type": "message", "user": "U0BEN", "text": "Look!", "ts": "1700000500.000100"}
    with tenant_scope(shop.tenant.id):
        event = InboxEvent.objects.get()
        edited["user"] = event.author
        channel = event.address["channel"]
    body = slack_payload("message_changed", channel=channel, channel_type="im", ts="1700000560.000000", _event_id="Ev2")
    change = {"user": edited["user"], "ts": "1700000560.000000"}
    body["event"] |= {"message": {**edited, "edited": change}, "previous_message": {**edited, "files": [FILE]}}
    assert arrive(Client(), body).status_code == 200
    with tenant_scope(shop.tenant.id):
        assert not MediaFile.objects.exists()
        assert not MediaPart.objects.exists()


# Serving


def member(line: Line) -> Client:
    client = Client()
    client.force_login(
        line.tenant.memberships.get().user, backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    return client


def url_of(slug: str, file: MediaFile) -> str:
    return f"/t/{slug}/conversations/{file.turn.conversation_id}/files/{file.id}/"


def address_of(line: Line, file: MediaFile) -> str:
    with tenant_scope(line.tenant.id):
        return url_of(line.tenant.slug, MediaFile.objects.select_related("turn").get(id=file.id))


def body_of(response: HttpResponseBase) -> bytes:
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_members_download_it_as_an_attachment_that_can_run_nothing(line: Line, meta: Graph, host: FileHost) -> None:
    file = kept(line, meta, host, PDF, "document")
    response = member(line).get(address_of(line, file))
    assert body_of(response) == PDF
    assert response["Content-Disposition"] == 'attachment; filename="receipt.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert response["Content-Type"] == "application/pdf"
    assert response["Cache-Control"] == "private, no-store"
    with tenant_scope(line.tenant.id):
        noted = AuditEvent.objects.get(action="file.downloaded")
    assert noted.target_id == str(file.id)
    assert "receipt" not in noted.target_name, "what a person chose goes when they are erased"


def test_another_workspaces_file_does_not_exist(line: Line, meta: Graph, host: FileHost, committed_cast: Cast) -> None:
    file = kept(line, meta, host)
    theirs = member(Line(committed_cast.globex, line.connection))
    ours = address_of(line, file)
    elsewhere = ours.replace(f"/t/{line.tenant.slug}/", f"/t/{committed_cast.globex.slug}/")
    assert theirs.get(elsewhere).status_code == 404
    assert theirs.get(ours).status_code == 404
    assert Client().get(ours).status_code in {302, 404}


def test_a_download_is_read_in_pieces_and_holds_no_connection(
    line: Line, meta: Graph, host: FileHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "PART_BYTES", 100)
    file = kept(line, meta, host)
    response: Any = member(line).get(address_of(line, file))
    pieces = iter(response.streaming_content)
    assert len(next(pieces)) == 100
    assert not database.in_atomic_block
    assert sum(len(each) for each in pieces) == len(JPEG) - 100


def test_the_conversation_shows_each_file_with_what_became_of_it(line: Line, meta: Graph, host: FileHost) -> None:
    send(line, "document")
    client, page = member(line), address_of(line, file_of(line)).partition("files/")[0]
    assert "Being fetched" in client.get(page).content.decode()
    meta.answers.append((200, told(host, EXE)))
    work(line)
    shown = client.get(page).content.decode()
    assert "receipt.pdf" in shown
    assert "Not kept" in shown
    assert "Files of this type are not kept" in shown
    assert "download" not in shown.partition("receipt.pdf")[0].rpartition("<ul")[2]


# Forgetting


def nothing_is_left(line: Line) -> None:
    with tenant_scope(line.tenant.id):
        assert not MediaFile.objects.exists()
        assert not MediaPart.objects.exists()


def test_it_goes_with_its_conversation(line: Line, meta: Graph, host: FileHost) -> None:
    kept(line, meta, host)
    with tenant_scope(line.tenant.id):
        forgetting.forget([Turn.objects.get().conversation_id], even_open=True)
    nothing_is_left(line)


@pytest.mark.parametrize("others_spoke", [True, False])
def test_it_goes_with_whoever_sent_it(line: Line, meta: Graph, host: FileHost, others_spoke: bool) -> None:
    kept(line, meta, host)
    with tenant_scope(line.tenant.id):
        turn = Turn.objects.get()
        contact = line.connection.contacts.get()
        if others_spoke:
            Turn.objects.create(conversation=turn.conversation, speaker="person", text="Hi", said_at=timezone.now())
    erasure.erase_person(line.tenant.id, contact.id)
    nothing_is_left(line)


def test_what_is_erased_while_it_arrives_is_not_kept(line: Line, meta: Graph, host: FileHost) -> None:
    send(line)

    def arriving() -> Iterator[bytes]:
        with tenant_scope(line.tenant.id):
            forgetting.forget([Turn.objects.get().conversation_id], even_open=True)
        yield JPEG

    meta.answers.append((200, told(host, JPEG, sha256="")))
    host.has("/media", arriving())
    for _task, (tenant_id, file_id) in overdue_files():
        fetching.fetch(tenant_id, file_id)  # type: ignore[arg-type]
    nothing_is_left(line)


def test_it_is_in_the_export(line: Line, meta: Graph, host: FileHost) -> None:
    file = kept(line, meta, host, PDF, "document")

    class Watch:
        def begin(self, rows_total: int) -> None: ...
        def advance(self) -> None: ...
        def check(self) -> None: ...

    made = io.BytesIO()
    archive.write(made, line.tenant.id, Watch())
    with zipfile.ZipFile(made) as found:
        assert found.read(f"files/{file.id}.pdf") == PDF
        row = json.loads(found.read("data/channels_mediafile.jsonl"))
        manifest = json.loads(found.read("manifest.json"))
        assert "data/channels_mediapart.jsonl" not in found.namelist()
    assert row["name"] == "receipt.pdf"
    entry = next(each for each in manifest["files"] if each["name"].startswith("files/"))
    assert (entry["bytes"], entry["sha256"]) == (len(PDF), file.sha256)
    assert "channels_mediapart" in [each["what"] for each in manifest["left_out"]]
    with tenant_scope(line.tenant.id):
        assert len(list(exporting.files())) == 1


# Names and addresses


@given(st.text() | st.text(alphabet="./\\: \u202e\x00ab\u200b", max_size=40))
def test_a_clean_name_is_one_plain_name(name: str) -> None:
    made = names.clean(name)
    assert made
    assert names.clean(made) == made
    assert len(made.encode()) <= 255 - len(".bin")
    assert not set(made) & {"/", "\\", "\x00", "\n", "\r", '"', "\u202e", "\u200b"}
    assert made not in {".", ".."}
    assert made == made.strip(" .")
    made.encode()


@pytest.mark.parametrize(
    ("given_name", "made"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\menu.pdf", "menu.pdf"),
        ("photo_\u202egpj.exe", "photo_gpj.exe"),
        ("a\x00b\x1b[31m.txt", "ab[31m.txt"),
        ("nul.txt", "_nul.txt"),
        (".htaccess", "htaccess"),
        ("Speisekarte für Mai.pdf", "Speisekarte für Mai.pdf"),
        ("x" * 300 + ".pdf", "x" * 96 + ".pdf"),
        ("", "file"),
        ("   ", "file"),
    ],
)
def test_hostile_names(given_name: str, made: str) -> None:
    assert names.clean(given_name) == made


def test_a_file_is_saved_under_a_suffix_that_says_what_it_is() -> None:
    assert kinds.served_as("invoice.exe", "application/pdf") == "invoice.exe.pdf"
    assert kinds.served_as("invoice.pdf", "application/pdf") == "invoice.pdf"
    assert kinds.served_as("voice", "audio/ogg") == "voice.ogg"
    assert kinds.judge(PDF, "invoice.jpg", "").refusal
    assert kinds.judge(MP4, "voice.m4a", "audio/mp4").kind is FileKind.AUDIO


@given(st.binary(max_size=400), st.text(max_size=40), st.text(max_size=40))
def test_judging_never_fails(head: bytes, name: str, declared: str) -> None:
    judged = kinds.judge(head, names.clean(name), declared)
    assert judged.refusal or judged.content_type in kinds.BY_TYPE


@given(st.text(max_size=80))
def test_no_text_leads_to_another_host(url: str) -> None:
    assert not media.is_at(url, "https://files.slack.com/")


def test_nothing_is_asked_where_the_address_is_not_at_the_host() -> None:
    with pytest.raises(DeliveryRefusedError):
        next(Slack().fetch(Account("xoxb"), InboundFile("F1", reference={"url": "http://127.0.0.1:10/x"}), 1))


def test_a_disconnected_channel_hands_nothing_over(line: Line) -> None:
    send(line)
    with tenant_scope(line.tenant.id):
        Connection.objects.update(state="disconnected")
    assert "disconnected" in str(work(line).reason)
