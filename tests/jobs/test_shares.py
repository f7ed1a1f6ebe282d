"""However much there is to do of one kind, or for one workspace, others have their turn."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from channels.messages import due
from channels.models import InboxEvent, place_id_of
from channels.tasks import MessageTask
from config.celery import app
from tenants import tasks
from tenants.jobs import shares, sweeps
from tenants.jobs.shares import Shares
from tenants.models import Mail, Tenant
from tenants.scope import sweeper_scope, tenant_scope
from tests import factories
from tests.conftest import Cast

BUSY, OTHER = uuid4(), uuid4()
PRODUCT = ("billing.", "channels.", "tenants.")


def test_a_workspace_gets_its_share_and_others_theirs() -> None:
    counted, woken = Shares(), list[str]()

    assert [counted.take(BUSY, 2, key, lambda: woken.append("late")) for key in ("a", "b", "c", "c")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert counted.take(OTHER, 2, "d", lambda: None)
    counted.give_back(BUSY)
    assert woken == ["late"], "each is remembered once"
    counted.give_back(BUSY)
    assert counted.take(BUSY, 1, "e", lambda: None)


def test_what_waited_longest_comes_first() -> None:
    counted, woken = Shares(), list[str]()
    counted.take(BUSY, 1, "first", lambda: None)
    for key in ("second", "third"):
        counted.take(BUSY, 1, key, lambda key=key: woken.append(key))  # type: ignore[misc]
    counted.give_back(BUSY)

    assert woken == ["second"]


def test_nothing_is_remembered_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "MOST_WAITING", 3)
    counted, woken = Shares(), list[int]()
    counted.take(BUSY, 1, "runs", lambda: None)
    for number in range(9):
        counted.take(BUSY, 1, number, lambda number=number: woken.append(number))  # type: ignore[misc]
    for _ in range(9):
        counted.give_back(BUSY)
        counted.take(BUSY, 1, "again", lambda: None)

    assert woken == [0, 1, 2]


entered, leave = threading.Semaphore(0), threading.Event()


class Hang(tasks.TenantBackgroundTask):
    """A task in the background that ends when the test lets it."""

    name = "tests.hang"

    def run(self, tenant_id: UUID, row_id: UUID) -> None:
        entered.release()
        assert leave.wait(30)


class Ask(MessageTask):
    """A task about messages."""

    name = "tests.ask"

    def run(self, tenant_id: UUID) -> UUID:
        return tenant_id


@pytest.fixture
def hang() -> Iterator[Hang]:
    yield app.register_task(Hang())
    app.tasks.unregister(Hang.name)


@pytest.fixture
def ask() -> Iterator[Ask]:
    yield app.register_task(Ask())
    app.tasks.unregister(Ask.name)


def test_what_hangs_in_the_background_leaves_threads_to_messages(
    hang: Hang, ask: Ask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BACKGROUND_THREADS = 2
    woken: list[tuple[Any, ...]] = []
    monkeypatch.setattr(tasks, "wake", lambda *args: woken.append(args))
    row = uuid4()
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(hang, str(BUSY), str(uuid4())) for _ in range(2)]
        assert entered.acquire(timeout=30)
        assert entered.acquire(timeout=30)
        hang(str(OTHER), str(row))  # ends at once, and comes later
        assert ask(str(OTHER)) == OTHER
        leave.set()
        for each in running:
            each.result(30)

    assert [args[1:] for args in woken] == [(OTHER, row)]


def test_each_task_has_its_queue(settings: Settings) -> None:
    app.loader.import_default_modules()
    queues = {name: getattr(task, "queue", None) for name, task in app.tasks.items() if name.startswith(PRODUCT)}

    assert {name for name, queue in queues.items() if queue == tasks.SWEEPS} == {"tenants.tasks.sweep"}
    assert {name for name, queue in queues.items() if queue == tasks.MESSAGES} == {
        "channels.tasks.deliver", "channels.tasks.dispatch", "channels.tasks.reconcile", "channels.tasks.recognise",
    }  # fmt: skip
    assert {queue for queue in queues.values() if queue} <= {*settings.QUEUES}
    assert {queue.name for queue in app.conf.task_queues} == {*settings.QUEUES}, "a worker takes from all"


def test_one_workspaces_many_rows_do_not_hide_anothers_few(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "MOST", 4)
    with tenant_scope(committed_cast.acme.id):
        rows = [Mail(kind=Mail.Kind.EXPORT_READY, key=str(number), recipient="a@example.com") for number in range(50)]
        Mail.objects.bulk_create(rows)
    with tenant_scope(committed_cast.globex.id):
        Mail.objects.create(kind=Mail.Kind.EXPORT_READY, key="1", recipient="b@example.com")
    with sweeper_scope():
        found = sweeps.drawn_in_turn(Mail.objects.order_by().values_list("tenant_id", "id"))

    assert len(found) == 4
    assert committed_cast.globex.id in {tenant_id for tenant_id, _ in found}


def wait_in(tenant: Tenant, places: int) -> None:
    """Somebody wrote in so many places."""
    with tenant_scope(tenant.id):
        connection = factories.make_connection(f"T{tenant.slug.upper()}")
        InboxEvent.objects.bulk_create(
            InboxEvent(
                connection=connection, provider="slack", external_account=connection.external_id, event_id=f"Ev{place}",
                kind="message", payload="{}", position=place, state=InboxEvent.State.RECEIVED,
                place_id=place_id_of(f"C1:{place}"), due_at=timezone.now(),
            )
            for place in range(places)
        )  # fmt: skip


def test_one_workspaces_many_messages_do_not_hide_anothers_few(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "OF_EACH", 5)
    wait_in(committed_cast.acme, 50)
    wait_in(committed_cast.globex, 2)
    found = due.places(100, 100, [], {})

    assert [place.tenant_id for place in found].count(committed_cast.globex.id) == 2
    assert len(found) == 7
    assert {place.tenant_id for place in found[:2]} == {committed_cast.acme.id, committed_cast.globex.id}
