"""A full export: everything the workspace has at one moment, made once, without secrets."""

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Turn
from tenants.jobs import keeper, renewals
from tenants.jobs.keeper import Ending, Hold, OvertakenError
from tenants.models import AuditEvent, Export, ExportPart, Role, Tenant
from tenants.privacy import archive, export
from tenants.scope import tenant_scope
from tests.data.conftest import SECRET, CountRows, Person, Shop, words
from usage.models import UsageRecord

NOT_EXPORTED = {"tenants_exportpart", "tenants_idempotentrequest", "channels_mediapart"}


def ask(shop: Shop) -> UUID:
    with tenant_scope(shop.tenant.id):
        return export.request(shop.owner).id


def content(tenant: Tenant, export_id: UUID) -> bytes:
    return b"".join(export._pieces(tenant.id, export_id))


def opened(tenant: Tenant, export_id: UUID) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(content(tenant, export_id)))


def rows(archive: zipfile.ZipFile, table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.read(f"data/{table}.jsonl").splitlines()]


def state(shop: Shop, export_id: UUID) -> Export:
    with tenant_scope(shop.tenant.id):
        return Export.objects.get(id=export_id)


def made(shop: Shop) -> UUID:
    export_id = ask(shop)
    export.make(shop.tenant.id, export_id)
    return export_id


def test_the_export_holds_every_row_of_every_table(lived_in: Shop, count_rows: CountRows) -> None:
    export_id = ask(lived_in)
    counted = {table: rows for table, rows in count_rows(lived_in.tenant).items() if table not in NOT_EXPORTED}
    export.make(lived_in.tenant.id, export_id)
    archive = opened(lived_in.tenant, export_id)

    exported = {name[5:-6]: len(archive.read(name).splitlines()) for name in archive.namelist() if "data/" in name}
    assert exported.pop("tenants_tenant") == 1
    assert exported == counted
    assert sum(1 for count in counted.values() if count) >= 25


def test_the_manifest_proves_each_file(lived_in: Shop) -> None:
    archive = opened(lived_in.tenant, made(lived_in))
    manifest = json.loads(archive.read("manifest.json"))
    assert manifest["schema_version"] == 1
    assert manifest["workspace"]["slug"] == "acme-now"
    for each in manifest["files"]:
        read = archive.read(each["name"])
        assert (each["bytes"], each["sha256"]) == (len(read), hashlib.sha256(read).hexdigest())
    left_out = {each["what"]: each["why"] for each in manifest["left_out"]}
    assert left_out.keys() >= NOT_EXPORTED
    assert all(left_out.values())
    assert "Acme" in archive.read("README.txt").decode()


def test_messages_and_members_are_readable(lived_in: Shop) -> None:
    archive = opened(lived_in.tenant, made(lived_in))
    assert "When do you open?" in {row["text"] for row in rows(archive, "agents_turn")}
    assert [row["user_email"] for row in rows(archive, "tenants_membership")] == ["alice@acme.example"]
    with tenant_scope(lived_in.tenant.id):
        cost = UsageRecord.objects.order_by("id").values_list("cost_usd", flat=True)[0]
    assert rows(archive, "usage_usagerecord")[0]["cost_usd"] == str(cost)


def test_it_contains_no_secrets_and_no_other_workspaces_rows(lived_in: Shop) -> None:
    archive = opened(lived_in.tenant, made(lived_in))
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert SECRET not in everything
    assert "gAAAA" not in everything
    assert "digest" not in {
        name for table in ("tenants_apitoken", "tenants_invitation") for name in rows(archive, table)[0]
    }
    assert rows(archive, "channels_connection")[0]["secrets"] == "••••"
    assert "globex" not in everything


