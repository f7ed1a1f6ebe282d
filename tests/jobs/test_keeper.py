"""One keeper renews all leases of the process, tells work when it has to end, and comes back if it dies."""

import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from channels.models import Thread
from tenants import scope
from tenants.jobs import keeper, renewals
from tenants.jobs.keeper import Ending, Hold, Keeper, OvertakenError, StoppedError, kept
from tenants.models import Export, Job, Mail
from tenants.scope import sweeper_scope, tenant_scope
from tests.jobs.conftest import Lease, Leased, soon
from tests.waiting import eventually

LONG = 30
"""Seconds that a slow machine may take; a test that passes never waits for so long."""


def hold(leased: Leased) -> Hold:
    return Hold(leased.model, leased.key)


def holding(*held: Hold) -> Keeper:
    """A keeper without threads, whose next look is a beat."""
    made = Keeper()
    made._holds = set(held)
    made._beat_at = float("-inf")
    return made


def is_renewed(leased: Leased) -> bool:
    until = leased.leased_until()
    return until is not None and until > timezone.now() + timedelta(seconds=10)


def test_a_beat_renews_all_kinds_of_all_tenants_in_one_statement_each(leases: list[Leased]) -> None:
    for leased in leases:
        leased.update(leased_until=soon())
    made = holding(*map(hold, leases))
    with CaptureQueriesContext(connection) as queries:
        made.look()
    asked = [each for query in queries for each in query["sql"].split("; ") if not each.startswith("SET LOCAL")]
    assert len(queries) == 1, "one round trip"
    assert len(asked) == len({leased.model for leased in leases}) == 6
    assert [leased.job for leased in leases if not is_renewed(leased)] == []
    assert not any(each.ending for each in made._holds)


def test_between_beats_it_only_looks(leases: list[Leased]) -> None:
    made = holding(*map(hold, leases))
    made.look()
    leases[0].update(attempt=7)
    with CaptureQueriesContext(connection) as queries:
        made.look()
    assert len(queries) == 1
    assert "UPDATE" not in queries[0]["sql"]
    assert [each.ending for each in made._holds if each.ending] == [Ending.OVERTAKEN]


OVERTAKE: dict[str, Callable[[QuerySet[Mail]], object]] = {
    "claimed by another": lambda ours: ours.update(attempt=2),
    "taken away": lambda ours: ours.update(leased_until=None),
    "gone": lambda ours: ours.delete(),
}


@pytest.mark.parametrize("how", OVERTAKE)
def test_work_is_told_that_it_was_overtaken(lease: Lease, how: str) -> None:
    leased, told = lease(Mail), threading.Event()
    with kept(Mail, *leased.key, on_end=lambda ending: told.set()) as held:
        held.check()
        with tenant_scope(leased.tenant.id):
            ours = Mail.objects.filter(id=leased.id)
            OVERTAKE[how](ours)
        assert held.wait(LONG) is Ending.OVERTAKEN
        assert told.wait(LONG)
        with pytest.raises(OvertakenError):
            held.check()
    assert keeper.LOOK_SECONDS < 2, "within two seconds"


def test_who_was_overtaken_by_the_same_process_is_told_as_well(lease: Lease) -> None:
    leased = lease()
    leased.update(attempt=2, leased_until=soon())
    old, new = hold(leased), Hold(Thread, (leased.id, 2))
    holding(old, new).look()
    assert (old.ending, new.ending) == (Ending.OVERTAKEN, None)
    assert is_renewed(leased)


def test_work_is_asked_to_stop_and_what_begins_later_too(lease: Lease, own_keeper: Keeper) -> None:
    one, two = lease(number=1), lease(number=2)
    with kept(Thread, *one.key) as first, kept(Thread, *two.key) as second:
        keeper.stop(one.id)
        with pytest.raises(StoppedError):
            first.check()
        assert second.ending is None
        keeper.stop_all()
        assert second.wait(0) is Ending.STOPPED
        with kept(Thread, *one.key) as third:
            assert third.ending is Ending.STOPPED
        one.update(attempt=2)
        eventually(lambda: first.ending is Ending.OVERTAKEN, what="being overtaken outweighs being stopped")


def test_a_callback_that_fails_costs_nobody_a_lease(leases: list[Leased]) -> None:
    def fail(*args: object) -> None:
        raise ZeroDivisionError

    for leased in leases:
        leased.update(leased_until=soon())
    leases[0].update(attempt=7)
    made = holding(*(Hold(each.model, each.key, fail, fail) for each in leases))
    made.look()
    assert all(is_renewed(leased) for leased in leases[1:])


def test_a_locked_row_is_renewed_later_and_holds_up_nobody(leases: list[Leased], settings: Settings) -> None:
    for leased in leases:
        leased.update(leased_until=soon())
    locked, done, is_locked = leases[0], threading.Event(), threading.Event()

    def lock() -> None:
        with tenant_scope(locked.tenant.id):
            list(locked.model._default_manager.select_for_update(no_key=True).filter(pk=locked.id))
            is_locked.set()
            done.wait(LONG)
        connection.close()

    other = threading.Thread(target=lock)
    other.start()
    assert is_locked.wait(LONG)
    made = holding(*map(hold, leases))
    try:
        made.look()
        assert all(is_renewed(leased) for leased in leases[1:])
        assert not is_renewed(locked)
        assert not any(each.ending for each in made._holds)
    finally:
        done.set()
        other.join(LONG)
    made.look()
    assert is_renewed(locked), "with the next look, before the next beat"


class _Meta:
    db_table = "no_such_table"
    label = "tests.Broken"


class Broken:
    """A kind of job whose table is broken."""

    _meta = _Meta


