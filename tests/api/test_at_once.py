"""Two requests about one AI employee at the same time, in real transactions."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import connection

from agents.employees import hiring
from agents.models import Agent
from tenants.models import ApiToken, Role
from tenants.scope import tenant_scope
from tests import factories
from tests.api.conftest import Answer, Caller
from tests.conftest import Cast
from tests.waiting import eventually


@pytest.fixture
def acme(committed_cast: Cast) -> Caller:
    _, plain = ApiToken.issue(committed_cast.acme, "Tests", Role.OPERATOR)
    return Caller({"Authorization": f"Bearer {plain}"})


def meanwhile(call: Callable[[], Answer], pool: ThreadPoolExecutor) -> Future[Answer]:
    """Make the call in a thread, and return once Postgres shows it waiting for a lock."""

    def work() -> Answer:
        try:
            return call()
        finally:
            connection.close()

    future = pool.submit(work)
    eventually(_somebody_waits, what="the request waits for the row")
    return future


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_change_of_an_employee_that_is_let_go_meanwhile_does_not_bring_it_back(
    acme: Caller, committed_cast: Cast
) -> None:
    tenant = committed_cast.acme
    with tenant_scope(tenant.id):
        agent = factories.make_agent()
    with ThreadPoolExecutor(1) as pool:
        with tenant_scope(tenant.id):
            hiring.let_go(agent)
            changed = meanwhile(lambda: acme.patch(f"agents/{agent.id}/", {"name": "Mia"}), pool)
        changed.result(30).problem(404)
    with tenant_scope(tenant.id):
        assert Agent.objects.get().deleted_at


def test_two_changes_of_different_fields_both_stay(acme: Caller, committed_cast: Cast) -> None:
    tenant = committed_cast.acme
    with tenant_scope(tenant.id):
        agent = factories.make_agent()
    with ThreadPoolExecutor(1) as pool:
        with tenant_scope(tenant.id):
            agent.job_title = "Sales"
            hiring.change(agent)
            changed = meanwhile(lambda: acme.patch(f"agents/{agent.id}/", {"name": "Mia"}), pool)
        answer = changed.result(30).json
    assert (answer["name"], answer["job_title"], answer["revision"]) == ("Mia", "Sales", 3)
