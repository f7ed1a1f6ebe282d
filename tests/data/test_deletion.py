"""Deleting a workspace: a grace period, then only a note is left."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from uuid import UUID

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError, OperationalError, ProgrammingError, connection
from django.utils import timezone
from pytest_django import Settings

from agents.models import Agent, Run
from billing.models import Entitlement
from channels import tasks
from channels.models import Connection, InboxEvent, Route
from channels.tasks import close_workspace, close_workspaces
from tenants.models import AccountEvent, AuditEvent, Mail, Role, Tenant, User
from tenants.privacy import deletion
from tenants.scope import tenant_scope
from tests import factories
from tests.conftest import Cast
from tests.data.conftest import CountRows, Person, Shop, prove, words
from tests.waiting import free_ports

ERASE = "SELECT erase_tenant_rows('usage_usagerecord', 10)"


def ask(shop: Shop) -> Tenant:
    with tenant_scope(shop.tenant.id):
        return deletion.request(shop.tenant, shop.owner)


def make_due(shop: Shop) -> None:
    """End the grace period, which only the Postgres owner can do."""
    ask(shop)
    Tenant.objects.using("owner").filter(id=shop.tenant.id).update(deletes_at=timezone.now())


def close(shop: Shop) -> None:
    close_workspace.apply(args=(str(shop.tenant.id),), throw=True)


def trail(shop: Shop) -> list[str]:
    with tenant_scope(shop.tenant.id):
        found = AuditEvent.objects.filter(action__startswith="workspace.deletion").order_by("id")
        return list(found.values_list("action", flat=True))


def test_nothing_is_left_in_any_table(lived_in: Shop, committed_cast: Cast, count_rows: CountRows) -> None:
    with tenant_scope(committed_cast.globex.id):
        factories.make_agent("Theirs")
    before, others = count_rows(lived_in.tenant), count_rows(committed_cast.globex)
    assert before["usage_usagerecord"] == 2
    assert before["tenants_auditevent"] > 0
    make_due(lived_in)
    close(lived_in)
    assert {table: rows for table, rows in count_rows(lived_in.tenant).items() if rows} == {}
    assert not Tenant.objects.filter(id=lived_in.tenant.id).exists()
    assert count_rows(committed_cast.globex) == others
    assert User.objects.filter(id=lived_in.owner.id).exists()


def test_before_it_is_due_nothing_is_touched(lived_in: Shop, count_rows: CountRows) -> None:
    before = count_rows(lived_in.tenant)
    close(lived_in)
    assert count_rows(lived_in.tenant) == before
    ask(lived_in)
    close(lived_in)
    assert not deletion.erase(lived_in.tenant.id)
    assert Route.objects.filter(tenant=lived_in.tenant).exists()
    with tenant_scope(lived_in.tenant.id):
        assert Connection.objects.get().state == Connection.State.ACTIVE


def test_one_note_without_content_stays(lived_in: Shop) -> None:
    make_due(lived_in)
    close(lived_in)
    note = AccountEvent.objects.get(action="workspace.erased")
    assert str(lived_in.tenant.id) in str(note.detail)
    assert note.account_id == lived_in.owner.id
    assert note.changes["agents_turn"] == [4, 0]
    assert note.changes["usage_usagerecord"] == [2, 0]
    assert "Acme" not in f"{note.detail}{note.changes}"


def test_doing_it_twice_or_after_an_interruption_does_it_once(
    lived_in: Shop, monkeypatch: pytest.MonkeyPatch, count_rows: CountRows
) -> None:
    rows = count_rows(lived_in.tenant)["agents_turn"]
    make_due(lived_in)
    monkeypatch.setattr(deletion, "ROWS_AT_ONCE", 1)
    with monkeypatch.context() as patch:
        patch.setattr(deletion, "_finish", lambda tenant_id: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            deletion.erase(lived_in.tenant.id)
    assert deletion.erase(lived_in.tenant.id)
    assert not deletion.erase(lived_in.tenant.id)
    assert AccountEvent.objects.get(action="workspace.erased").changes["agents_turn"] == [rows, 0]


def test_rows_written_meanwhile_are_deleted_too(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, count_rows: CountRows
) -> None:
    make_due(shop)
    finish = deletion._finish

    def write_first(tenant_id: UUID) -> object:
        with tenant_scope(tenant_id):
            Agent.objects.create(name="Late", job_title="x", instructions="x")
        return finish(tenant_id)

    monkeypatch.setattr(deletion, "_finish", write_first)
    assert deletion.erase(shop.tenant.id)
    assert not any(count_rows(shop.tenant).values())


def test_late_requests_find_no_workspace(shop: Shop) -> None:
    make_due(shop)
    deletion.erase(shop.tenant.id)
    with pytest.raises(IntegrityError), tenant_scope(shop.tenant.id):
        Agent.objects.create(name="Late", job_title="x", instructions="x")


def test_a_worker_that_is_answering_is_fenced_off(shop: Shop, count_rows: CountRows) -> None:
    claim = shop.claim(shop.hear("When do you open?"))
    make_due(shop)
    close(shop)
    shop.land(claim)
    assert not any(count_rows(shop.tenant).values())


def test_many_simultaneous_writers_do_not_stop_it(shop: Shop, count_rows: CountRows) -> None:
    """Incoming events are refused or erased; the route is deleted first, so that they stop."""
    make_due(shop)
    begun, stop = threading.Event(), threading.Event()

    def write() -> None:
        while not stop.is_set():
            body, _ = shop.said("Hello?", by="U0BEN")
            try:
                with tenant_scope(shop.tenant.id):
                    InboxEvent.objects.create(
                        connection=Connection.objects.get(), provider="slack", external_account="T",
                        event_id=str(body["event_id"]), kind="x", position=0, payload="",
                    )  # fmt: skip
            except (IntegrityError, OperationalError, Connection.DoesNotExist):
                pass
            begun.set()
        connection.close()

    writers = [threading.Thread(target=write) for _ in range(3)]
    for each in writers:
        each.start()
    begun.wait(10)
    try:
        close(shop)
    finally:
        stop.set()
        for each in writers:
            each.join()
    assert not any(count_rows(shop.tenant).values())
    assert not Tenant.objects.filter(id=shop.tenant.id).exists()


def test_append_only_rows_are_deleted_only_once_it_is_due(lived_in: Shop) -> None:
    for prepare in (lambda: None, lambda: ask(lived_in)):
        prepare()
        with pytest.raises(ProgrammingError, match="not to be erased now"), tenant_scope(lived_in.tenant.id):
            connection.cursor().execute(ERASE)
    make_due(lived_in)
    with pytest.raises(ProgrammingError, match="not to be erased now"):
        connection.cursor().execute(ERASE)  # without a tenant scope
    with pytest.raises(ProgrammingError, match="is no table of tenants"), tenant_scope(lived_in.tenant.id):
        connection.cursor().execute("SELECT erase_tenant_rows('tenants_user', 10)")
    with tenant_scope(lived_in.tenant.id), connection.cursor() as cursor:
        cursor.execute(ERASE)
        assert cursor.fetchone() == (2,)


def test_the_app_role_cannot_shorten_the_grace_period(shop: Shop) -> None:
    tenant = Tenant.objects.filter(id=shop.tenant.id)
    for days in (-1, 0, 13):
        with pytest.raises(ProgrammingError, match="all its days of grace"):
            tenant.update(deletes_at=timezone.now() + timedelta(days=days))
    assert tenant.update(deletes_at=timezone.now() + timedelta(days=14)) == 1


def test_a_lost_task_is_requeued_within_the_hour(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[tuple[str, UUID]] = []
    monkeypatch.setattr(tasks, "wake", lambda task, *ids: woken.append((task.name, *ids)))
    close_workspaces()
    ask(shop)
    close_workspaces()
    assert woken == [("tenants.tasks.announce_deletion", shop.tenant.id)]
    deletion.announce(shop.tenant.id)
    close_workspaces()
    assert len(woken) == 1


def test_nobody_but_app_may_call_the_function(shop: Shop) -> None:
    signature = "erase_tenant_rows(text, integer)"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_function_privilege('staff', %s, 'EXECUTE'), has_function_privilege('sweeper', %s, 'EXECUTE'), "
            "has_function_privilege('app', %s, 'EXECUTE')",
            [signature] * 3,
        )
        assert cursor.fetchone() == (False, False, True)


def test_employees_do_not_answer_during_the_grace_period(shop: Shop) -> None:
    ask(shop)
    thread_id = shop.hear("When do you open?")
    assert shop.claim_or_none(thread_id) is None
    with tenant_scope(shop.tenant.id):
        run = Run.objects.get()
    assert run.state == "refused"
    assert "going to be deleted" in str(run.error)
    assert "I can't answer right now" in shop.turns()[1]


def test_an_owner_deletes_it_and_cancels_the_deletion(shop: Shop, alice: Person) -> None:
    first = alice.get("settings/data/delete/")
    assert first.status_code == 302
    assert "reauthenticate" in first["Location"]
    assert alice.post("settings/data/delete/", name="Acme").status_code == 302
    assert not Tenant.objects.get(id=shop.tenant.id).deletes_at, "nothing happens without proof of identity"
    prove(alice)
    assert "14 days" in words(alice.get("settings/data/delete/"))
    wrong = alice.post("settings/data/delete/", name="acme")
    assert wrong.status_code == 422
    assert "That is not the workspace's name" in words(wrong)
    assert alice.post("settings/data/delete/", name="Acme").status_code == 302
    deletes_at = Tenant.objects.get(id=shop.tenant.id).deletes_at
    assert deletes_at
    assert timedelta(days=13) < deletes_at - timezone.now() <= timedelta(days=14)
    for path in ("", "employees/", "settings/", "settings/data/"):
        assert "This workspace will be erased on" in words(alice.get(path))
    assert alice.post("settings/data/keep/").status_code == 302
    assert "will be erased" not in words(alice.get())
    assert trail(shop) == ["workspace.deletion_requested", "workspace.deletion_cancelled"]
    shop.talk("When do you open?", reply="At nine.")
    assert shop.turns() == ["When do you open?", "At nine."]


def test_the_delete_page_says_what_happens_to_the_subscription(shop: Shop, alice: Person) -> None:
    prove(alice)
    assert "Its subscription goes on" not in words(alice.get("settings/data/delete/"))
    with tenant_scope(shop.tenant.id):
        Entitlement.objects.update_or_create(defaults={"status": "active", "plan": "employee_month", "seats": 2})
    page = words(alice.get("settings/data/delete/"))
    assert (
        "Its subscription goes on until then: cancel it under Billing if you do not want to be charged before" in page
    )


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OPERATOR, Role.VIEWER])
def test_only_an_owner_may(shop: Shop, hire: Callable[[Role], Person], role: Role) -> None:
    someone = hire(role)
    prove(someone)
    assert someone.post("settings/data/delete/", name="Acme").status_code == 403
    ask(shop)
    assert someone.post("settings/data/keep/").status_code == 403
    assert "Keep the workspace" not in words(someone.get())
    assert Tenant.objects.get(id=shop.tenant.id).deletes_at


def test_once_it_is_due_it_cannot_be_cancelled(shop: Shop, alice: Person) -> None:
    make_due(shop)
    alice.post("settings/data/keep/")
    assert "already being erased" in words(alice.get("settings/data/"))
    assert Tenant.objects.get(id=shop.tenant.id).deletes_at


def test_owners_and_the_contact_are_notified_three_times(shop: Shop) -> None:
    Tenant.objects.filter(id=shop.tenant.id).update(
        contact_email="office@acme.example", contact_confirmed_at=timezone.now()
    )
    factories.make_member(shop.tenant, Role.ADMIN)
    ask(shop)
    for _ in range(2):
        deletion.announce(shop.tenant.id)
    assert list(deletion.to_warn(timezone.now())) == []
    now = timezone.now()
    long_ago = now - timedelta(days=11)
    soon = {"deletes_at": now + timedelta(days=2, hours=23), "deletion_requested_at": long_ago}
    Tenant.objects.using("owner").update(**soon)
    for _ in range(2):
        deletion.warn(shop.tenant.id)
    Tenant.objects.using("owner").update(deletes_at=timezone.now())
    deletion.erase(shop.tenant.id)
    told = [(each.subject, each.to[0]) for each in mail.outbox]
    subjects = (
        "A workspace of yours will be deleted",
        "A workspace of yours will be deleted soon",
        "A workspace of yours was deleted",
    )
    assert told == [(subject, to) for subject in subjects for to in ("alice@acme.example", "office@acme.example")]


def test_a_token_that_cannot_be_decrypted_does_not_stop_it(shop: Shop) -> None:
    with tenant_scope(shop.tenant.id), connection.cursor() as cursor:
        cursor.execute("UPDATE channels_connection SET token = '00000000:gAAAAunknown'")
    make_due(shop)
    close(shop)
    assert not Tenant.objects.filter(id=shop.tenant.id).exists()


class Picky(EmailBackend):
    """A mail server that rejects Alice."""

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        if messages[0].to == ["alice@acme.example"]:
            raise SMTPRecipientsRefused({"alice@acme.example": (550, b"No such user")})
        return super().send_messages(messages)


def test_a_rejected_address_and_a_name_with_a_line_break_stop_no_notice(
    shop: Shop, settings: Settings, alice: Person
) -> None:
    settings.EMAIL_BACKEND = "tests.data.test_deletion.Picky"
    Tenant.objects.update(
        name="Acme\nBcc: all@acme.example", contact_email="office@acme.example", contact_confirmed_at=timezone.now()
    )
    ask(shop)
    deletion.announce(shop.tenant.id)
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["office@acme.example"], "A workspace of yours will be deleted")
    assert "Bcc" not in str(sent.message())
    page = words(alice.get("settings/"))
    assert "Notices that were not delivered" in page
    assert "The workspace will be deleted To alice@acme.example" in page


def test_a_cancelled_deletion_sends_no_mail_about_its_end(shop: Shop, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_ports(1)
    ask(shop)
    deletion.announce(shop.tenant.id)
    with tenant_scope(shop.tenant.id):
        deletion.keep(shop.tenant)
        assert not Mail.objects.exists()


def test_the_provider_account_can_be_connected_again(shop: Shop, committed_cast: Cast) -> None:
    make_due(shop)
    close(shop)
    assert not Route.objects.exists()
    with tenant_scope(committed_cast.globex.id):
        assert factories.make_connection("T123ABC456")
