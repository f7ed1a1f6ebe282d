"""A connection that stops working: it is seen by the check, mailed once, shown first, and well again by itself."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from channels import tasks
from channels.connections import health as connections
from channels.health import checkup, due
from channels.models import Connection, Delivery, InboxEvent, Probe, Route
from channels.providers.base import DeliveryNotNowError, DeliveryRefusedError
from channels.providers.shapes.health import Result, State
from channels.web import checks
from tenants.models import Mail, Role
from tenants.scope import tenant_scope
from tests.billing.people import colleague, member
from tests.conftest import Cast
from tests.pigeon.loft import PROVIDERS, Loft, open_loft
from tests.pigeon.provider import NO_PERCH, PERCH, SKY


@pytest.fixture(autouse=True)
def _sky(settings: Settings) -> Iterator[None]:
    settings.CHANNEL_PROVIDERS = PROVIDERS
    yield
    SKY.clear()


@pytest.fixture
def loft(committed_cast: Cast) -> Loft:
    colleague(committed_cast.acme, Role.OPERATOR)
    colleague(committed_cast.acme, Role.VIEWER)
    return open_loft(committed_cast.acme, "4930111", "acme's secret")


def check(loft: Loft) -> None:
    checkup.check(loft.tenant.id, loft.connection.id)


def state_of(loft: Loft) -> str:
    with tenant_scope(loft.tenant.id):
        return Connection.objects.get().state


def probe(loft: Loft, key: str) -> Probe:
    with tenant_scope(loft.tenant.id):
        return Probe.objects.get(key=key)


def mails(loft: Loft) -> list[Mail]:
    with tenant_scope(loft.tenant.id):
        return list(Mail.objects.filter(kind=Mail.Kind.CHANNEL_BROKEN).order_by("planned_at", "id"))


def test_a_dead_token_is_mailed_once_to_those_who_can_act_and_again_only_after_it_worked(loft: Loft) -> None:
    SKY.closed.add("token-4930111")
    check(loft)
    check(loft)
    assert state_of(loft) == "broken"
    first = mails(loft)
    assert len(first) == 2, "the owner and the operator, not the viewer"
    assert first[0].subject == "Pigeon Post stopped working"
    assert "The loft of this number is closed: open it again." in first[0].text
    assert "http://testserver/t/acme/channels/" in first[0].text
    with tenant_scope(loft.tenant.id):
        Mail.objects.update(state=Mail.State.SENT)
    SKY.closed.clear()
    check(loft)
    assert state_of(loft) == "active"
    SKY.closed.add("token-4930111")
    check(loft)
    assert len(mails(loft)) == 4


def test_a_mail_about_what_works_again_is_not_sent_any_more(loft: Loft) -> None:
    SKY.closed.add("token-4930111")
    check(loft)
    SKY.closed.clear()
    check(loft)
    assert mails(loft) == []


def test_a_refused_message_breaks_it_too_and_the_next_check_sees_whether_it_lasts(loft: Loft) -> None:
    with tenant_scope(loft.tenant.id):
        error = DeliveryRefusedError(NO_PERCH(), breaks_connection=True, code="closed")
        connections.refused(loft.connection.id, error)
    assert (state_of(loft), len(mails(loft))) == ("broken", 2)
    check(loft)
    assert state_of(loft) == "active"


def test_a_provider_that_cannot_be_asked_proves_nothing(loft: Loft) -> None:
    SKY.closed.add("token-4930111")
    check(loft)
    SKY.closed.clear()
    SKY.found.append(Result(PERCH, State.UNASKED, NO_PERCH(), breaks=True))
    with tenant_scope(loft.tenant.id):
        Connection.objects.update(cause="token_dead:closed")
    check(loft)
    assert state_of(loft) == "broken"


def refuse(loft: Loft, number: int, code: str = "closed") -> None:
    """Somebody new writes, and their answer is refused."""
    at = timezone.now().timestamp() + number
    loft.send({"to": 4930111, "id": number, "from": 1_000 + number, "text": "Hello?", "at": at})
    with tenant_scope(loft.tenant.id):
        event = InboxEvent.objects.order_by("-id").first()
        assert event
        assert event.thread
        assert event.turn
        given = {"state": "failed", "cause": f"refused:{code}", "address": {}, "text": "Yes?"}
        Delivery.objects.create(thread=event.thread, turn=event.turn, sequence=0, **given)
        InboxEvent.objects.update(state="failed")


def test_several_refusals_in_a_row_break_it_unless_they_are_about_one_person_each(loft: Loft) -> None:
    for number in range(5):
        refuse(loft, number, code="hawk")
    check(loft)
    assert state_of(loft) == "active"
    for number in range(5, 10):
        refuse(loft, number)
    check(loft)
    found = probe(loft, "channels.probe_go_out")
    assert (state_of(loft), found.state, found.move) == ("broken", "fails", "yours")
    assert str(found.seen).startswith("The last 5 answers were all refused")


@pytest.mark.parametrize(
    ("change", "key", "state", "words"),
    [
        ("none", "come_in", "unasked", "Nobody has written within a week."),
        ("none", "go_out", "unasked", "There was nothing to answer within a week."),
        ("none", "holder", "passes", "This workspace, and no other."),
        ("taken", "holder", "fails", "Another connection of Roster has this account."),
        ("waiting", "backlog", "warns", "Somebody has been waiting since"),
        ("failed", "reached", "warns", "1 of 1 answers within a day, the last on"),
        ("unclear", "unclear", "warns", "1 answers within a day were not confirmed."),
        ("ahead", "clock", "warns", "Ours is"),
    ],
)
def test_what_our_own_records_say(loft: Loft, change: str, key: str, state: str, words: str) -> None:
    if change != "none":
        refuse(loft, 3_600 if change == "ahead" else 0)
    with tenant_scope(loft.tenant.id):
        if change == "taken":
            Route.objects.update(connection_id=loft.tenant.id)
        if change == "unclear":
            Delivery.objects.update(state="unknown", unknown_since=timezone.now())
        if change == "waiting":
            Connection.objects.update(connected_at=timezone.now() - timedelta(hours=2))
            InboxEvent.objects.update(state="pending", received_at=timezone.now() - timedelta(hours=1))
    check(loft)
    found = probe(loft, f"channels.probe_{key}")
    assert (found.state, str(found.seen)[: len(words)]) == (state, words)


def test_an_unchanged_state_keeps_its_since_and_a_gone_probe_goes(loft: Loft) -> None:
    check(loft)
    before = probe(loft, "pigeon.perch")
    SKY.found.append(Result(PERCH, State.PASSES, NO_PERCH()))
    check(loft)
    after = probe(loft, "pigeon.perch")
    assert (after.since, after.id) == (before.since, before.id)
    assert after.checked_at > before.checked_at


def test_each_connection_has_its_turn_once_an_hour(loft: Loft) -> None:
    assert due.due() == [(loft.tenant.id, loft.connection.id)]
    tasks.check_connection(str(loft.tenant.id), str(loft.connection.id))
    assert due.due() == []
    assert probe(loft, "pigeon.perch").state == "passes"
    SKY.closed.add("token-4930111")
    tasks.check_connection(str(loft.tenant.id), str(loft.connection.id))
    assert state_of(loft) == "active", "another worker has just asked"
    Route.objects.update(check_at=timezone.now() - timedelta(seconds=1))
    assert list(tasks.overdue_checks()) == [(tasks.check_connection, (loft.tenant.id, loft.connection.id))]


def test_the_page_shows_what_is_wrong_first_with_one_button_for_those_who_may(loft: Loft, committed_cast: Cast) -> None:
    owner, viewer = member(committed_cast.alice, committed_cast.acme), colleague(committed_cast.acme, Role.VIEWER)
    assert "Not checked yet" in owner.read("channels/")
    SKY.closed.add("token-4930111")
    answer = owner.post(f"channels/{loft.connection.id}/check/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/t/acme/channels/")
    page = owner.read("channels/")
    assert "Loft 4930111 is checked." in page
    for words in ("Silent since", "The loft of this number is closed: open it again.", "No pigeon reaches anybody.",
                  "Your move", "Connect Pigeon Post again", "Check again", "4 checks pass"):  # fmt: skip
        assert words in page, words
    seen = viewer.read("channels/")
    assert "The loft of this number is closed: open it again." in seen
    assert "An operator&#x27;s move" in seen
    assert "Check again" not in seen
    assert viewer.post(f"channels/{loft.connection.id}/check/").status_code == 403


def test_a_button_mends_what_it_says_and_says_so_if_it_could_not(loft: Loft, committed_cast: Cast) -> None:
    owner = member(committed_cast.alice, committed_cast.acme)
    owner.post(f"channels/{loft.connection.id}/mend/")
    assert SKY.mended == [loft.connection.id]
    assert "The address of Loft 4930111 is registered again." in owner.read("channels/")
    SKY.faults.append(DeliveryNotNowError(NO_PERCH(), 5))
    owner.post(f"channels/{loft.connection.id}/mend/")
    assert "Pigeon Post cannot be reached" in owner.read("channels/")


def test_the_doctor_counts_without_a_word_of_any_workspace(loft: Loft) -> None:
    assert [each.text for each in checks.tenants_probes()] == ["no connection failed a check within the last hours."]
    SKY.closed.add("token-4930111")
    check(loft)
    (found,) = checks.tenants_probes()
    assert found.text == "1 of Pigeon Post fail a check: each workspace sees them under Channels."


def test_a_disconnected_one_is_not_checked_and_keeps_no_results(loft: Loft) -> None:
    check(loft)
    with tenant_scope(loft.tenant.id):
        connections.disconnect(Connection.objects.get(), connections.IN_THE_PORTAL())
    check(loft)
    with tenant_scope(loft.tenant.id):
        assert not Probe.objects.exists()
    assert due.due() == []
