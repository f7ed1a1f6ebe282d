"""Every task, called in one workspace with another's ids, changes nothing of the other."""

import inspect
from uuid import UUID

import pytest
from celery import Task
from django.core.exceptions import ObjectDoesNotExist

from billing.errors import StripeDownError
from config.celery import app
from config.local.embedded.postgres import Postgres
from tenants.tasks import TenantTask
from tests.isolation.furnishing import World
from tests.isolation.matrix import Matrix
from tests.isolation.routes import NOBODY
from tests.isolation.watching import digests

ACROSS = {
    "channels.tasks.dispatch": "finds what is due by ids that the role `sweeper` may read; the rest is per tenant",
    "tenants.tasks.sweep": "queues due work, by ids that the role `sweeper` may read; each task names its tenant",
    "channels.tasks.forget_old": "the same for conversations past their retention",
    "channels.tasks.forget_drafts": "the same for connections that nobody finished",
    "channels.tasks.blank_talk": "the same for talk past its retention",
    "channels.tasks.close_workspaces": "the same for workspaces to be deleted",
    "channels.tasks.forget_requests": "the same for responses stored for retries",
    "billing.tasks.take_in": "mirrors a Stripe event; billing finds its workspace in a separate task",
    "billing.tasks.forget_events": "deletes old Stripe events",
    "billing.tasks.reconcile_subscriptions": "queues the nightly comparison of each workspace with Stripe",
    "tenants.tasks.forget_mails": "queues the nightly deletion of old mails' records, per workspace",
    "tenants.tasks.tell_staff": "mails staff about platform failures, which name no workspace",
    "tenants.tasks.forget_sessions": "sessions belong to people, who may be in several workspaces or none",
}
"""Tasks that belong to no single workspace, and why."""
MODELS = {
    "thread_id": "Thread",
    "event_id": "InboxEvent",
    "export_id": "Export",
    "file_id": "MediaFile",
    "connection_id": "Connection",
    "contact_id": "Contact",
    "conversation_id": "Conversation",
}
"""The model of each id argument."""


def tasks() -> dict[str, "Task[..., object]"]:
    """The product's own tasks, as the worker knows them."""
    app.loader.import_default_modules()
    return {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


def arguments(task: "Task[..., object]") -> list[str]:
    """The names of a task's arguments after the tenant's id."""
    return [name for name in inspect.signature(task.run).parameters if name != "tenant_id"]


def test_every_task_is_bound_to_a_tenant_or_listed_with_a_reason() -> None:
    assert {name for name, task in tasks().items() if not isinstance(task, TenantTask)} == set(ACROSS)


def test_every_argument_of_a_task_is_known() -> None:
    bound = [task for task in tasks().values() if isinstance(task, TenantTask)]
    assert {name for task in bound for name in arguments(task)} <= set(MODELS)


@pytest.mark.timeout(300)
def test_no_task_touches_rows_of_another_workspace(matrix: Matrix, postgres: Postgres) -> None:
    before, calls = digests(postgres, matrix.neighbour.owners), 0
    for task in tasks().values():
        if isinstance(task, TenantTask):
            for ids in _ids(task, matrix.neighbour):
                calls += 1
                _call(task, str(matrix.home.tenant.id), ids)
    after = digests(postgres, matrix.neighbour.owners)
    print(f"\nisolation: {len(tasks())} tasks, {calls} calls with foreign and unknown ids")  # noqa: T201
    assert [table for table in after if before[table] != after[table]] == []
    assert calls >= 2


def _ids(task: TenantTask, world: World) -> list[list[str]]:
    """Foreign and unknown ids. A task without ids works only on its tenant."""
    names = arguments(task)
    return [[world.id_of(MODELS[name]) for name in names], [str(NOBODY) for _ in names]] if names else [[]]


def _call(task: TenantTask, tenant_id: str, ids: list[str]) -> None:
    """Call it as the worker does. A missing row is the right result, and Stripe isn't available here."""
    assert UUID(tenant_id)
    try:
        task(tenant_id, *ids)
    except (ObjectDoesNotExist, StripeDownError):
        return
