"""What happens to a worker's jobs when it is told to stop."""

import threading

from celery.signals import worker_shutting_down

from channels.models import Thread
from config.celery import app
from tenants.jobs.keeper import Ending, Keeper, kept
from tests.jobs.conftest import Lease


def test_celery_tells_all_jobs_of_a_worker_that_stops(lease: Lease, own_keeper: Keeper) -> None:
    assert app.main == "roster"
    leased, told = lease(), threading.Event()
    with kept(Thread, *leased.key, on_end=lambda ending: told.set()) as held:
        worker_shutting_down.send(sender="celery@test", sig="TERM", how="Warm", exitcode=0)
        assert told.wait(30)
        assert held.ending is Ending.STOPPED
