"""What a provider brings is stored in one statement, for the right workspace, and with its twins as one message."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from channels.connections import health, recipients, routes
from channels.messages.incoming import receive
from channels.messages.incoming.addressing import NOBODY_EMPLOYED, SAID_TO_OTHERS
from channels.models import Connection, InboxEvent, Route, place_id_of
from channels.providers.base import InboundEvent, InboundMessage
from channels.tasks import dispatch
from channels.web import webhooks
from config.local.embedded.postgres import Postgres
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories, pgbouncer
from tests.channels.slack import BOT, TEAM, arrive, payload
from tests.conftest import Cast
from tests.pigeon.loft import PROVIDERS, Loft, open_loft

TWINS = ("message_channels", "app_mention")
Rung = list[tuple[Any, float]]


@pytest.fixture(autouse=True)
def _pigeons(settings: Settings) -> None:
    settings.CHANNEL_PROVIDERS = PROVIDERS


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> Rung:
    """What rang the bell."""
    found: Rung = []
    monkeypatch.setattr(webhooks, "ring", lambda task, delay=0.0: found.append((task, delay)))
    return found


@pytest.fixture
def acme(committed_cast: Cast) -> Tenant:
    """A workspace with Slack connected."""
    with tenant_scope(committed_cast.acme.id):
        factories.make_agent()
        factories.make_connection(TEAM, bot_user_id=BOT)
    return committed_cast.acme


def stored(tenant: Tenant) -> list[InboxEvent]:
    with tenant_scope(tenant.id):
        return list(InboxEvent.objects.order_by("id"))


def one(tenant: Tenant) -> InboxEvent:
    (event,) = stored(tenant)
    return event


def change(tenant: Tenant, **fields: Any) -> None:
    """As if it had been so from the start."""
    with tenant_scope(tenant.id):
        InboxEvent.objects.update(**fields)


def mention(name: str = "message_channels", event_id: str = "", **event: Any) -> dict[str, Any]:
    return payload(name, **({"_event_id": event_id} if event_id else {}), **event)


def event(message: InboundMessage | None = None, event_id: str = "Ev1", **fields: Any) -> InboundEvent:
    return InboundEvent("slack", TEAM, event_id, "message", "{}", message, **fields)


def message(key: str = "C1:1.0", *, is_addressed: bool = False, **fields: Any) -> InboundMessage:
    said = {"author": "U1", "text": "Hello", "said_at": datetime.now(UTC), "address": {"channel": "C1"}, **fields}
    return InboundMessage(key=key, thread_ids=["C1:1.0"], is_addressed=is_addressed, position=Decimal("1.5"), **said)


def keep(found: InboundEvent, *accounts: str, own: UUID | None = None) -> receive.Arrival | None:
    return receive.store(found, accounts or (TEAM,), quiet_seconds=1.0, own=own)


def test_a_message_waits_to_be_heard(acme: Tenant, client: Client, rung: Rung) -> None:
    before = timezone.now()
    assert arrive(client, mention("app_mention")).status_code == 200
    found, said = one(acme), payload("app_mention")["event"]

    assert (found.state, found.kind, found.author) == ("received", "app_mention", said["user"])
    assert found.message_key == f"{said['channel']}:{said['ts']}"
    assert found.position == Decimal(said["ts"])
    assert found.place_id == place_id_of(found.message_key)
    assert json.loads(found.payload)["event"]["ts"] == said["ts"]
    assert found.address == {"channel": said["channel"], "thread_ts": said["ts"]}
    assert (found.is_addressed, found.is_readable, found.is_test) == (True, True, False)
    assert (found.thread, found.turn, found.finished_at, found.place, str(found.reason)) == (None, None, None, "", "")
    assert before <= found.received_at <= timezone.now()
    assert found.due_at is not None
    assert found.due_at - found.received_at == timedelta(seconds=rung[0][1])
    assert [task for task, _ in rung] == [dispatch]


def test_a_place_has_the_id_that_postgres_gives_it(committed: None) -> None:
    with connection.cursor() as cursor:
        for place in ("D0123", "C1:1515449522.000016", "Ünïcode ✓", ""):
            cursor.execute("SELECT md5(%s)::uuid", [place])
            assert cursor.fetchone()[0] == place_id_of(place)


@pytest.mark.parametrize("name", ["message_bot", "channel_join", "channel_created"])
def test_what_nobody_said_is_noted_without_its_words(acme: Tenant, client: Client, rung: Rung, name: str) -> None:
    for _ in range(2):
        assert arrive(client, payload(name)).status_code == 200
    found = one(acme)

    assert (found.state, found.payload, found.message_key, found.due_at) == ("ignored", "", None, None)
    assert found.reason.code
    assert found.finished_at is not None
    assert rung == []


@pytest.mark.parametrize(
    "bodies",
    [
        [payload("app_mention")],
        [payload("message_channels", text="Lunch?")],
        [payload("channel_join")],
        [payload("app_mention"), payload("app_mention")],
        [payload("app_mention"), payload("message_channels")],
        [payload("message_channels"), payload("app_mention")],
    ],
    ids=["accepted", "to others", "ignored", "repeat", "twin", "twin the other way"],
)
def test_each_event_is_one_statement(acme: Tenant, client: Client, bodies: list[dict[str, Any]]) -> None:
    arrive(client, payload("app_mention", ts="1515449000.000001", _event_id="EvBefore"))  # the connection is known now
    for body in bodies:
        with CaptureQueriesContext(connection) as captured:
            assert arrive(client, body).status_code == 200
        assert len(captured) == 1, captured.captured_queries


def test_an_unknown_account_takes_only_the_look_up(acme: Tenant, client: Client) -> None:
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            assert arrive(client, payload("app_mention", _team_id="T0NOBODYS")).status_code == 200
        assert len(captured) == 1
    assert stored(acme) == []


def test_an_account_that_another_process_disconnected_stores_nothing(acme: Tenant, client: Client) -> None:
    arrive(client, payload("app_mention"))
    with tenant_scope(acme.id):
        Route.objects.all().delete()  # here, nobody hears of it
        InboxEvent.objects.all().delete()
    with CaptureQueriesContext(connection) as captured:
        assert arrive(client, payload("app_mention")).status_code == 200
    assert len(captured) == 1
    assert stored(acme) == []


def test_the_first_account_that_is_connected_gets_it(acme: Tenant, committed_cast: Cast) -> None:
    with tenant_scope(committed_cast.globex.id):
        theirs = factories.make_connection("T0GLOBEX").id
    for number, accounts in enumerate([("T0NONE", "T0GLOBEX", TEAM), (TEAM, "T0GLOBEX"), ("T0GLOBEX",)]):
        arrival = keep(event(message(f"C1:{number}"), f"Ev{number}"), *accounts)
        assert arrival is not None
        assert (arrival.tenant_id == committed_cast.globex.id, arrival.connection_id == theirs) == (
            (False, False) if number == 1 else (True, True)
        )
    assert [each.external_account for each in stored(committed_cast.globex)] == ["T0GLOBEX"] * 2
    assert [each.external_account for each in stored(acme)] == [TEAM]


def test_nothing_of_another_workspace_is_touched(acme: Tenant, committed_cast: Cast, client: Client) -> None:
    with tenant_scope(committed_cast.globex.id):
        factories.make_connection("T0GLOBEX", bot_user_id=BOT)
    for team in ("T0GLOBEX", TEAM):
        body = {**payload("app_mention"), "authorizations": [], "team_id": team}
        assert arrive(client, body).status_code == 200
    theirs, ours = one(committed_cast.globex), one(acme)
    assert (theirs.tenant_id, ours.tenant_id) == (committed_cast.globex.id, acme.id)
    assert theirs.message_key == ours.message_key


def test_an_account_that_moved_does_not_change_what_its_last_workspace_has(acme: Tenant, committed_cast: Cast) -> None:
    """A redelivery comes after another workspace connected the account."""
    keep(event(message()))
    with tenant_scope(acme.id):
        health.disconnect(Connection.objects.get(), health.IN_THE_PORTAL())
        InboxEvent.objects.update(state="received")
    with tenant_scope(committed_cast.globex.id):
        factories.make_connection(TEAM)
    for event_id in ("Ev1", "Ev2"):
        arrival = keep(event(message(is_addressed=True), event_id))
        assert arrival is not None
        assert (arrival.tenant_id, arrival.is_new) == (committed_cast.globex.id, False)

    assert stored(committed_cast.globex) == []
    assert one(acme).is_addressed is False


@pytest.fixture
def lofts(committed_cast: Cast) -> tuple[Loft, Loft]:
    """Two workspaces' numbers, each with a secret of its own."""
    ours = open_loft(committed_cast.acme, "4930111", "acme's secret")
    return ours, open_loft(committed_cast.globex, "4930222", "globex's secret")


