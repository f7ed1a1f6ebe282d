"""The ledger's records and daily sums."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from tenants.scope import tenant_scope
from tests.conftest import Cast
from usage.ledger import records
from usage.ledger.records import Spender, Spent
from usage.models import DailyMessages, DailyUsage, UsageRecord
from usage.prices import Cost
from usage.tokens import Tokens

MAYA = Spender(uuid4(), "Maya", "slack", "Asia/Tokyo")
AT = datetime(2026, 2, 28, 23, tzinfo=UTC)


def spent(spender: Spender = MAYA) -> Spent:
    cost = Cost(Decimal("0.5"), {"input_mtok": "2"})
    return Spent(uuid4(), uuid4(), spender, "openai", "gpt-4.1-mini", Tokens(100, 20, output=7), cost, AT)


def test_a_call_is_recorded_and_added_to_its_day_in_one_statement(cast: Cast) -> None:
    with tenant_scope(cast.acme.id):
        for number in (1, 2):
            with CaptureQueriesContext(connection) as asked:
                records.record(spent(replace(MAYA, agent_name=f"Maya {number}")))
            assert len(asked) == 1

        day = DailyUsage.objects.get()
        assert (str(day.day), day.agent_name, day.calls) == ("2026-03-01", "Maya 2", 2)
        assert (day.input_tokens, day.cached_read_tokens, day.output_tokens, day.cost_usd) == (200, 40, 14, Decimal(1))
        assert {each.agent_name for each in UsageRecord.objects.all()} == {"Maya 1", "Maya 2"}
        assert UsageRecord.objects.all()[0].price == {"input_mtok": "2"}


def test_a_call_cannot_be_recorded_twice_nor_its_record_be_changed(cast: Cast) -> None:
    once = spent()
    with tenant_scope(cast.acme.id):
        records.record(once)
        with pytest.raises(IntegrityError), transaction.atomic():
            records.record(once)
        assert DailyUsage.objects.get().calls == 1
        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            UsageRecord.objects.update(cost_usd=0)


def test_messages_that_are_counted_at_once_all_count(committed_cast: Cast) -> None:
    gate = Barrier(8)

    def count(number: int) -> None:
        try:
            with tenant_scope(committed_cast.acme.id):
                gate.wait(20)
                records.count_messages(MAYA, AT, received=number, sent=1)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(8)))

    with tenant_scope(committed_cast.acme.id):
        day = DailyMessages.objects.get()
        assert (str(day.day), day.received, day.sent) == ("2026-03-01", 28, 8)


def test_a_count_is_one_statement(cast: Cast) -> None:
    with tenant_scope(cast.acme.id), CaptureQueriesContext(connection) as asked:
        records.count_messages(MAYA, AT, received=1)
    assert len(asked) == 1
