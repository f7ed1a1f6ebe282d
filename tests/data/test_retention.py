"""How long conversations are kept."""

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError

from channels.models import InboxEvent
from channels.privacy import retention
from channels.tasks import forget_old_of
from tenants.models import AuditEvent, Role, Tenant
from tenants.scope import tenant_scope
from tests.channels.slack import payload, post
from tests.conftest import Cast
from tests.data.conftest import Person, Shop, words
from usage.models import DailyMessages, UsageRecord


def keep(shop: Shop, days: int | None) -> None:
    with tenant_scope(shop.tenant.id):
        retention.change(shop.tenant, days)


def forget(shop: Shop) -> None:
    forget_old_of.apply(args=(str(shop.tenant.id),), throw=True)


def entries(shop: Shop, action: str) -> list[AuditEvent]:
    with tenant_scope(shop.tenant.id):
        return list(AuditEvent.objects.filter(action=action).order_by("id"))


def test_old_conversations_are_deleted_and_the_numbers_stay(shop: Shop) -> None:
    shop.talk("Old")
    shop.grow_old(days=31)
    shop.talk("New")
    keep(shop, 30)
    for _ in range(2):
        forget(shop)
    assert shop.turns() == ["New", "We open at nine."]
    with tenant_scope(shop.tenant.id):
        assert UsageRecord.objects.count() == 2
        assert DailyMessages.objects.get().received == 2
        assert "Old" not in "".join(InboxEvent.objects.values_list("payload", flat=True))
    (entry,) = entries(shop, "conversations.forgotten")
    assert (entry.actor_kind, str(entry.detail)) == ("system", "1 older than 30 days, counted from their last message.")


def test_without_a_limit_nothing_is_deleted(shop: Shop) -> None:
    shop.talk("Old")
    shop.grow_old(days=9_000)
    forget(shop)
    assert "Old" in shop.turns()


def test_pending_conversations_are_kept_for_another_night(shop: Shop) -> None:
    shop.hear("Waiting")
    shop.talk("Done")
    shop.grow_old(days=31)
    keep(shop, 30)
    forget(shop)
    assert shop.turns() == ["Waiting"]


def test_many_batches(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for number in range(5):
        shop.talk(f"Message {number}")
    shop.grow_old(days=2)
    keep(shop, 1)
    assert retention.forget_old(shop.tenant.id) == 5
    assert shop.turns() == []


def test_messages_to_others_are_deleted_too(shop: Shop) -> None:
    post(shop.client, payload("message_channels", text="Lunch?", ts="1700009.1", channel="C1"))
    keep(shop, 1)
    forget(shop)
    with tenant_scope(shop.tenant.id):
        assert "Lunch?" in InboxEvent.objects.get().payload
        InboxEvent.objects.update(received_at="2020-01-01T00:00:00Z")
    forget(shop)
    with tenant_scope(shop.tenant.id):
        assert InboxEvent.objects.get().payload == ""


def test_other_workspaces_keep_theirs(shop: Shop, committed_cast: Cast) -> None:
    shop.talk("Old")
    shop.grow_old(days=31)
    with tenant_scope(committed_cast.globex.id):
        retention.change(committed_cast.globex, 1)
    assert retention.forget_old(committed_cast.globex.id) == 0
    assert "Old" in shop.turns()


@pytest.mark.parametrize("days", [0, 3651])
def test_the_limit_is_a_day_to_ten_years(shop: Shop, days: int) -> None:
    with pytest.raises(ValidationError):
        keep(shop, days)


def test_an_admin_sees_what_would_be_deleted_first(shop: Shop, hire: Callable[[Role], Person]) -> None:
    shop.talk("Old")
    shop.grow_old(days=31)
    admin = hire(Role.ADMIN)
    asked = words(admin.post("settings/data/retention/", period="30"))
    assert "1 conversation would be deleted" in asked
    assert "Keep 30 days, delete 1" in asked
    assert Tenant.objects.get(id=shop.tenant.id).retention_days is None
    assert admin.post("settings/data/retention/", period="30", confirmed="30").status_code == 302
    assert Tenant.objects.get(id=shop.tenant.id).retention_days == 30
    (entry,) = entries(shop, "workspace.retention_changed")
    assert (entry.changes, entry.actor_name) == ({"retention_days": [None, 30]}, admin.user.email)


def test_a_custom_number_of_days(shop: Shop, alice: Person) -> None:
    assert "Enter a number of days" in words(alice.post("settings/data/retention/", period="own"))
    assert alice.post("settings/data/retention/", period="own", days="45").status_code == 302
    assert Tenant.objects.get(id=shop.tenant.id).retention_days == 45
    assert 'value="45"' in alice.get("settings/data/").content.decode()
    assert alice.post("settings/data/retention/", period="own", days="4000").status_code == 422
    assert alice.post("settings/data/retention/", period="").status_code == 302
    assert Tenant.objects.get(id=shop.tenant.id).retention_days is None


def test_an_operator_may_not(shop: Shop, hire: Callable[[Role], Person]) -> None:
    assert hire(Role.OPERATOR).post("settings/data/retention/", period="30").status_code == 403
    assert Tenant.objects.get(id=shop.tenant.id).retention_days is None
