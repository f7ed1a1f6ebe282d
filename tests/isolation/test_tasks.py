"""Every task, called in one workspace with the ids of another: nothing of the other is touched."""

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
    "tenants.tasks.sweep": "wakes what is due, by ids that the role `sweeper` may read; a wake-up names its tenant",
    "channels.tasks.forget_old": "the same for conversations that are kept too long",
    "channels.tasks.blank_talk": "the same for talk around employees that is kept too long",
    "channels.tasks.close_workspaces": "the same for workspaces whose owner asked to delete them",
    "channels.tasks.forget_requests": "the same for answers that are kept for repetitions",
    "billing.tasks.take_in": "mirrors an event of Stripe; whose it is, billing says, in a task of its own",
    "billing.tasks.forget_events": "deletes events of Stripe that are old",
    "billing.tasks.reconcile_subscriptions": "wakes the nightly comparison of each workspace with Stripe",
    "tenants.tasks.forget_mails": "wakes the nightly deletion of what is known of old mails, workspace by workspace",
    "tenants.tasks.tell_staff": "mails staff what fails on the platform's own side, which names no workspace",
    "tenants.tasks.forget_sessions": "sessions belong to people, who may be in several workspaces or in none",
}
"""Tasks that belong to no single workspace, and why."""
MODELS = {
    "thread_id": "Thread",
    "event_id": "InboxEvent",
    "export_id": "Export",
    "contact_id": "Contact",
    "conversation_id": "Conversation",
}
"""Which model's id an argument is."""


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
    """Foreign ids and unknown ones. A task without ids works on its tenant alone."""
    names = arguments(task)
    return [[world.id_of(MODELS[name]) for name in names], [str(NOBODY) for _ in names]] if names else [[]]


def _call(task: TenantTask, tenant_id: str, ids: list[str]) -> None:
    """As the worker does. That a row is not there is the right answer, and nobody plays Stripe here."""
    assert UUID(tenant_id)
    try:
        task(tenant_id, *ids)
    except (ObjectDoesNotExist, StripeDownError):
        return
