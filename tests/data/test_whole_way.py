"""One workspace from its first message to its deletion, with the real worker: exported, then erased."""

import io
import json
import zipfile
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from psycopg.sql import SQL, Identifier

from tests.flow.office import Office, open_office
from tests.stack import Stack
from tests.waiting import eventually

NOT_EXPORTED = {"tenants_exportpart", "tenants_idempotentrequest"}
TABLES = """
    SELECT table_name FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_schema = 'public' AND column_name = 'tenant_id' AND table_type = 'BASE TABLE'
"""
ASK = """
from tenants.privacy import deletion, export
from tenants.models import Membership
from tenants.scope import tenant_scope
owner = Membership.objects.select_related("tenant", "user").get(tenant__slug="{slug}", role="owner")
with tenant_scope(owner.tenant_id):
    {verb}
"""
CLOSE = "from channels.tasks import close_workspaces; close_workspaces.delay()"


@pytest.fixture
def office(stack: Stack) -> Office:
    made = open_office(stack)
    said = made.mentions("When do you open?")
    made.reply_to(said["ts"])
    made.settled()
    return made


def ask(office: Office, verb: str) -> None:
    office.stack.manage("shell", "-c", ASK.format(slug=office.slug, verb=verb))


def rows_left(stack: Stack, tenant_id: Any) -> dict[str, list[dict[str, Any]]]:
    """The workspace's rows by id, in every table with a tenant_id according to Postgres's catalog."""
    found = {}
    for each in stack.query(TABLES):
        name = each["table_name"]
        statement = SQL("SELECT * FROM {} WHERE tenant_id = %s ORDER BY 1").format(Identifier(name))
        found[name] = stack.query(statement, [tenant_id])
    return {name: rows for name, rows in found.items() if rows}


def as_exported(value: Any) -> Any:
    """A column as exported."""
    match value:
        case datetime():
            return datetime.fromisoformat(value.isoformat())
        case Decimal():
            return f"{value:f}"
        case None | bool() | int() | str() | dict() | list():
            return value
    return str(value)


def as_kept(value: Any, kept: Any) -> Any:
    """The same out of an export, which words sentences that are kept as codes."""
    match value:
        case {"words": words, "code": code, "details": details}:
            assert words
            return {"code": code, "details": details}
        case str() if isinstance(kept, datetime):
            return datetime.fromisoformat(value)
    return value


def test_the_export_holds_what_the_tables_have_and_then_nothing_is_left(office: Office) -> None:
    stack = office.stack
    (tenant,) = stack.query("SELECT * FROM tenants_tenant WHERE slug = %s", [office.slug])
    ask(office, "export.request(owner.user)")
    eventually(lambda: office.rows("tenants_export")[0]["state"] == "done", what=f"the export; see {stack.log}")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(each["content"] for each in office.rows("tenants_exportpart"))))
    exported = {}
    for name in json.loads(archive.read("manifest.json"))["files"]:
        lines = [json.loads(line) for line in archive.read(name["name"]).splitlines()]
        exported[name["table"]] = {str(line.get("id", line.get("slug"))): line for line in lines}

    kept = rows_left(stack, tenant["id"])
    assert len(kept) >= 18
    for table, found in kept.items():
        if table in NOT_EXPORTED:
            continue
        rows = [row for row in found if row.get("kind") != "export_ready"]  # planned after the file was complete
        assert len(exported[table]) == len(rows), table
        for row in rows if table != "tenants_export" else []:  # still in progress while it is written
            line = exported[table][str(row.get("id", row.get("slug")))]
            for column in line.keys() & row.keys() - {"secrets", "answer"}:
                assert as_exported(row[column]) == as_kept(line[column], row[column]), (table, column)

    ask(office, "deletion.request(owner.tenant, owner.user)")
    stack.query("UPDATE tenants_tenant SET deletes_at = now() WHERE id = %s RETURNING id", [tenant["id"]])
    stack.manage("shell", "-c", CLOSE)
    gone = "SELECT changes FROM tenants_accountevent WHERE action = 'workspace.erased' AND detail::text LIKE %s"
    (note,) = eventually(lambda: stack.query(gone, [f"%{tenant['id']}%"]), what=f"the erasure; see {stack.log}")
    assert rows_left(stack, tenant["id"]) == {}
    assert stack.query("SELECT 1 FROM tenants_tenant WHERE id = %s", [tenant["id"]]) == []
    assert note["changes"]["usage_usagerecord"] == [1, 0]
    assert stack.look("slack/control/calls")["calls"]["apps.uninstall"] >= 1
    assert office.api.get("agents/").status_code == 401