def test_an_own_secret_with_anothers_number_stores_nothing(lofts: tuple[Loft, Loft], rung: Rung) -> None:
    ours, theirs = lofts
    assert ours.send(theirs.message(1)) == 200
    assert ours.send(theirs.message(1), ours.message(2)) == 200
    assert (ours.events(), theirs.events()) == (["pending"], [])
    assert rung == [(dispatch, 0.0)]


def test_the_statement_itself_keeps_an_own_secret_to_its_number(lofts: tuple[Loft, Loft]) -> None:
    ours, theirs = lofts
    said = InboundEvent("pigeon", "x", "1", "message", "{}", message("1"))
    numbers = (theirs.connection.external_id, ours.connection.external_id)
    assert receive.store(said, numbers[:1], quiet_seconds=0, own=ours.connection.id) is None
    assert receive.store(said, numbers, quiet_seconds=0, own=uuid4()) is None
    arrival = receive.store(said, numbers, quiet_seconds=0, own=ours.connection.id)
    assert arrival is not None
    assert arrival.tenant_id == ours.tenant.id
    assert (ours.events(), theirs.events()) == (["received"], [])


@pytest.mark.parametrize("order", [TWINS, TWINS[::-1]])
def test_both_events_of_a_mention_are_one_message(
    acme: Tenant, client: Client, order: tuple[str, str], rung: Rung
) -> None:
    """One of them alone does not show that it is for the employee."""
    for name in (*order, *order):
        assert arrive(client, mention(name, text="What is the hour of the pearl?")).status_code == 200
    found = one(acme)
    assert (found.state, found.is_addressed) == ("received", True)
    assert len(rung) == (2 if order == TWINS else 1)


