"""Creating workspaces."""

from concurrent.futures import ThreadPoolExecutor

from django.db import connections
from django.test import Client

from tenants.models import Membership, Tenant
from tests import factories
from tests.conftest import Cast


def make(client: Client, name: str) -> tuple[int, str]:
    try:
        answer = client.post("/workspaces/new/", {"name": name, "time_zone": "Europe/London"})
        return answer.status_code, answer.headers.get("Location", "")
    finally:
        connections.close_all()


def member() -> Client:
    client = Client()
    client.force_login(factories.make_user())
    return client


def test_a_second_workspace_with_the_same_name_gets_another_url(committed_cast: Cast) -> None:
    assert make(member(), "Acme") == (302, "/t/acme-2/onboarding/")
    assert make(member(), "Acme") == (302, "/t/acme-3/onboarding/")
    assert make(member(), "Admin") == (302, "/t/admin-2/onboarding/")


def test_many_with_the_same_name_at_once_each_get_their_own_url_or_an_error(committed_cast: Cast) -> None:
    clients = [member() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda client: make(client, "Northwind"), clients))
    made = [address for status, address in answers if status == 302]
    assert {status for status, _ in answers} <= {302, 400}
    assert len(made) == len(set(made)) == Tenant.objects.filter(slug__startswith="northwind").count() >= 1
    assert Membership.objects.filter(tenant__slug__startswith="northwind", role="owner").count() == len(made)
