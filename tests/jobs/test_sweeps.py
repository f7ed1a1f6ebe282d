"""Sweeps are named in the settings, and each runs alone."""

import threading

import pytest
from django.conf import settings as product
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from pytest_django import Settings

from config.celery import app, refuse_unknown_sweeps
from tenants import tasks
from tenants.jobs import sweeps
from tenants.models import Mail
from tenants.scope import tenant_scope
from tests.conftest import Cast

MAILS = "tenants.tasks.overdue_mails"


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What was woken."""
    found: list[tuple[object, ...]] = []
    monkeypatch.setattr(tasks, "wake", lambda *args: found.append(args))
    return found


@pytest.fixture
def mail_to_send(committed_cast: Cast) -> Cast:
    with tenant_scope(committed_cast.acme.id):
        Mail.objects.create(kind=Mail.Kind.EXPORT_READY, key="1", recipient="a@example.com", text="Ready.")
    return committed_cast


def test_a_sweep_wakes_what_is_due_and_shows_that_a_worker_lives(
    mail_to_send: Cast, woken: list[tuple[object, ...]]
) -> None:
    tasks.sweep(MAILS)
    assert woken == [(tasks.send_mails, mail_to_send.acme.id)]
    assert cache.get(sweeps.LAST_SWEEP)


@pytest.mark.parametrize("path", product.SWEEPS)
def test_every_sweep_runs(committed: None, path: str) -> None:
    """With nothing overdue it wakes nobody but the dispatcher, which looks for itself what is due."""
    assert [task.name for task, _ in sweeps.overdue(path)] in ([], ["channels.tasks.dispatch"])


def test_beat_publishes_each_with_its_period() -> None:
    entries = {name: entry for name, entry in product.CELERY_BEAT_SCHEDULE.items() if name in product.SWEEPS}
    assert {name: entry["schedule"] for name, entry in entries.items()} == product.SWEEPS
    assert all(entry["task"] == "tenants.tasks.sweep" for entry in entries.values())
    app.loader.import_default_modules()
    assert {entry["task"] for entry in product.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)


def test_one_at_a_time_looks_and_others_are_not_held_up(mail_to_send: Cast) -> None:
    locked, done = threading.Event(), threading.Event()

    def sweep_slowly() -> None:
        with sweeps._alone(MAILS) as is_alone:
            assert is_alone
            locked.set()
            done.wait(30)
        connection.close()

    other = threading.Thread(target=sweep_slowly)
    other.start()
    try:
        assert locked.wait(30)
        assert sweeps.overdue(MAILS) == []
        with sweeps._alone("tenants.tasks.overdue_exports") as is_alone:
            assert is_alone
    finally:
        done.set()
        other.join(30)
    assert len(sweeps.overdue(MAILS)) == 1


def test_what_is_found_comes_in_random_order_and_not_all_at_once(
    committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "MOST", 2)
    with tenant_scope(committed_cast.acme.id):
        Mail.objects.bulk_create(
            Mail(kind=Mail.Kind.EXPORT_READY, key=str(n), recipient="a@example.com", text="x") for n in range(6)
        )
        draws = {tuple(sweeps.drawn(Mail.objects.values_list("key", flat=True))) for _ in range(50)}
    assert {len(each) for each in draws} == {2}
    assert len(draws) > 1


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("tenants.tasks.nothing", 'Module "tenants.tasks" does not define a "nothing"'),
        ("tenants.nowhere.overdue", "No module named 'tenants.nowhere'"),
        ("tenants.jobs.sweeps.LAST_SWEEP", "which is not a function"),
    ],
)
def test_a_wrong_path_is_told_at_the_start(settings: Settings, path: str, why: str) -> None:
    settings.SWEEPS = {path: 3.0}
    (error,) = sweeps.check()
    assert f"SWEEPS names '{path}'" in error.msg
    assert why in error.msg
    with pytest.raises(ImproperlyConfigured, match="SWEEPS names"):
        refuse_unknown_sweeps()


def test_only_what_the_settings_name_is_run() -> None:
    with pytest.raises(ImproperlyConfigured, match="is no sweep: add it to SWEEPS"):
        sweeps.overdue("os.getcwd")