def test_a_twin_starts_the_quiet_period_again_and_brings_what_it_knows(acme: Tenant) -> None:
    keep(event(message(address={"channel": "old"}), is_test=True))
    first = one(acme)
    arrival = keep(event(message(is_addressed=True, author="U2", is_readable=False), "Ev2"))
    twin = one(acme)

    assert arrival is not None
    assert arrival.is_new
    assert (twin.id, twin.event_id, twin.is_test) == (first.id, "Ev1", True)
    assert (twin.author, twin.address, twin.is_readable) == ("U2", {"channel": "C1"}, False)
    assert first.due_at is not None
    assert twin.due_at is not None
    assert twin.due_at > first.due_at
    assert twin.received_at > first.received_at


TALK: dict[str, Any] = {"state": "ignored", "place": "C1:1.0", "reason": SAID_TO_OTHERS(), "attempt": 3}


def twin_of(acme: Tenant, *, shows: bool = True, **fields: Any) -> tuple[InboxEvent, bool]:
    """The row after a twin came in, and whether that was news.

    shows: that the message is for the employee. fields: how the first event was kept.
    """
    keep(event(message()))
    change(acme, **fields)
    arrival = keep(event(message(is_addressed=shows), "Ev2"))
    assert arrival is not None
    return one(acme), arrival.is_new


