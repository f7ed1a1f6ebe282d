"""The audit trail: every change and every sensitive read, with who, what, from where, before and after.

An entry is written in the transaction of what it tells about: neither can be there without the other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import models
from django_stubs_ext import StrOrPromise

from tenants.audit import actor
from tenants.encryption import Secret
from tenants.models import AccountEvent, AuditEvent, User
from tenants.wordings import NOTHING, Reason

LONGEST = 2_000
"""Characters of a value that an entry keeps; revisions keep texts whole."""

Changes = dict[str, list[Any]]
"""{field: [before, after]}."""


@dataclass(frozen=True)
class Action:
    """Something that is audited: a name for programs and filters, and a lazy label for the portal.

    Each app names its own in `<app>/actions.py`.
    """

    name: str
    label: StrOrPromise

    def __post_init__(self) -> None:
        ACTIONS[self.name] = self


ACTIONS: dict[str, Action] = {}
"""All of them by name, for filters."""


def record(
    action: Action, target: models.Model | None = None, *, changes: Changes | None = None, detail: Reason = NOTHING
) -> None:
    """Add an entry to the trail of the open tenant scope. `detail`: a sentence without a secret.

    Raises tenants.scope.NoTenantError outside of a scope.
    """
    AuditEvent.objects.create(**entry(action, target, changes or {}, detail))


def record_account(
    action: Action, user: User | None, *, changes: Changes | None = None, detail: Reason = NOTHING
) -> None:
    """Note what happened with a person's account; needs no scope."""
    account_id = user.id if user else None
    AccountEvent.objects.create(account_id=account_id, **entry(action, user, changes or {}, detail))


def snapshot(instance: models.Model, fields: Iterable[str]) -> dict[str, Any]:
    """The current values of these fields, ready for an entry: secrets are masked, long texts cut."""
    return {name: _plain(getattr(instance, name)) for name in fields}


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """What changed between two snapshots."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: [before.get(name), after.get(name)] for name in names}


def entry(action: Action, target: models.Model | None, changes: Changes, detail: Reason) -> dict[str, Any]:
    """The columns of an entry about what the current actor does now."""
    who = actor.current()
    return {
        "action": action.name,
        "actor_kind": who.kind,
        "actor_id": who.id,
        "actor_name": who.name,
        "target_kind": str(target._meta.model_name) if target else "",
        "target_id": str(target.pk) if target else "",
        "target_name": str(target)[:254] if target else "",
        "changes": changes,
        "detail": detail,
        "ip": who.ip or None,
        "user_agent": who.user_agent[:300],
        "request_id": str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64],
    }


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Secret):
        return str(value) if value else ""
    if value is None or isinstance(value, bool | int):
        return value
    return str(value)[:LONGEST]
