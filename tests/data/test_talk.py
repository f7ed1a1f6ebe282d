"""Talk around an employee: what of it reaches the prompt, how long it is kept, and who decides that."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from channels.models import Contact, InboxEvent
from channels.privacy import erasure
from channels.scene import introductions, talk
from channels.tasks import blank_talk, blank_talk_of
from tenants.models import AuditEvent, Role, Tenant
from tenants.scope import tenant_scope
from tests.conftest import Cast
from tests.data.conftest import BEN, CAROL, Person, Shop, words
from tests.data.test_corrections import LATER, MENTION, ROOT, edited, said, send, stored, thread_of


def keep(shop: Shop, hours: int) -> None:
    with tenant_scope(shop.tenant.id):
        talk.change(shop.tenant, hours)


def grow_old(shop: Shop, hours: float) -> None:
    with tenant_scope(shop.tenant.id):
        InboxEvent.objects.update(received_at=timezone.now() - timedelta(hours=hours))


def asked(shop: Shop, ts: str = ROOT) -> str:
    """The last message of the prompt."""
    return shop.claim(thread_of(shop, ts)).run.prompt.messages[-1].text


def name(shop: Shop, external_id: str, called: str) -> None:
    with tenant_scope(shop.tenant.id):
        contact = shop.contact(external_id)
    introductions._remember(shop.tenant.id, contact, called)


def discuss(shop: Shop) -> str:
    """Two people talk in a thread, then one asks the employee; returns the question's timestamp."""
    second, third = "1700000510.000100", "1700000520.000100"
    send(shop, said("The oven is broken again."), said("Again? <@U0BEN>", second, by=CAROL, thread_ts=ROOT))
    send(shop, said("Elsewhere", "1700000515.000100", by=CAROL))
    send(shop, said(f"{MENTION} Whom do we call?", third, thread_ts=ROOT))
    return third


def test_earlier_messages_in_the_thread_are_in_the_prompt_and_marked_as_such(shop: Shop) -> None:
    ts = discuss(shop)
    name(shop, BEN, "Ben Smith")
    text = asked(shop, ts)
    notes, _, question = text.partition("\n\n")
    assert question == "Ben Smith: Whom do we call?"
    assert notes.splitlines()[-4:] == [
        "[Earlier talk in this thread, not addressed to you, for background only:]",
        "  Ben Smith: The oven is broken again.",
        "  a person: Again? @Ben Smith",
        "[End of it]",
    ]
    assert "Elsewhere" not in text
    assert "U0" not in text


def test_messages_from_before_ids_were_stored_belong_to_the_same_person(shop: Shop) -> None:
    ts = discuss(shop)
    name(shop, BEN, "Ben Smith")
    with tenant_scope(shop.tenant.id):
        InboxEvent.objects.filter(turn__isnull=False).update(author="")
    send(shop, said(f"{MENTION} Hello?", "1700000530.000100", thread_ts=ROOT))
    assert "Ben Smith: Whom do we call?\n\nBen Smith: Hello?" in asked(shop, ts)


def test_it_is_limited_to_the_newest(shop: Shop) -> None:
    for number in range(25):
        send(shop, said(f"Remark {number} {'ä' * 2_000}", f"17000005{number:02}.000200", thread_ts=ROOT))
    send(shop, said(f"{MENTION} Well?", "1700000600.000100", thread_ts=ROOT))
    claim = shop.claim(thread_of(shop, "1700000600.000100"))
    text = claim.run.prompt.messages[-1].text
    assert "Remark 24" in text
    assert "Remark 10 " not in text
    assert len(text.encode()) < 7_000
    assert claim.run.prompt.most_input_tokens() > len(text.encode())


def test_it_is_in_the_prompt_as_long_as_the_workspace_keeps_it(shop: Shop) -> None:
    ts = discuss(shop)
    grow_old(shop, hours=25)
    assert "oven" not in asked(shop, ts)


def test_it_is_blanked_in_time_even_if_conversations_are_kept_forever(shop: Shop) -> None:
    ts = discuss(shop)
    grow_old(shop, hours=23)
    assert not talk.is_due(shop.tenant.id, timezone.now())
    grow_old(shop, hours=25)
    assert talk.is_due(shop.tenant.id, timezone.now())
    for _ in range(2):
        blank_talk_of.apply(args=(str(shop.tenant.id),), throw=True)
    assert "oven" not in stored(shop)
    assert "Whom do we call?" in stored(shop)
    with tenant_scope(shop.tenant.id):
        rows = InboxEvent.objects.exclude(message_key=f"C1:{ts}").exclude(message_key=None)
        assert set(rows.values_list("payload", "author", "state")) == {("", "", "ignored")}
    send(shop, said("The oven is broken again."))  # a redelivery
    assert "oven" not in stored(shop)
    assert not talk.is_due(shop.tenant.id, timezone.now())