def test_it_is_stored_in_parts_of_at_most_a_megabyte(lived_in: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PART_BYTES", 700)
    export_id = made(lived_in)
    with tenant_scope(lived_in.tenant.id):
        sizes = [len(part.content) for part in ExportPart.objects.filter(export=export_id)]
    assert len(sizes) > 3
    assert max(sizes) == 700
    assert sum(sizes) == state(lived_in, export_id).size
    assert opened(lived_in.tenant, export_id).testzip() is None


def test_it_shows_one_moment_whatever_is_written_meanwhile(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.talk("Before")
    begin = export._Work.begin

    def talk_meanwhile() -> None:
        shop.talk("Meanwhile")
        connection.close()

    def write_meanwhile(work: export._Work, rows_total: int) -> None:
        begin(work, rows_total)
        writer = threading.Thread(target=talk_meanwhile)
        writer.start()
        writer.join()

    monkeypatch.setattr(export._Work, "begin", write_meanwhile)
    archive = opened(shop.tenant, made(shop))
    assert "Meanwhile" in shop.turns()
    assert "Before" in archive.read("data/agents_turn.jsonl").decode()
    for name in ("agents_turn", "channels_inboxevent", "agents_conversation"):
        assert "Meanwhile" not in archive.read(f"data/{name}.jsonl").decode()


def test_a_workspace_makes_one_at_a_time(shop: Shop) -> None:
    ask(shop)
    with pytest.raises(export.AlreadyRunningError, match="already"):
        ask(shop)


def test_running_the_task_twice_makes_one_export(shop: Shop) -> None:
    export_id = made(shop)
    before = content(shop.tenant, export_id)
    export.make(shop.tenant.id, export_id)
    assert state(shop, export_id).attempt == 1
    assert content(shop.tenant, export_id) == before
    assert len(mail.outbox) == 1


def test_the_sweeper_restarts_a_dead_workers_export_and_the_dead_one_changes_nothing(shop: Shop) -> None:
    export_id = ask(shop)
    assert export.due(timezone.now()) == []
    attempt = export._claim(shop.tenant.id, export_id)
    assert attempt == 1
    with tenant_scope(shop.tenant.id):
        Export.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert export.due(timezone.now()) == [(shop.tenant.id, export_id)]
    export.make(shop.tenant.id, export_id)
    ready = content(shop.tenant, export_id)

    dead = export._Work(shop.tenant.id, export_id, attempt)
    assert renewals.renew(Export, [(export_id, attempt)]) == set()
    with pytest.raises(OvertakenError):
        export._store(dead, io.BytesIO(b"late"))
    with pytest.raises(OvertakenError):
        export._land(dead, size=4)
    assert content(shop.tenant, export_id) == ready
    assert (state(shop, export_id).attempt, state(shop, export_id).state) == (2, "done")


def test_a_worker_that_lost_the_lease_stops(shop: Shop) -> None:
    export_id = ask(shop)
    hold = Hold(Export, (export_id, 1))
    hold.end(Ending.OVERTAKEN)
    work = export._Work(shop.tenant.id, export_id, 1, hold=hold)
    with pytest.raises(OvertakenError):
        archive.write(io.BytesIO(), shop.tenant.id, work)


def test_a_process_that_stops_gives_it_back_at_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "_keeper", keeper.Keeper())
    export_id, advance = ask(shop), export._Work.advance

    def stop_then_go_on(work: export._Work) -> None:
        keeper.stop_all()
        advance(work)

    with monkeypatch.context() as stopping:
        stopping.setattr(export._Work, "advance", stop_then_go_on)
        export.make(shop.tenant.id, export_id)
    given_back = state(shop, export_id)
    assert (given_back.state, given_back.leased_until, given_back.failures) == ("waiting", None, 0)
    assert export.due(timezone.now()) == [(shop.tenant.id, export_id)]

    monkeypatch.setattr(keeper, "_keeper", keeper.Keeper())
    export.make(shop.tenant.id, export_id)
    assert (state(shop, export_id).attempt, state(shop, export_id).state) == (2, "done")


def test_an_error_counts_as_a_failure_and_is_tried_again_later(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(work: export._Work) -> None:
        raise ZeroDivisionError

    export_id = ask(shop)
    with monkeypatch.context() as broken:
        broken.setattr(export._Work, "advance", fail)
        with pytest.raises(ZeroDivisionError):
            export.make(shop.tenant.id, export_id)
    left = state(shop, export_id)
    assert (left.state, left.leased_until, left.failures) == ("waiting", None, 1)
    assert export.due(timezone.now()) == []
    assert export.due(timezone.now() + export.RETRY_AFTER) == [(shop.tenant.id, export_id)]


def test_it_is_shown_how_far_it_is(shop: Shop) -> None:
    export_id = ask(shop)
    attempt = export._claim(shop.tenant.id, export_id)
    assert attempt
    work = export._Work(shop.tenant.id, export_id, attempt, rows_done=3, rows_total=7)
    work.show()
    assert (state(shop, export_id).rows_done, state(shop, export_id).rows_total) == (3, 7)
    work.rows_done = 4
    work.show()
    assert state(shop, export_id).rows_done == 3, "not more often than every two seconds"


def test_three_dead_workers_end_it_with_an_error_message(shop: Shop) -> None:
    export_id = ask(shop)
    for _ in range(4):
        with tenant_scope(shop.tenant.id):
            Export.objects.update(leased_until=timezone.now())
        export._claim(shop.tenant.id, export_id)
    assert state(shop, export_id).state == "failed"
    assert "Start a new one" in str(state(shop, export_id).error)
    assert ask(shop)


def test_the_parts_are_deleted_after_they_expire(shop: Shop) -> None:
    export_id = made(shop)
    export.expire(shop.tenant.id, export_id)
    assert content(shop.tenant, export_id)
    with tenant_scope(shop.tenant.id):
        Export.objects.update(expires_at=timezone.now())
    assert export.outdated(timezone.now()) == [(shop.tenant.id, export_id)]
    for _ in range(2):
        export.expire(shop.tenant.id, export_id)
    assert content(shop.tenant, export_id) == b""
    assert export.outdated(timezone.now()) == []


def test_an_owner_requests_follows_and_downloads_it(shop: Shop, alice: Person) -> None:
    shop.talk("When do you open?")
    assert alice.post("settings/data/exports/new/").status_code == 302
    assert "Waiting to begin" in words(alice.get("settings/data/"))
    with tenant_scope(shop.tenant.id):
        export_id = Export.objects.get().id
    export.make(shop.tenant.id, export_id)
    assert [each.to for each in mail.outbox] == [["alice@acme.example"]]
    assert "http://testserver/t/acme/settings/data/" in str(mail.outbox[0].body)
    assert "Ready" in words(alice.get("settings/data/"))
    part = alice.client.get(alice.url(f"settings/data/exports/{export_id}/"), headers={"HX-Request": "true"})
    assert "every 2s" not in part.content.decode()
    assert "exports/new/" in part.content.decode(), "the next one can be requested without loading the page"

    answer = alice.client.get(alice.url(f"settings/data/exports/{export_id}/download/"))
    read = b"".join(answer)
    assert len(read) == int(answer["Content-Length"])
    assert "acme-" in answer["Content-Disposition"]
    assert "agents_turn" in "".join(zipfile.ZipFile(io.BytesIO(read)).namelist())
    with tenant_scope(shop.tenant.id):
        trail = list(
            AuditEvent.objects.filter(action__startswith="export.").order_by("id").values_list("action", "actor_name")
        )
    assert trail == [("export.requested", "alice@acme.example"), ("export.downloaded", "alice@acme.example")]


def test_rows_are_read_in_batches_even_behind_pgbouncer(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        shop.talk(f"Number {number}")
    monkeypatch.setattr(archive, "ROWS_AT_ONCE", 2)
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    with tenant_scope(shop.tenant.id), CaptureQueriesContext(connection) as queries:
        lines = list(archive.Table(Turn).lines(shop.tenant.id))
    said = [json.loads(line)["text"] for line in lines if json.loads(line)["speaker"] == "person"]
    assert said == [f"Number {number}" for number in range(5)]
    assert len(lines) == 10
    reads = [each["sql"] for each in queries if "agents_turn" in each["sql"]]
    assert len(reads) == 6
    assert all("LIMIT 2" in sql for sql in reads)


def test_a_worker_has_threads_left_for_answers(shop: Shop) -> None:
    export_id = ask(shop)
    with ExitStack() as others:
        for _ in range(export.AT_ONCE):
            others.enter_context(export._room)
        export.make(shop.tenant.id, export_id)
        assert state(shop, export_id).state == "waiting"
    export.make(shop.tenant.id, export_id)
    assert state(shop, export_id).state == "done"


def test_a_slow_download_holds_no_connection_of_the_pool(shop: Shop, alice: Person) -> None:
    export_id = made(shop)
    answer = alice.client.get(alice.url(f"settings/data/exports/{export_id}/download/"))
    pieces = iter(answer)
    assert next(pieces)
    assert connection.connection is None


def test_an_admin_may_not(shop: Shop, hire: Callable[[Role], Person]) -> None:
    export_id = made(shop)
    admin = hire(Role.ADMIN)
    assert admin.post("settings/data/exports/new/").status_code == 403
    assert admin.get(f"settings/data/exports/{export_id}/download/").status_code == 403
    assert "Export everything" not in words(admin.get("settings/data/"))
