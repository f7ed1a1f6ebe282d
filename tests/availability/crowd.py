"""A workspace with very many rows of everything, created in bulk, for the lists in pages and the API."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import models
from django.utils import timezone
from djstripe import models as mirror

from billing.models import Entitlement
from tenants.models import AccountEvent, Membership, Role, Tenant, User
from tenants.scope import tenant_scope
from tests.isolation.furnishing import GIVEN, NAMED, ONE, PEOPLE, World, _in_order, _plain

CHOSEN: dict[str, dict[str, Any]] = {
    "agents.LLMCall": {"provider": "openai", "model": "gpt-4.1-mini"},
    "agents.Turn": {"run_id": None, "speaker": "person"},
    "channels.InboxEvent": {"state": "failed", "run_id": None},
    "channels.Delivery": {"state": "sent"},
    "tenants.Export": {"state": "expired"},
    "billing.Drift": {"repaired_at": None},
    "usage.Meter": {"cap_usd": None},
}
"""Values that make rows appear in the lists."""
FEW = {
    ("Delivery", "turn"),
    ("MediaFile", "turn"),
    ("MediaPart", "file"),
    ("PlaceChoice", "connection"),
    ("Probe", "connection"),
}
"""Of one such thing there are few: an answer's parts, a message's files and their parts, a channel's probes and places
with a choice of their own."""


def fill(world: World, first: int, last: int) -> None:
    """Add rows numbered from `first` up to `last` (exclusive) to all tables of the workspace and its people."""
    numbers = range(first, last)
    users = User.objects.bulk_create(User(email=f"crowd{number}@{world.slug}.example") for number in numbers)
    Membership.objects.bulk_create(Membership(tenant=world.tenant, user=each, role=Role.ADMIN) for each in users)
    _own_things(world, numbers)
    with tenant_scope(world.tenant.id):
        for model in _in_order():
            if model._meta.label not in ONE:
                made = [_row(model, world, number) for number in numbers]
                world.rows[model.__name__] += model._default_manager.bulk_create(made)
        _invoices(world, numbers)
    _workspaces(world, numbers)


def _own_things(world: World, numbers: range) -> None:
    """The owner's sessions and activity. Passkeys and connected log-ins have limits, so there are few."""
    user = world.people[Role.OWNER]
    now = timezone.now()
    keys = [uuid4().hex for _ in numbers]
    Session.objects.bulk_create(
        Session(session_key=key, session_data="x", expire_date=now + timedelta(days=1)) for key in keys
    )
    UserSession.objects.bulk_create(
        UserSession(user=user, ip="203.0.113.9", session_key=key, user_agent="Firefox", data={}) for key in keys
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=f"also{number}@{world.slug}.example", verified=False) for number in numbers
    )
    AccountEvent.objects.bulk_create(
        AccountEvent(account_id=user.id, action="account.test", actor_name="x") for _ in numbers
    )


def _workspaces(world: World, numbers: range) -> None:
    made = Tenant.objects.bulk_create(
        Tenant(name=f"Other {number}", slug=f"{world.slug}-other-{number}") for number in numbers
    )
    owner = world.people[Role.OWNER]
    Membership.objects.bulk_create(Membership(tenant=each, user=owner, role=Role.OWNER) for each in made)


def _invoices(world: World, numbers: range) -> None:
    customer = mirror.Customer.objects.get(id=Entitlement.objects.get().customer_id)
    about = {"status": "open", "number": "N-1", "created": 1767225600, "total": 4900, "hosted_invoice_url": ""}
    now = timezone.now()
    mirror.Invoice.objects.bulk_create(
        mirror.Invoice(
            id=f"in_{world.slug}_{number}", customer=customer, livemode=False, created=now, stripe_data=about
        )
        for number in numbers
    )


def _row(model: type[models.Model], world: World, number: int) -> models.Model:
    columns = [
        each for each in model._meta.concrete_fields if not each.primary_key or isinstance(each, models.CharField)
    ]
    values = {each.attname: _value(each, world, number) for each in columns}
    label = model._meta.label
    return model(**{**values, **GIVEN.get(label, {}), **CHOSEN.get(label, {})})


def _value(column: Any, world: World, number: int) -> Any:
    """Fills columns like furnishing.py, but all rows belong to the same conversation, connection and employee."""
    if column.is_relation:
        return _related(column, world, number)
    if column.choices:
        return column.get_default() if column.has_default() else column.choices[0][0]
    if isinstance(column, models.UUIDField):
        return _id(column.attname, world, number)
    if isinstance(column, models.DateField) and not isinstance(column, models.DateTimeField):
        today = timezone.now().date()
        return date(today.year, today.month, 1)
    return _plain(column, world, number)


def _related(column: Any, world: World, number: int) -> Any:
    if column.related_model is Tenant:
        return world.tenant.id
    if column.related_model is User:
        return world.people[Role.OWNER].id
    known = world.rows[column.related_model.__name__]
    has_own = column.unique or (column.model.__name__, column.name) in FEW
    return known[number if has_own else 0].pk


def _id(name: str, world: World, number: int) -> UUID:
    if name in PEOPLE:
        return world.people[Role.OWNER].id
    known = world.rows.get(NAMED.get(name, ""), [])
    return UUID(str(known[number].pk)) if known else uuid4()