def test_a_table_that_fails_costs_no_other_kind_its_leases(leases: list[Leased]) -> None:
    for leased in leases:
        leased.update(leased_until=soon())
    broken: Any = Broken
    made = holding(Hold(broken, leases[0].key), *map(hold, leases))
    made.look()
    assert all(is_renewed(leased) for leased in leases)
    assert not any(each.ending for each in made._holds), "nothing is known of it"


@pytest.fixture
def quick(settings: Settings) -> Settings:
    settings.HEARTBEAT_SECONDS, settings.LEASE_SECONDS = 0.01, 20
    return settings


def looks_again(leased: Leased, seen: threading.Event) -> bool:
    """Is the lease renewed by whatever thread there is now?"""
    leased.update(leased_until=soon())
    seen.clear()
    eventually(lambda: is_renewed(leased), within=LONG, what="the lease to be renewed")
    return seen.wait(LONG)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_keeper_that_dies_is_replaced(
    lease: Lease, own_keeper: Keeper, quick: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    leased, seen, died = lease(), threading.Event(), threading.Event()
    with kept(Thread, *leased.key, on_look=seen.set):
        assert seen.wait(LONG)
        first, look = own_keeper._threads["keeper"], own_keeper.look

        def die() -> None:
            if threading.current_thread() is first:
                died.set()
                raise SystemExit
            look()

        monkeypatch.setattr(own_keeper, "look", die)
        assert died.wait(LONG)
        assert looks_again(leased, seen)
        assert own_keeper._threads["keeper"] is not first


def test_a_keeper_that_hangs_is_replaced(
    lease: Lease, own_keeper: Keeper, quick: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick.LEASE_SECONDS = 4
    leased, seen, free = lease(), threading.Event(), threading.Event()
    with kept(Thread, *leased.key, on_look=seen.set):
        assert seen.wait(LONG)
        first, look = own_keeper._threads["keeper"], own_keeper.look

        def hang() -> None:
            if threading.current_thread() is first:
                free.wait(LONG)
            look()

        monkeypatch.setattr(own_keeper, "look", hang)
        eventually(lambda: own_keeper._threads["keeper"] is not first, within=LONG, what="another keeper")
        quick.LEASE_SECONDS = 20
        assert looks_again(leased, seen)
        free.set()
        first.join(LONG)
        assert not first.is_alive(), "the old one ends"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_watcher_that_dies_is_replaced(lease: Lease, own_keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    leased = lease()
    is_current = own_keeper._is_current
    first: list[threading.Thread] = []

    def die(name: str) -> bool:
        if name == "watcher" and first in ([], [threading.current_thread()]):
            first[:] = [threading.current_thread()]
            raise SystemExit
        return is_current(name)

    monkeypatch.setattr(own_keeper, "_is_current", die)
    with kept(Thread, *leased.key):
        eventually(lambda: own_keeper._threads["watcher"] not in first and first, within=LONG, what="another watcher")


def test_database_errors_are_logged_and_it_goes_on(
    lease: Lease, own_keeper: Keeper, quick: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    leased, seen, failed = lease(), threading.Event(), threading.Event()
    ask = scope.ask_as_sweeper

    def fail(*args: Any) -> Any:
        if failed.is_set():
            return ask(*args)
        failed.set()
        raise ProgrammingError("permission denied")

    monkeypatch.setattr(renewals, "ask_as_sweeper", fail)
    with kept(Thread, *leased.key, on_look=seen.set):
        assert failed.wait(LONG)
        assert looks_again(leased, seen)
    assert "Leases could not be renewed: permission denied" in caplog.text


def test_it_keeps_leases_after_a_fork_and_not_those_of_the_parent(lease: Lease, quick: Settings) -> None:
    mine, childs = lease(number=1), lease(number=2)
    childs.update(leased_until=soon())
    reader, writer = os.pipe()
    with kept(Thread, *mine.key):
        child = os.fork()
        if child == 0:
            _in_child(childs, writer)
        os.close(writer)
        with os.fdopen(reader) as told:
            assert told.read() == "kept 1"
        os.waitpid(child, 0)
        assert is_renewed(childs)


def _in_child(leased: Leased, writer: int) -> None:
    """Touches no connection of the parent's: only the keeper's own thread speaks to Postgres."""
    try:
        seen = threading.Event()
        with kept(leased.model, *leased.key, on_look=seen.set):
            is_kept = seen.wait(LONG)
            os.write(writer, f"{'kept' if is_kept else 'lost'} {len(keeper._keeper._holds)}".encode())
    finally:
        os._exit(0)


def test_no_threads_run_before_the_first_lease_and_few_after(lease: Lease, own_keeper: Keeper) -> None:
    assert own_keeper._threads == {}
    with ExitStack() as all_held:
        for number in range(5):
            all_held.enter_context(kept(Thread, *lease(number=number).key))
        assert len([each for each in threading.enumerate() if each in own_keeper._threads.values()]) == 2


FORBIDDEN: dict[str, Callable[[type[Job]], object]] = {
    "free a lease": lambda model: model._default_manager.filter(leased_until__isnull=False).update(leased_until=None),
    "raise an attempt": lambda model: model._default_manager.update(attempt=9),
    "put off": lambda model: model._default_manager.update(retry_at=timezone.now()),
    "delete": lambda model: model._default_manager.all()._raw_delete("default"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_keepers_role_may_do_nothing_but_prolong(lease: Lease, what: str) -> None:
    leased = lease(Export)
    with pytest.raises(ProgrammingError), sweeper_scope():
        FORBIDDEN[what](Export)
    with sweeper_scope():
        assert Export.objects.filter(pk=leased.id).update(leased_until=soon()) == 1
    leased.update(leased_until=None)
    with sweeper_scope():
        assert Export.objects.filter(pk=leased.id).update(leased_until=soon()) == 0, "it leases nothing itself"
