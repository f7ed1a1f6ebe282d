"""Row-level security for the role `app`."""

from uuid import UUID

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from agents.models import Agent, AgentRevision
from channels.models import InboxEvent
from tenants.scope import NoTenantError, sweeper_scope, tenant_scope
from tests import factories
from tests.conftest import Cast
from usage.models import Meter


@pytest.mark.usefixtures("committed")
def test_without_a_tenant_there_are_no_rows(committed_cast: Cast) -> None:
    with tenant_scope(committed_cast.acme.id):
        factories.make_agent()
    assert Agent.objects.count() == 0
    with tenant_scope(committed_cast.globex.id):
        assert Agent.objects.count() == 0
    with tenant_scope(committed_cast.acme.id):
        assert Agent.objects.count() == 1


def test_a_new_row_needs_a_scope(committed_cast: Cast) -> None:
    with pytest.raises(NoTenantError, match="No tenant is set"):
        Meter.objects.create(key="trial", name="Trial credit")


def test_a_row_for_another_tenant_is_refused(committed_cast: Cast) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), tenant_scope(committed_cast.acme.id):
        Meter.objects.create(key="trial", name="Trial credit", tenant=committed_cast.globex)


def test_a_foreign_key_to_another_tenants_row_is_refused(committed_cast: Cast) -> None:
    with tenant_scope(committed_cast.globex.id):
        theirs = factories.make_agent()
    with pytest.raises(IntegrityError, match="_tenant_fk"), tenant_scope(committed_cast.acme.id):
        AgentRevision.objects.create(agent_id=theirs.id, number=9, name="x", job_title="x", instructions="x")


def test_another_tenants_rows_cannot_be_changed_or_deleted(committed_cast: Cast) -> None:
    with tenant_scope(committed_cast.globex.id):
        theirs = factories.make_agent()
    with tenant_scope(committed_cast.acme.id):
        assert Agent.objects.filter(id=theirs.id).update(name="Mine") == 0
        assert Agent.objects.filter(id=theirs.id).delete()[0] == 0
    with tenant_scope(committed_cast.globex.id):
        assert Agent.objects.get().name == "Maya"


def test_a_nested_scope_restores_the_outer_tenant(committed_cast: Cast) -> None:
    acme, globex = committed_cast.acme, committed_cast.globex
    with tenant_scope(acme.id):
        with tenant_scope(globex.id):
            factories.make_agent("Theirs")
        factories.make_agent("Ours")
        with pytest.raises(ZeroDivisionError), tenant_scope(globex.id):
            1 / 0  # noqa: B018
        assert [agent.name for agent in Agent.objects.all()] == ["Ours"]


def test_the_setting_ends_with_the_transaction(committed_cast: Cast) -> None:
    with tenant_scope(committed_cast.acme.id):
        pass
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.tenant_id', true)")
        assert cursor.fetchone()[0] in {"", None}


def test_the_sweeper_sees_all_tenants_ids_but_no_content(committed_cast: Cast) -> None:
    for tenant in (committed_cast.acme, committed_cast.globex):
        with tenant_scope(tenant.id):
            linked = factories.make_connection()
            InboxEvent.objects.create(
                connection=linked, provider="slack", external_account=linked.external_id, event_id="Ev1",
                kind="x", position=0, payload="secret",
            )  # fmt: skip
    assert InboxEvent.objects.count() == 0, "app must not see rows through roles it can switch to"
    with tenant_scope(committed_cast.acme.id):
        assert InboxEvent.objects.values_list("tenant_id").distinct().get() == (committed_cast.acme.id,)
    with sweeper_scope():
        seen: set[UUID] = set(InboxEvent.objects.values_list("tenant_id", flat=True))
        assert seen == {committed_cast.acme.id, committed_cast.globex.id}
    with pytest.raises(ProgrammingError, match="permission denied"), sweeper_scope():
        InboxEvent.objects.values_list("payload").first()
    with pytest.raises(ProgrammingError, match="permission denied"), sweeper_scope():
        InboxEvent.objects.update(state="done")


def test_the_ledger_cannot_be_rewritten(committed_cast: Cast) -> None:
    for statement in ("UPDATE usage_usagerecord SET cost_usd = 0", "DELETE FROM usage_usagerecord"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(statement)
