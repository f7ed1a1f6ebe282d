"""A job is claimed by one worker at a time, and whoever was overtaken changes nothing."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from channels.models import Thread
from tenants.models import Job
from tenants.scope import tenant_scope
from tests.jobs.conftest import MAKERS, Lease, Leased


def claim(leased: Leased) -> int | None:
    """What a worker does; the attempt number that it got."""
    try:
        with tenant_scope(leased.tenant.id):
            now = timezone.now()
            found: Job | None = leased.model.objects.claimable(now).filter(pk=leased.id).first()  # type: ignore[attr-defined]
            if found is None:
                return None
            found.lease(now)
            return found.attempt
    finally:
        connection.close()


def test_there_is_a_maker_for_every_kind_of_job() -> None:
    assert {model for model in apps.get_models() if issubclass(model, Job)} == set(MAKERS)


@pytest.mark.parametrize("model", list(MAKERS), ids=lambda model: model.__name__)
def test_of_eight_workers_one_claims_it(lease: Lease, model: type[Job]) -> None:
    leased = lease(model)
    assert claim(leased) is None, "it is leased"
    leased.update(leased_until=timezone.now() - timedelta(seconds=1))
    with ThreadPoolExecutor(8) as pool:
        attempts = list(pool.map(claim, [leased] * 8))
    assert sorted(filter(None, attempts)) == [2]


def test_what_somebody_is_just_claiming_is_skipped_and_not_waited_for(lease: Lease) -> None:
    leased = lease()
    leased.update(leased_until=None)
    got: list[int | None] = []
    with tenant_scope(leased.tenant.id):
        assert Thread.objects.claimable(timezone.now()).filter(pk=leased.id).exists()
        list(Thread.objects.claimable(timezone.now()).filter(pk=leased.id))
        other = threading.Thread(target=lambda: got.append(claim(leased)))
        other.start()
        other.join(30)
    assert got == [None]


def test_whoever_was_overtaken_finds_nothing_of_theirs(lease: Lease) -> None:
    leased = lease()
    with tenant_scope(leased.tenant.id):
        thread = Thread.objects.still_ours(*leased.key).get()
        thread.overtake()
        assert not Thread.objects.still_ours(*leased.key).exists()
        assert Thread.objects.still_ours(leased.id, 2).exists()
        assert thread.leased_until is None


def test_a_released_job_waits_for_its_retry(lease: Lease) -> None:
    leased, now = lease(), timezone.now()
    with tenant_scope(leased.tenant.id):
        Thread.objects.still_ours(*leased.key).get().release(failures=2, retry_at=now + timedelta(seconds=30))
        assert Thread.objects.free(now).exists()
        assert not Thread.objects.due(now).exists()
        assert Thread.objects.due(now + timedelta(seconds=30)).get().failures == 2
