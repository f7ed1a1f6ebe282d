"""The pipeline's tasks: ids in, a verb called, the next one woken."""

from collections.abc import Iterator
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from channels.connections import drafts
from channels.health import checkup, due
from channels.media import fetching
from channels.messages.deliver import send_due
from channels.messages.dispatch import dispatcher
from channels.messages.incoming import recognition
from channels.messages.lookups import look_up_and_send
from channels.messages.sweep import overdue
from channels.privacy import retention
from channels.privacy.close_workspace import close
from channels.scene import talk
from tenants.http import idempotency
from tenants.jobs.sweeps import WakeUp
from tenants.models import Tenant
from tenants.privacy import deletion
from tenants.tasks import MESSAGES, TenantBackgroundTask, TenantTask, announce_deletion, wake, warn_of_deletion


class MessageTask(TenantTask):
    """A task that hands its work to the dispatcher's threads, where workspaces have their turns, and ends at once."""

    abstract = True
    queue = MESSAGES


@shared_task(queue=MESSAGES)
def dispatch() -> None:
    """Take up the conversations that are due, as far as this worker has slots. It does not wait for them."""
    dispatcher().look()


@shared_task(base=MessageTask)
def deliver(tenant_id: UUID, thread_id: UUID) -> None:
    """Send what is due in a thread."""
    dispatcher().run(tenant_id, ("deliver", thread_id), lambda: send_due(tenant_id, thread_id))


@shared_task(base=MessageTask)
def reconcile(tenant_id: UUID, thread_id: UUID) -> None:
    """Look up a delivery whose outcome was not seen, and send again what is absent."""
    dispatcher().run(tenant_id, ("reconcile", thread_id), lambda: look_up_and_send(tenant_id, thread_id))


@shared_task(base=MessageTask)
def recognise(tenant_id: UUID, event_id: UUID) -> None:
    """Ask the provider who wrote what was posted through an app."""
    dispatcher().run(tenant_id, ("recognise", event_id), lambda: recognition.recognise(tenant_id, event_id))


def overdue_messages() -> Iterator[WakeUp]:
    """A sweep: conversations to take up, threads to send and to look up in, and events whose author is in doubt."""
    yield dispatch, ()
    due = overdue()
    for task, found in ((deliver, due.deliveries), (reconcile, due.look_ups), (recognise, due.doubts)):
        yield from ((task, ids) for ids in found)


def overdue_checks() -> Iterator[WakeUp]:
    """A sweep: connections that were not checked for an hour."""
    yield from ((check_connection, ids) for ids in due.due())


@shared_task(base=TenantBackgroundTask)
def check_connection(tenant_id: UUID, connection_id: UUID) -> None:
    """Ask a connection's provider how it is, unless somebody has just done so."""
    if due.take(tenant_id, connection_id):
        checkup.check(tenant_id, connection_id)


@shared_task(base=TenantBackgroundTask)
def fetch_file(tenant_id: UUID, file_id: UUID) -> None:
    """Fetch a file that somebody sent, and keep it."""
    fetching.fetch(tenant_id, file_id)


def overdue_files() -> Iterator[WakeUp]:
    """A sweep: files to fetch, soon after their message was heard."""
    yield from ((fetch_file, ids) for ids in fetching.due(timezone.now()))


@shared_task
def forget_old() -> None:
    """Each night: delete what workspaces do not want to keep longer."""
    for tenant_id in Tenant.objects.filter(retention_days__isnull=False).values_list("id", flat=True):
        wake(forget_old_of, tenant_id)


@shared_task(base=TenantBackgroundTask)
def forget_old_of(tenant_id: UUID) -> None:
    """The same for one workspace."""
    retention.forget_old(tenant_id)


@shared_task
def blank_talk() -> None:
    """Often: blank what people said around employees and workspaces do not keep any longer."""
    now = timezone.now()
    for tenant_id in Tenant.objects.values_list("id", flat=True):
        if talk.is_due(tenant_id, now):
            wake(blank_talk_of, tenant_id)


@shared_task(base=TenantBackgroundTask)
def blank_talk_of(tenant_id: UUID) -> None:
    """The same for one workspace."""
    talk.blank(tenant_id)


@shared_task
def forget_drafts() -> None:
    """Each night: delete connections that somebody began to set up and did not finish."""
    for tenant_id in drafts.who_has_some():
        wake(forget_drafts_of, tenant_id)


@shared_task(base=TenantBackgroundTask)
def forget_drafts_of(tenant_id: UUID) -> None:
    """The same for one workspace."""
    drafts.forget_expired(tenant_id)


@shared_task
def close_workspaces() -> None:
    """Each hour: tell owners of a deletion what they do not know yet, and erase the workspaces whose time has come."""
    now = timezone.now()
    for tenant_id in deletion.to_announce().values_list("id", flat=True):
        wake(announce_deletion, tenant_id)
    for tenant_id in deletion.to_warn(now).values_list("id", flat=True):
        wake(warn_of_deletion, tenant_id)
    for tenant_id in deletion.due(now).values_list("id", flat=True):
        wake(close_workspace, tenant_id)


@shared_task(base=TenantBackgroundTask)
def close_workspace(tenant_id: UUID) -> None:
    """Leave the providers, then erase the workspace."""
    close(tenant_id)


@shared_task
def forget_requests() -> None:
    """Delete answers to requests with an Idempotency-Key that are older than a day."""
    idempotency.forget(timezone.now())
