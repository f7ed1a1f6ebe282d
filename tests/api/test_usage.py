"""`usage/summary`."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.api.conftest import Caller
from tests.conftest import Cast
from usage.ledger import records
from usage.ledger.records import Spender, Spent
from usage.prices import Cost
from usage.tokens import Tokens

MAYA = Spender(uuid4(), "Maya", "slack", "UTC")
BEN = Spender(uuid4(), "Ben", "slack", "UTC")


def spend(tenant: Tenant, spender: Spender, at: datetime, usd: str) -> None:
    with tenant_scope(tenant.id):
        tokens = Tokens(input=100, cached_read=20, output=7)
        cost = Cost(Decimal(usd), {})
        records.record(Spent(uuid4(), uuid4(), spender, "openai", "gpt-4.1-mini", tokens, cost, at))
        records.count_messages(spender, at, received=2, sent=1)


def test_totals_and_employees_with_decimals_as_strings(acme: Caller, cast: Cast) -> None:
    spend(cast.acme, MAYA, datetime(2026, 3, 2, 12, tzinfo=UTC), "0.0000000001")
    spend(cast.acme, BEN, datetime(2026, 3, 3, 12, tzinfo=UTC), "1.25")
    found = acme.get("usage/summary?from=2026-03-01&to=2026-03-31").json
    assert (found["from"], found["to"], found["time_zone"]) == ("2026-03-01", "2026-03-31", "UTC")
    assert found["totals"] == {
        "input_tokens": 240,
        "output_tokens": 14,
        "cost_usd": "1.2500000001",
        "messages_received": 4,
        "messages_sent": 2,
    }
    assert [(each["agent_name"], each["cost_usd"]) for each in found["agents"]] == [
        ("Ben", "1.2500000000"),
        ("Maya", "0.0000000001"),
    ]
    assert found["agents"][0]["agent"] == str(BEN.agent_id)


def test_days_follow_the_workspaces_time_zone(acme: Caller, cast: Cast) -> None:
    Tenant.objects.filter(id=cast.acme.id).update(time_zone="Asia/Tokyo")
    spend(cast.acme, replace(MAYA, time_zone="Asia/Tokyo"), datetime(2026, 2, 28, 23, tzinfo=UTC), "1")
    found = acme.get("usage/summary?from=2026-03-01&to=2026-03-01").json
    assert found["totals"]["cost_usd"] == "1.0000000000"
    assert found["time_zone"] == "Asia/Tokyo"


def test_without_dates_it_is_this_month_until_today(acme: Caller, cast: Cast) -> None:
    now = timezone.now()
    spend(cast.acme, MAYA, now, "1")
    found = acme.get("usage/summary").json
    assert (found["from"], found["to"]) == (now.date().replace(day=1).isoformat(), now.date().isoformat())
    assert found["totals"]["cost_usd"] == "1.0000000000"
    assert acme.get("usage/summary/").json == found


def test_without_from_it_starts_with_the_month_of_to(acme: Caller) -> None:
    assert acme.get("usage/summary?to=2026-02-10").json["from"] == "2026-02-01"


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("to=", "to"),
        ("from=2026-03-02&to=2026-03-01", "from"),
        ("from=9999-01-01", "from"),
    ],
)
def test_bad_or_reversed_period_names_the_parameter(acme: Caller, query: str, name: str) -> None:
    assert list(acme.get(f"usage/summary?{query}").problem(400)["errors"]) == [name]


def test_usage_of_another_workspace_is_not_counted(globex: Caller, cast: Cast) -> None:
    spend(cast.acme, MAYA, timezone.now(), "1")
    found = globex.get("usage/summary").json
    assert found["agents"] == []
    assert found["totals"]["cost_usd"] == "0.0000000000"