@pytest.mark.parametrize("kept", ["the words", ""], ids=["kept", "blanked"])
def test_talk_whose_twin_shows_that_it_was_for_the_employee_waits_after_all(acme: Tenant, kept: str) -> None:
    found, is_new = twin_of(
        acme, **TALK, payload=kept, finished_at=timezone.now(), author="" if not kept else "U1", address={}
    )
    assert is_new
    assert (found.state, found.is_addressed, found.place, found.attempt) == ("received", True, "", 0)
    assert (str(found.reason), found.finished_at, found.author) == ("", None, "U1")
    assert found.payload == (kept or "{}")
    assert found.address == {"channel": "C1"}


@pytest.mark.parametrize(
    "kept",
    [
        {**TALK, "deleted_at": timezone.now()},
        {**TALK, "version": Decimal(5)},
        {**TALK, "place": ""},
        {**TALK, "is_addressed": True, "reason": NOBODY_EMPLOYED()},
        {"state": "received", "version": Decimal(5)},
        {"state": "received", "is_addressed": True},
        *({"state": state} for state in ("pending", "running", "answered", "done", "failed", "doubtful")),
    ],
    ids=lambda kept: "-".join(map(str, kept)) + kept.get("state", ""),
)
def test_other_twins_change_nothing(acme: Tenant, kept: dict[str, Any]) -> None:
    found, is_new = twin_of(acme, **kept)
    assert not is_new
    assert {name: getattr(found, name) for name in kept} == kept
    assert found.event_id == "Ev1"


def test_a_twin_that_shows_nothing_more_changes_nothing(acme: Tenant) -> None:
    found, is_new = twin_of(acme, shows=False, **TALK)
    assert (found.state, is_new) == ("ignored", False)


def test_a_redelivery_that_reads_otherwise_today_changes_nothing(acme: Tenant) -> None:
    """The same event, read again with another bot user."""
    keep(event(message()))
    arrival = keep(event(message(is_addressed=True)))
    assert arrival is not None
    assert (arrival.is_new, one(acme).is_addressed) == (False, False)


def test_an_event_whose_row_has_lost_its_messages_key_is_a_repeat(acme: Tenant, client: Client, rung: Rung) -> None:
    arrive(client, payload("app_mention"))
    change(acme, message_key=None, state="done")
    assert arrive(client, payload("app_mention")).status_code == 200
    assert one(acme).state == "done"
    assert len(rung) == 1


def test_no_setting_is_left_on_the_connection(acme: Tenant) -> None:
    for number in range(2):
        keep(event(message(), f"Ev{number}"))
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('app.tenant_id', true), count(*) FROM channels_inboxevent")
            assert cursor.fetchone() in [(None, 0), ("", 0)]


def test_where_it_is_prepared_it_is_one_statement_all_the_same(acme: Tenant) -> None:
    """In a pool. Some values are missing in some events."""
    connection.ensure_connection()
    connection.connection.prepare_threshold = 0
    for number in range(8):
        for found in (event(message(f"C1:{number}"), f"Ev{number}"), event(None, f"EvNone{number}")):
            with CaptureQueriesContext(connection) as captured:
                assert keep(found)
                assert keep(found, TEAM, own=uuid4()) is None
            assert len(captured) == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        assert cursor.fetchone() == (4,)
    assert len(stored(acme)) == 16


def test_it_refuses_an_open_transaction(acme: Tenant) -> None:
    """There the setting would outlive the statement."""
    with transaction.atomic(), pytest.raises(RuntimeError, match="outside of it"):
        keep(event(message()))
    assert stored(acme) == []


@contextmanager
def _through(url: str) -> Iterator[None]:
    """Reach Postgres by this URL, as with DATABASE_PGBOUNCER."""
    pooler, settings = urlsplit(url), connection.settings_dict
    direct = {name: settings[name] for name in ("HOST", "PORT")}
    connection.close()
    settings.update(HOST=pooler.hostname, PORT=pooler.port)
    try:
        yield
    finally:
        connection.close()
        settings.update(direct)