def test_blanked_text_does_not_come_back_but_a_mention_added_to_it_is_heard(shop: Shop) -> None:
    discuss(shop)
    grow_old(shop, hours=25)
    talk.blank(shop.tenant.id)
    send(shop, edited("The oven is broken once more."))
    assert "once more" not in stored(shop)
    send(shop, edited(f"{MENTION} The oven is broken!", at="1700000590.000000"))
    assert "The oven is broken!" in shop.turns()


def test_many_batches_blank_everything(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "AT_ONCE", 2)
    for number in range(5):
        send(shop, said(f"Remark {number}", f"170000050{number}.000100"))
    grow_old(shop, hours=25)
    assert talk.blank(shop.tenant.id) == 5


def test_with_zero_hours_its_text_is_never_stored(shop: Shop) -> None:
    keep(shop, 0)
    ts = discuss(shop)
    assert "oven" not in stored(shop)
    assert "oven" not in asked(shop, ts)


def test_with_fewer_hours_stored_talk_is_blanked_in_the_next_run(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    discuss(shop)
    grow_old(shop, hours=2)
    keep(shop, 1)
    woken: list[object] = []
    monkeypatch.setattr("channels.tasks.wake", lambda task, tenant_id: woken.append((task.name, tenant_id)))
    blank_talk()
    assert woken == [("channels.tasks.blank_talk_of", shop.tenant.id)]


def test_other_workspaces_keep_theirs(shop: Shop, committed_cast: Cast) -> None:
    discuss(shop)
    grow_old(shop, hours=25)
    with tenant_scope(committed_cast.globex.id):
        talk.change(committed_cast.globex, 0)
    assert talk.blank(committed_cast.globex.id) == 0
    assert "oven" in stored(shop)


def test_bot_messages_are_stored_without_text(shop: Shop) -> None:
    send(shop, said("Build 4711 failed.", bot_id="B0CI"))
    assert "4711" not in stored(shop)


@pytest.mark.parametrize("column", ["received_at", "position"])
def test_it_is_found_by_an_index(shop: Shop, column: str) -> None:
    with tenant_scope(shop.tenant.id):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")  # however few rows there are
        rows = InboxEvent.objects.overheard()
        found = (
            rows.filter(received_at__lt=timezone.now()).order_by("received_at")
            if column == "received_at"
            else rows.filter(connection_id=shop.tenant.id, place="C1:1").order_by("-position")
        )
        plan = found.values_list("id").explain()
    assert "channels_event_overheard" in plan or "channels_event_talk" in plan, plan


def test_people_who_talked_around_it_can_be_found_and_erased(shop: Shop) -> None:
    ts = discuss(shop)
    introductions.introduce(shop.tenant.id, thread_of(shop, ts))  # Slack isn't available here: the name stays unknown
    with tenant_scope(shop.tenant.id):
        assert set(Contact.objects.values_list("external_id", "name")) == {(BEN, ""), (CAROL, "")}
    erasure.erase_person(shop.tenant.id, shop.contact(CAROL).id)
    kept = stored(shop)
    assert "Again?" not in kept
    assert "The oven is broken" in kept
    send(shop, edited(f"{MENTION} Again?", "1700000510.000100", at=LATER, user=CAROL))
    assert "Again?" not in stored(shop)


@pytest.mark.parametrize("hours", [-1, 169])
def test_the_limit_is_zero_to_a_week(shop: Shop, hours: int) -> None:
    with pytest.raises(ValidationError):
        keep(shop, hours)


def test_an_admin_sets_it(shop: Shop, hire: Callable[[Role], Person]) -> None:
    admin = hire(Role.ADMIN)
    page = words(admin.get("settings/data/"))
    assert "Talk around AI employees" in page
    assert admin.post("settings/data/talk/", hours="0").status_code == 302
    assert Tenant.objects.get(id=shop.tenant.id).overheard_hours == 0
    assert "Talk around AI employees is not kept." in words(admin.get("settings/data/"))
    with tenant_scope(shop.tenant.id):
        entry = AuditEvent.objects.get(action="workspace.talk_changed")
    assert (entry.changes, entry.actor_name) == ({"overheard_hours": [24, 0]}, admin.user.email)


@pytest.mark.parametrize(
    ("hours", "problem"), [("", "Enter a number of hours"), ("169", "168"), ("-1", "0"), ("x", "whole")]
)
def test_an_invalid_value_is_reported_next_to_the_field(shop: Shop, alice: Person, hours: str, problem: str) -> None:
    answer = alice.post("settings/data/talk/", hours=hours)
    assert answer.status_code == 422
    assert problem in words(answer)
    assert Tenant.objects.get(id=shop.tenant.id).overheard_hours == 24


def test_an_operator_may_not(shop: Shop, hire: Callable[[Role], Person]) -> None:
    assert hire(Role.OPERATOR).post("settings/data/talk/", hours="1").status_code == 403
