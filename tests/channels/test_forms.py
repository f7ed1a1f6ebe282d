"""Connecting Pigeon Post through the wizard by its form, over real HTTP: the pigeon comes to the address, too."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from channels.models import Connection, ConnectionDraft, Route
from tenants.models import AuditEvent, Role
from tenants.scope import tenant_scope
from tests import factories
from tests.billing.people import member
from tests.channels.serving import Operator, served, words
from tests.conftest import Cast
from tests.pigeon.loft import PROVIDERS, Loft
from tests.pigeon.provider import SKY, lost

SECRET = "acme's secret"


@pytest.fixture
def site(committed_cast: Cast, settings: Settings) -> Iterator[str]:
    settings.ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
    settings.CHANNEL_PROVIDERS = PROVIDERS
    with served() as url:
        settings.PUBLIC_URL = url
        yield url
    SKY.clear()


@pytest.fixture
def alice(site: str, committed_cast: Cast) -> Operator:
    return Operator(site, member(committed_cast.alice, committed_cast.acme).client)


def test_the_wizard_offers_it_and_its_form_connects_it(alice: Operator, committed_cast: Cast) -> None:
    step = alice.http.get("/t/acme/onboarding/channel/")
    assert 'value="pigeon"' in step.text
    form = alice.submit(step, provider="pigeon")
    assert "Number" in words(form)
    assert "Loft secret" in words(form)
    done = alice.submit(form, number="4930111", loft=SECRET)
    assert "Pigeon Post is connected: Loft 4930111." in words(done)
    assert done.url.path == "/t/acme/onboarding/employee/"
    with tenant_scope(committed_cast.acme.id):
        connection = Connection.objects.get()
        assert (connection.external_id, connection.state) == ("4930111", "active")
        assert connection.own_secrets == {"loft": SECRET}
        assert str(connection.id) in str(form.url), "its address is the one that the page showed"
        assert not ConnectionDraft.objects.exists()
        assert "channel.connected" in AuditEvent.objects.values_list("action", flat=True)
        factories.make_agent()
    assert [each.external_id for each in Route.objects.all()] == ["4930111"]
    loft = Loft(committed_cast.acme, connection, SECRET)
    assert loft.send(loft.message(1)) == 200
    loft.work()
    assert loft.deliveries() == ["sent"]


def test_each_value_that_cannot_be_right_has_its_own_sentence_and_the_others_stay(alice: Operator) -> None:
    form = alice.submit(alice.http.get("/t/acme/onboarding/channel/"), provider="pigeon")
    again = words(alice.submit(form, number="+49 30", loft=""))
    assert "A number of Pigeon Post has digits only." in again
    assert "The loft secret is on the door of the loft." in again
    assert 'value="+49 30"' in again
    kept = words(alice.submit(form, number="+49 30", loft=SECRET))
    assert "door of the loft" not in kept
    assert SECRET not in kept


def test_what_the_provider_says_no_to_stands_beside_its_field(alice: Operator, committed_cast: Cast) -> None:
    form = alice.submit(alice.http.get("/t/acme/onboarding/channel/"), provider="pigeon")
    SKY.closed.add("4930111")
    told = words(alice.submit(form, number="4930111", loft=SECRET))
    assert "Pigeon Post has no loft with this number." in told
    SKY.faults.append(lost())
    told = words(alice.submit(form, number="4930222", loft=SECRET))
    assert "Pigeon Post cannot be reached right now, so this could not be checked." in told
    with tenant_scope(committed_cast.acme.id):
        assert not Connection.objects.exists()
    assert "is connected" not in words(alice.http.get("/t/acme/onboarding/channel/"))
    assert "Loft" not in words(alice.http.get("/t/acme/channels/"))


def test_a_number_of_another_workspace_is_refused(site: str, alice: Operator, committed_cast: Cast) -> None:
    bob = Operator(site, member(committed_cast.bob, committed_cast.globex).client)
    for who, slug in ((alice, "acme"), (bob, "globex")):
        form = who.submit(who.http.get(f"/t/{slug}/onboarding/channel/"), provider="pigeon")
        told = words(who.submit(form, number="4930111", loft=SECRET))
    assert "is connected to another workspace of Roster" in told
    with tenant_scope(committed_cast.globex.id):
        assert not Connection.objects.exists()


def test_a_draft_of_another_workspace_does_not_exist(site: str, alice: Operator, committed_cast: Cast) -> None:
    form = alice.submit(alice.http.get("/t/acme/onboarding/channel/"), provider="pigeon")
    bob = Operator(site, member(committed_cast.bob, committed_cast.globex).client)
    assert bob.http.get(form.url.path.replace("acme", "globex")).status_code == 404


def test_viewers_cannot_enter_anything(site: str, alice: Operator, committed_cast: Cast) -> None:
    form = alice.submit(alice.http.get("/t/acme/onboarding/channel/"), provider="pigeon")
    viewer = Operator(site, member(factories.make_member(committed_cast.acme, Role.VIEWER), committed_cast.acme).client)
    assert viewer.http.get(form.url.path).status_code == 403


def test_a_lost_one_is_connected_again_at_the_same_address(alice: Operator, committed_cast: Cast) -> None:
    form = alice.submit(alice.http.get("/t/acme/onboarding/channel/"), provider="pigeon")
    alice.submit(form, number="4930111", loft=SECRET)
    channels = alice.http.get("/t/acme/channels/")
    with tenant_scope(committed_cast.acme.id):
        connection = Connection.objects.get()
    lost_page = alice.submit(channels, f"/t/acme/channels/{connection.id}/disconnect/")
    assert form.url.path in lost_page.text
    again = alice.http.get(form.url.path)
    other = words(alice.submit(again, number="4930222", loft=SECRET))
    assert "This is not the account of “Loft 4930111”" in other
    assert "is connected: Loft 4930111." in words(alice.submit(again, number="4930111", loft="a new secret"))
    with tenant_scope(committed_cast.acme.id):
        renewed = Connection.objects.get()
        assert (renewed.id, renewed.state, renewed.own_secrets) == (connection.id, "active", {"loft": "a new secret"})