@pytest.mark.skipif(not pgbouncer.program(), reason=pgbouncer.MISSING)
def test_nor_behind_pgbouncer(acme: Tenant, committed_cast: Cast, postgres: Postgres) -> None:
    """Its few connections serve one workspace after the other."""
    with tenant_scope(committed_cast.globex.id):
        factories.make_connection("T0GLOBEX")
    with pgbouncer.transaction_pooler(postgres) as url, _through(url):
        for number in range(40):
            assert keep(event(message(f"C1:{number}"), f"Ev{number}"), ("T0GLOBEX", TEAM)[number % 2])
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM channels_inboxevent")
                assert cursor.fetchone() == (0,)
    assert [len(stored(tenant)) for tenant in (acme, committed_cast.globex)] == [20, 20]


def test_what_a_connection_is_called_there_is_looked_up_again_once_it_changed(acme: Tenant, client: Client) -> None:
    """Here at once; in other processes within a minute."""
    arrive(client, payload("app_mention"))
    with tenant_scope(acme.id):
        factories.make_connection(TEAM, bot_user_id="U0NEWBOT0")
    said = payload("message_channels", text="<@U0NEWBOT0> hello", ts="1515449600.000001", _event_id="EvNew")
    arrive(client, said)
    assert stored(acme)[-1].is_addressed is True
    with tenant_scope(acme.id):
        health.disconnect(Connection.objects.get(), health.IN_THE_PORTAL())
    assert recipients.recipient_of("slack", (TEAM,)) is None


def test_a_recipient_that_changes_while_it_is_looked_up_is_not_kept(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    route_of = routes.route_of

    def then_changed(*args: str) -> Route | None:
        recipients.forget_known()
        return route_of(*args)

    recipients.forget_known()
    monkeypatch.setattr(routes, "route_of", then_changed)
    assert recipients.recipient_of("slack", (TEAM,))
    monkeypatch.undo()
    with CaptureQueriesContext(connection) as captured:
        assert recipients.recipient_of("slack", (TEAM,))
    assert len(captured) > 0
    with CaptureQueriesContext(connection) as captured:
        assert recipients.recipient_of("slack", (TEAM,))
    assert len(captured) == 0


def test_recipients_are_bounded(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipients, "MOST_KNOWN", 3)
    recipients.forget_known()
    for number in range(10):
        assert recipients.recipient_of("slack", (TEAM, f"T{number}"))
    assert len(recipients._known._found) <= 3


def test_a_connection_erased_meanwhile_is_looked_up_again(
    acme: Tenant, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the row refers to is gone by the end of the statement: then the account is nobody's."""
    store, faults = receive.store, [IntegrityError("the connection is gone"), OperationalError("a deadlock")]

    def interrupted(*args: Any, **options: Any) -> Any:
        if faults:
            raise faults.pop()
        return store(*args, **options)

    monkeypatch.setattr(receive, "store", interrupted)
    assert arrive(client, payload("app_mention")).status_code == 200
    assert one(acme).state == "received"


def test_a_route_to_a_connection_that_is_gone_is_no_repeat(acme: Tenant) -> None:
    """The statement itself fails, instead of losing the message."""
    with tenant_scope(acme.id):
        Connection.objects.all().delete()
    with pytest.raises(IntegrityError):
        keep(event(message()))


def test_a_connection_that_postgres_closed_loses_nothing(acme: Tenant, client: Client, postgres: Postgres) -> None:
    """Between two requests, such as at a restart."""
    arrive(client, payload("channel_join"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as superuser:
        superuser.execute("SELECT pg_terminate_backend(%s, 10000)", backend)
    assert arrive(client, payload("app_mention")).status_code == 200
    assert [each.state for each in stored(acme)] == ["ignored", "received"]


def test_without_postgres_the_provider_is_asked_to_come_again(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch, rung: Rung
) -> None:
    def down(*args: Any, **options: Any) -> Any:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(receive, "store", down)
    assert arrive(Client(raise_request_exception=False), payload("app_mention")).status_code >= 500
    assert rung == []
