"""A provider that is nothing like Slack, through the same code: its webhook, its statuses, and the pages."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from channels.connections import credentials, health
from channels.messages import lookups
from channels.models import Connection, Delivery, InboxEvent
from channels.web import checks
from tenants.doctor.report import State
from tenants.scope import tenant_scope
from tests.billing.people import member
from tests.conftest import Cast
from tests.pigeon.loft import ADA, PROVIDERS, Loft, open_loft
from tests.pigeon.provider import SKY, lost


@pytest.fixture(autouse=True)
def _sky(settings: Settings) -> Iterator[None]:
    settings.CHANNEL_PROVIDERS = PROVIDERS
    yield
    SKY.clear()


@pytest.fixture
def loft(committed_cast: Cast) -> Loft:
    return open_loft(committed_cast.acme, "4930111", "acme's secret")


@pytest.fixture
def other(committed_cast: Cast) -> Loft:
    """Of another workspace."""
    return open_loft(committed_cast.globex, "4930222", "globex's secret")


def unseen(loft: Loft) -> None:
    """A reply whose fate nobody saw."""
    SKY.faults.append(lost())
    loft.send(loft.message(1))
    loft.work()
    assert loft.deliveries() == ["unknown"]


def test_each_message_of_a_request_is_stored_once(loft: Loft) -> None:
    items = [loft.message(number) for number in (1, 2, 3)]
    assert [loft.send(*items), loft.send(*items)] == [200, 200]
    assert loft.events() == ["pending"] * 3


def test_a_bad_item_loses_none_of_the_others(loft: Loft) -> None:
    assert loft.send(loft.message(1), loft.message(2, at="noon"), loft.message(3)) == 200
    assert loft.events() == ["pending"] * 2
    assert loft.send(loft.message(4, at="noon")) == 400


def test_an_item_that_cannot_be_stored_loses_none_of_the_others_and_is_asked_for_again(loft: Loft) -> None:
    assert loft.send(loft.message(1), loft.message(2, id="2" * 500), loft.message(3)) == 500
    assert loft.events() == ["pending"] * 2


def test_the_address_is_proven_with_its_own_token(loft: Loft, client: Client) -> None:
    proven = client.get(loft.url, {"token": loft.secret, "challenge": "42"})
    assert (proven.status_code, proven.content, proven.headers["Content-Type"]) == (200, b"42", "text/plain")
    assert client.get(loft.url, {"token": "guessed", "challenge": "42"}).status_code == 401


def test_an_own_secret_touches_its_own_connection_only(loft: Loft, other: Loft) -> None:
    theirs = other.message(1)
    assert other.send(theirs, secret=loft.secret) == 401
    assert loft.send(theirs) == 200, "nobody is told whose number it is"
    assert (loft.events(), other.events()) == ([], [])
    other.send(theirs)
    other.work()
    status = other.status("failed", error="hawk")
    assert loft.send(status) == 200
    assert loft.send({**status, "to": loft.connection.external_id}) == 200
    assert other.deliveries() == ["sent"]


@pytest.mark.parametrize(
    "url", ["/webhooks/pigeon", "/webhooks/pigeon/0192a1b2-0000-7000-8000-000000000000/", "/webhooks/slack/{}/events"]
)
def test_without_an_own_secret_nothing_is_accepted(loft: Loft, url: str) -> None:
    assert loft.send(loft.message(1), url=url.format(loft.connection.id)) == 401
    assert loft.events() == []


@pytest.mark.parametrize("path", ["/webhooks/owl", "/webhooks/pigeon/events", "/webhooks/slack"])
def test_what_no_provider_has_is_not_found(path: str, client: Client) -> None:
    assert client.post(path, "{}", content_type="application/json").status_code == 404


def test_a_disconnected_number_is_deaf_even_where_its_secret_is_still_known(loft: Loft) -> None:
    assert loft.send(loft.message(1)) == 200
    with tenant_scope(loft.tenant.id):
        health.disconnect(Connection.objects.get(), health.IN_THE_PORTAL())
        assert not Connection.objects.get().secrets
    assert loft.send(loft.message(2)) == 200
    assert loft.events() == ["failed"]
    credentials.forget_known()
    assert loft.send(loft.message(3)) == 401


def test_it_is_answered_at_once(loft: Loft) -> None:
    loft.send(loft.message(1))
    loft.work()
    assert [each.address for each in SKY.posted] == [{"number": "4930555"}]
    assert (loft.events(), loft.deliveries()) == (["done"], ["sent"])


@pytest.mark.parametrize(
    ("status", "becomes", "events"), [("delivered", "sent", "done"), ("failed", "failed", "failed")]
)
def test_what_is_unclear_stays_so_until_the_provider_says_more(
    loft: Loft, status: str, becomes: str, events: str
) -> None:
    unseen(loft)
    with tenant_scope(loft.tenant.id):
        Delivery.objects.update(unknown_since=timezone.now() - timedelta(minutes=5))
    thread_id = loft.work()
    lookups.look_up(loft.tenant.id, thread_id)
    assert (loft.deliveries(), SKY.posted) == (["unknown"], []), "it is neither looked up nor sent again"
    told = loft.status(status, error="hawk")
    assert [loft.send(told), loft.send(told)] == [200, 200]
    assert (loft.deliveries(), loft.events()) == ([becomes], [events])


def test_a_sender_that_died_leaves_it_unclear(loft: Loft) -> None:
    loft.send(loft.message(1))
    thread_id = loft.work()
    with tenant_scope(loft.tenant.id):
        Delivery.objects.update(state="sending", sending_since=timezone.now() - timedelta(minutes=1))
    lookups.look_up(loft.tenant.id, thread_id)
    assert loft.deliveries() == ["unknown"]


def test_what_was_sent_may_fail_later_but_not_once_it_was_delivered(loft: Loft) -> None:
    loft.send(loft.message(1))
    loft.work()
    loft.send(loft.status("delivered"))
    loft.send(loft.status("failed"))
    assert loft.deliveries() == ["sent"]
    loft.send(loft.message(2))
    loft.work()
    loft.send(loft.status("sent"), loft.status("failed"))
    assert (loft.deliveries(), loft.events()) == (["sent", "failed"], ["done", "failed"])


def test_pages_say_what_became_of_it(loft: Loft, committed_cast: Cast) -> None:
    unseen(loft)
    owner = member(committed_cast.alice, committed_cast.acme)
    page = f"conversations/{loft.conversation().id}/"
    assert "Pigeon Post did not confirm it so far. Roster does not send it again" in owner.read(page)
    loft.send(loft.status("failed", error="hawk"))
    assert "Pigeon Post did not take the message: a hawk did." in owner.read(page)
    assert "Pigeon" in owner.read("conversations/")
    assert str(ADA) in owner.read("settings/data/people/")
    for page in ("channels/", "onboarding/channel/", "onboarding/test/"):
        assert "Loft 4930111" in owner.read(page)


def test_sent_is_shown_first_and_delivered_once_the_provider_says_so(loft: Loft, committed_cast: Cast) -> None:
    loft.send(loft.message(1))
    loft.work()
    owner = member(committed_cast.alice, committed_cast.acme)
    page, api = f"conversations/{loft.conversation().id}/", f"/api/v1/conversations/{loft.conversation().id}/messages/"

    def delivered_at() -> str:
        told = owner.client.get(api, headers={"Roster-Workspace": "acme"}).json()["results"]
        return str(told[-1]["deliveries"][0]["delivered_at"] or "")

    assert ("Sent</span>" in owner.read(page), "Delivered" in owner.read(page), delivered_at()) == (True, False, "")
    loft.send(loft.status("delivered"))
    assert ("Sent</span>" in owner.read(page), "Delivered" in owner.read(page)) == (True, True)
    assert delivered_at()


def test_the_wizard_and_the_api_send_test_messages(loft: Loft, committed_cast: Cast) -> None:
    owner = member(committed_cast.alice, committed_cast.acme)
    sent = owner.post("onboarding/test/", text="Hello?")
    assert (sent.status_code, loft.events()) == (302, ["pending"])
    assert "This message goes through Pigeon Post and back" in owner.read("onboarding/test/")
    path = f"/api/v1/channels/{loft.connection.id}/test"
    told = owner.client.post(
        path, {"text": "Hello?"}, content_type="application/json", headers={"Roster-Workspace": "acme"}
    )
    assert (told.status_code, told.json()["provider_response"]) == (202, {"number": str(ADA)})
    assert loft.events() == ["pending"] * 2


def test_an_installation_that_only_has_pigeons_says_so(settings: Settings, loft: Loft, committed_cast: Cast) -> None:
    settings.CHANNEL_PROVIDERS = PROVIDERS[1:]
    owner = member(committed_cast.alice, committed_cast.acme)
    for page in ("", "channels/", "onboarding/channel/", "onboarding/test/", "conversations/"):
        assert "Slack is" not in owner.read(page), page
    assert "Pigeon Post is connected" in owner.read("onboarding/channel/")
    other = member(committed_cast.bob, committed_cast.globex)
    assert "You copy a few values from Pigeon Post." in other.read("onboarding/channel/")


def test_the_doctor_asks_it_too(loft: Loft) -> None:
    assert [each.text for each in checks.platforms() if each.subject == "Pigeon Post"] == [
        "needs nothing of the platform."
    ]
    assert [each.state for each in checks.tenants_connections()] == [State.OK]
    SKY.closed.add("token-4930111")
    (finding,) = checks.tenants_connections()
    assert (finding.state, finding.text) == (State.PROBLEM, "The loft of this number is closed: open it again.")


def test_its_secret_is_stored_encrypted(loft: Loft) -> None:
    with tenant_scope(loft.tenant.id):
        assert loft.secret not in str(Connection.objects.get().secrets)
        assert InboxEvent.objects.count() == 0
        assert Connection.objects.get().own_secrets == {"loft": loft.secret}
