"""The API: how a channel is, checking it now, and connecting one by what its form asks for."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from pytest_django import Settings

from channels.models import Connection, Route
from channels.providers.base import DeliveryNotNowError
from tenants.models import ApiToken, Role, Tenant
from tenants.scope import tenant_scope
from tests.api.conftest import Caller
from tests.channels.serving import served
from tests.channels.whatsapp import open_line
from tests.conftest import Cast
from tests.pigeon.loft import PROVIDERS, Loft, open_loft
from tests.pigeon.provider import NO_PERCH, SKY

VALUES = {"number": "4930222", "loft": "acme's secret"}


@pytest.fixture(autouse=True)
def _sky(settings: Settings) -> Iterator[None]:
    settings.CHANNEL_PROVIDERS = PROVIDERS
    settings.ROOT_URLCONF = "tests.health.urls"
    settings.ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
    yield
    SKY.clear()


@pytest.fixture
def loft(committed_cast: Cast) -> Loft:
    return open_loft(committed_cast.acme, "4930111", "acme's secret")


def caller(tenant: Tenant, role: Role = Role.OPERATOR) -> Caller:
    return Caller({"Authorization": f"Bearer {ApiToken.issue(tenant, 'Tests', role)[1]}"})


def test_a_channel_says_how_it_is_and_is_checked_on_request(loft: Loft, committed_cast: Cast) -> None:
    acme, address = caller(committed_cast.acme), f"channels/{loft.connection.id}/health"
    assert acme.get(address).json == {"state": "active", "lost_at": None, "checked_at": None, "probes": []}
    SKY.closed.add("token-4930111")
    found = acme.post(address).json
    first = found["probes"][0]
    assert (found["state"], found["checked_at"] is not None) == ("broken", True)
    assert first | {"since": ""} == {
        "key": "pigeon.perch", "name": "Perch", "state": "fails",
        "seen": "The loft of this number is closed: open it again.", "means": "No pigeon reaches anybody.",
        "move": "yours", "fix": "reconnect", "since": "",
    }  # fmt: skip
    assert acme.get(address).json == found
    assert acme.get(f"channels/{loft.connection.id}/").json["error"].startswith("Pigeon Post does not work in Loft")


def test_only_those_who_may_check_and_only_their_own(loft: Loft, committed_cast: Cast) -> None:
    viewer, globex = caller(committed_cast.acme, Role.VIEWER), caller(committed_cast.globex)
    address = f"channels/{loft.connection.id}/health"
    assert viewer.get(address).status == 200
    viewer.post(address).problem(403)
    for id in (loft.connection.id, uuid4()):
        globex.get(f"channels/{id}/health").problem(404)
        globex.post(f"channels/{id}/health").problem(404)


def test_a_channel_is_connected_with_the_checks_of_the_form(committed_cast: Cast, settings: Settings) -> None:
    acme = caller(committed_cast.acme)
    assert acme.post("channels/pigeon", {"number": "one", "loft": ""}).problem(400)["errors"] == {
        "number": ["A number of Pigeon Post has digits only."],
        "loft": ["The loft secret is on the door of the loft."],
    }
    assert list(acme.post("channels/pigeon", {}).problem(400)["errors"]) == ["number", "loft"]
    SKY.closed.add("4930222")
    assert acme.post("channels/pigeon", VALUES).problem(400)["errors"] == {
        "number": ["Pigeon Post has no loft with this number."]
    }
    SKY.closed.clear()
    SKY.faults.append(DeliveryNotNowError(NO_PERCH(), 5))
    assert "cannot be reached" in acme.post("channels/pigeon", VALUES).problem(502)["detail"]
    caller(committed_cast.acme, Role.VIEWER).post("channels/pigeon", VALUES).problem(403)
    once = {"Idempotency-Key": "once"}
    with served() as url:
        settings.PUBLIC_URL = url
        made = acme.call("POST", "channels/pigeon", VALUES, headers=once)
        again = acme.call("POST", "channels/pigeon", VALUES, headers=once)
        assert (made.status, again.json) == (201, made.json)
        assert (
            "another workspace" in caller(committed_cast.globex).post("channels/pigeon", VALUES).problem(409)["detail"]
        )
    assert (made.json["provider"], made.json["external_id"], made.json["state"]) == ("pigeon", "4930222", "active")
    assert VALUES["loft"] not in str(made.json)
    with tenant_scope(committed_cast.acme.id):
        assert str(Connection.objects.get().id) == made.json["id"]
    assert Route.objects.filter(connection_id=made.json["id"]).count() == 1


def test_where_people_write_first_a_test_says_where_to_begin(committed_cast: Cast, settings: Settings) -> None:
    settings.CHANNEL_PROVIDERS = [*PROVIDERS, "channels.providers.whatsapp.WhatsApp"]
    line = open_line(committed_cast.acme)
    asked = caller(committed_cast.acme).post(f"channels/{line.connection.id}/test", {"text": "Hi"})
    detail = asked.problem(409)["detail"]
    assert detail.startswith("On WhatsApp, people have to write first: open http")
