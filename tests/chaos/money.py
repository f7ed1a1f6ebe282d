"""The ledger afterwards: nothing reserved, everything spent recorded, every billed call recorded once."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tests.flow.office import Office
from tests.stack import Stack


def audit(stack: Stack, offices: Sequence[Office]) -> list[str]:
    """Sentences about everything wrong with the money; empty if all is right."""
    wrong = [each for office in offices for each in _audit_office(office)]
    answered = sum(not each["fault"] for each in stack.look("openai/control/calls")["requests"])
    recorded = sum(len(office.rows("usage_usagerecord")) for office in offices)
    if recorded < answered:
        wrong.append(f"the LLM answered {answered} calls, but {recorded} are recorded")
    return wrong


def billed_twice(offices: Sequence[Office]) -> int:
    """How many calls have more than one usage record."""
    times = Counter(row["call_id"] for office in offices for row in office.rows("usage_usagerecord"))
    return sum(number > 1 for number in times.values())


def calls(offices: Sequence[Office]) -> Counter[str]:
    """The number of LLM calls per final state."""
    return Counter(row["state"] for office in offices for row in office.rows("agents_llmcall"))


def _audit_office(office: Office) -> list[str]:
    meters, records = office.rows("usage_meter"), office.rows("usage_usagerecord")
    calls, holds = office.rows("agents_llmcall"), office.rows("usage_hold")
    spent = sum((row["cost_usd"] for row in records), Decimal(0))
    times = Counter(row["call_id"] for row in records)
    checks = {
        "is still reserved": any(row["reserved_usd"] for row in meters) or any(row["state"] == "open" for row in holds),
        f"does not match {spent} USD recorded": any(row["spent_usd"] != spent for row in meters),
        "has calls that never ended": any(row["state"] == "started" for row in calls),
        "has a billed call that is not recorded exactly once": any(
            times[row["id"]] != (1 if row["actual_usd"] else 0) for row in calls
        ),
        "has a call that cost more than was reserved for it": any(
            row["actual_usd"] > row["estimate_usd"] for row in calls
        ),
        "has a call that was not settled exactly once on each meter": any(
            Counter(hold["reference"] for hold in holds)[row["id"]] != len(meters) for row in calls
        ),
        "has records that do not match their call's cost": _differ(records, calls),
    }
    return [f"{office.slug}: money {what}" for what, is_wrong in checks.items() if is_wrong]


def _differ(records: Sequence[dict[str, Any]], calls: Sequence[dict[str, Any]]) -> bool:
    costs = {row["id"]: row["actual_usd"] for row in calls}
    return any(costs.get(row["call_id"]) != row["cost_usd"] for row in records)
