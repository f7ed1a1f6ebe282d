"""Row-level security for the role `app`."""

import re
from contextlib import suppress
from uuid import UUID

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from agents.models import Agent, AgentRevision
from channels.models import InboxEvent
from tenants.scope import NoTenantError, current_tenant_id, sweeper_scope, tenant_scope
from tests import factories
from tests.conftest import Cast
from usage.models import Meter

OF_SCOPES = re.compile(r"SAVEPOINT|RELEASE|SELECT set_config")


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


def test_a_nested_scope_of_the_same_tenant_costs_no_statement(committed_cast: Cast) -> None:
    acme = committed_cast.acme.id
    with tenant_scope(acme), CaptureQueriesContext(connection) as asked:
        with tenant_scope(acme):
            assert current_tenant_id() == acme
        with tenant_scope(acme), tenant_scope(acme):
            Meter.objects.create(key="trial", name="Trial credit")
        assert Meter.objects.count() == 1
    assert [each["sql"] for each in asked.captured_queries if OF_SCOPES.match(each["sql"])] == []


def fail_halfway() -> None:
    """Write something in a scope of its own, then fail."""
    with tenant_scope(current_tenant_id()):
        Meter.objects.create(key="half", name="Half")
        raise ZeroDivisionError


def test_what_fails_in_a_nested_scope_of_the_same_tenant_is_never_kept_in_part(committed_cast: Cast) -> None:
    acme = committed_cast.acme.id
    with tenant_scope(acme):
        with pytest.raises(ZeroDivisionError):
            fail_halfway()
        with pytest.raises(TransactionManagementError):  # whoever goes on has to say to where it is undone
            Meter.objects.count()
    with tenant_scope(acme):
        assert not Meter.objects.exists()


def test_whoever_goes_on_after_an_error_undoes_what_was_inside(committed_cast: Cast) -> None:
    acme = committed_cast.acme.id
    with tenant_scope(acme):
        Meter.objects.create(key="before", name="Before")
        with suppress(ZeroDivisionError), transaction.atomic():
            fail_halfway()
        Meter.objects.create(key="after", name="After")
    with tenant_scope(acme):
        assert {meter.key for meter in Meter.objects.all()} == {"before", "after"}


def test_the_same_tenant_within_another_ones_scope_is_set_again(committed_cast: Cast) -> None:
    acme, globex = committed_cast.acme.id, committed_cast.globex.id
    with tenant_scope(acme):
        with tenant_scope(globex):
            with tenant_scope(acme):
                factories.make_agent("Ours")
            assert Agent.objects.count() == 0
        assert [agent.name for agent in Agent.objects.all()] == ["Ours"]


def test_a_transaction_without_a_scope_is_not_taken_for_one(committed_cast: Cast) -> None:
    acme = committed_cast.acme.id
    with transaction.atomic():
        with tenant_scope(acme):
            factories.make_agent("Ours")
        assert Agent.objects.count() == 0
        with tenant_scope(acme):
            assert Agent.objects.count() == 1


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
