"""A workspace with a row in each of its tables. Every text names the workspace, so that a leak shows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.db import models
from django.utils import timezone
from djstripe import models as mirror

from agents.employees import hiring
from billing.models import Entitlement
from tenants.mail import contact
from tenants.models import AccountEvent, ApiToken, ContactCode, Incident, Membership, Role, Tenant, User
from tenants.models.fields import ReasonField
from tenants.scope import tenant_scope
from tenants.wordings import TOLD
from tests import factories

MANY = 3
"""Rows per table: one to read, and others to change."""

GIVEN: dict[str, dict[str, Any]] = {
    "agents.Agent": {"provider": "openai", "model": "gpt-4.1-mini", "max_output_tokens": 1000, "deleted_at": None},
    "agents.LLMCall": {"state": "settled"},
    "agents.Run": {"state": "answered"},
    "billing.Entitlement": {
        "status": "active",
        "plan": "employee_month",
        "seats": 10,
        "clock_ahead": timedelta(),
        "cancels_at": None,
        "other_items": [],
    },
    "channels.Connection": {"provider": "slack", "state": "active", "token": "", "secrets": '{"token": "qtokenq"}'},
    "channels.ConnectionDraft": {
        "provider": "slack",
        "secrets": '{"client_id": "1.2", "client_secret": "qsecretq", "signing_secret": "qsecretq"}',
        "expires_at": timezone.now() + timedelta(days=7),
    },
    "channels.Delivery": {"state": "sent"},
    "channels.InboxEvent": {"state": "done", "is_test": True},
    "channels.MediaFile": {"state": "kept", "kind": "document", "content_type": "text/plain"},
    "channels.MediaPart": {"number": 0},
    "channels.Probe": {"state": "fails", "move": "yours", "fix": "reconnect", "fix_url": ""},
    "channels.Route": {"provider": "slack"},
    "tenants.Export": {"state": "done"},
    "tenants.Mail": {"state": "sent"},
    "tenants.SupportGrant": {"ended_at": None},
    "usage.Hold": {"state": "settled"},
}
"""Values that a row needs to be usable, where arbitrary text won't do."""

ONE = {"billing.Entitlement", "channels.Feedback", "tenants.ContactCode"}
CONTACT_CODE = "BCDF-GHJK"
"""Tables with one row per workspace, or per thing that is furnished once; and the code mailed to its contact."""

PEOPLE = ("user_id", "invited_by_id", "granted_by_id", "requested_by_id", "created_by_id", "actor_id", "account_id")
NAMED = {"agent_id": "Agent", "holder_id": "Agent", "connection_id": "Connection", "conversation_id": "Conversation"}
"""Columns with an id but no foreign key, and the id's model."""


def canary(slug: str) -> str:
    """The word that is in every text of a workspace and nowhere else."""
    return f"q{slug}q"


@dataclass(repr=False)
class World:
    """One workspace, its people by role, its tokens in plain text by role, and its rows by model."""

    tenant: Tenant
    people: dict[Role, User]
    spare: User
    tokens: dict[Role, str] = field(default_factory=dict)
    rows: dict[str, list[models.Model]] = field(default_factory=dict)
    ids: frozenset[str] = frozenset()

    @property
    def slug(self) -> str:
        """Its slug in URLs."""
        return self.tenant.slug

    @property
    def canary(self) -> str:
        """The word that only its own people may see."""
        return canary(self.slug)

    @property
    def owners(self) -> list[str]:
        """The ids of the workspace and its people, who own its rows."""
        return [str(self.tenant.id), str(self.spare.id), *(str(each.id) for each in self.people.values())]

    def id_of(self, model: str) -> str:
        """The id of one of its rows. Raises KeyError for a model without rows."""
        return str(self.rows[model][0].pk)


def furnish(slug: str) -> World:
    """A new workspace, committed, with at least one row in every table that has a tenant."""
    word = canary(slug)
    people = {role: _person(f"{role}.{word}@{slug}.example", word) for role in Role}
    spare = _person(f"spare.{word}@{slug}.example", word)
    tenant = factories.make_tenant(slug, owner=people[Role.OWNER])
    Tenant.objects.filter(id=tenant.id).update(name=f"{word} ltd", contact_email=f"contact.{word}@{slug}.example")
    tenant.refresh_from_db()
    world = World(tenant, people, spare)
    for role in (Role.ADMIN, Role.OPERATOR, Role.VIEWER):
        Membership.objects.create(tenant=tenant, user=people[role], role=role)
    member = Membership.objects.create(tenant=tenant, user=spare, role=Role.OPERATOR)
    world.tokens = {role: ApiToken.issue(tenant, f"{word} {role}", role)[1] for role in Role}
    world.rows = {
        "Membership": [member],
        "User": [spare],
        "Tenant": [tenant],
        **_own_things(people[Role.OWNER], spare, word),
    }
    with tenant_scope(tenant.id):
        for model in _in_order():
            made = [_make(model, world, number) for number in range(1 if model._meta.label in ONE else MANY)]
            world.rows.setdefault(model.__name__, made)
        world.rows["RestingAgent"] = [hiring.pause(factories.make_agent(f"{word} at rest"))]
        _invoice(world)
        _contact_code(tenant)
        _tokens(world)
    world.ids = frozenset(str(row.pk) for rows in world.rows.values() for row in rows if isinstance(row.pk, UUID))
    return world


def _person(email: str, word: str) -> User:
    user = factories.make_user(email)
    user.name = f"{word} person"
    user.save()
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _own_things(user: User, other: User, word: str) -> dict[str, list[models.Model]]:
    """Rows outside any workspace: a session, account activity, a passkey, a staff notice."""
    key = Authenticator.objects.create(
        user=other, type=Authenticator.Type.WEBAUTHN, data={"name": word, "credential": {}}
    )
    session = UserSession.objects.create(user=user, ip="203.0.113.9", session_key=f"{word}{uuid4().hex}"[:40], data={})
    event = AccountEvent.objects.create(
        account_id=user.id, action="account.test", actor_name=word, detail=TOLD(text=word)
    )
    incident = Incident.objects.create(
        cause=f"test_{uuid4().hex}", hour=timezone.now(), detail=TOLD(text="A test of ours.")
    )
    return {"Authenticator": [key], "UserSession": [session], "AccountEvent": [event], "Incident": [incident]}


def _contact_code(tenant: Tenant) -> None:
    """Set a code that can be entered."""
    tomorrow = timezone.now() + timedelta(days=1)
    ContactCode.objects.update(
        email=tenant.contact_email, digest=contact.digest_of(tenant, CONTACT_CODE), attempts=0, expires_at=tomorrow
    )


def _tokens(world: World) -> None:
    """Change the tokens into ones that admins may revoke: of their own rank and not an owner's."""
    ids = [row.pk for row in world.rows["ApiToken"]]
    ApiToken.objects.filter(id__in=ids).update(role=Role.OPERATOR, created_by=world.people[Role.ADMIN])


def _invoice(world: World) -> None:
    """A dj-stripe invoice, which no policy guards: it is reached only through the workspace's customer."""
    paid = Entitlement.objects.get()
    customer = mirror.Customer.objects.create(
        id=paid.customer_id, subscriber=world.tenant, livemode=False, created=timezone.now(), stripe_data={}
    )
    about = {
        "status": "open", "number": f"{world.canary}-1", "created": 1767225600, "total": 4900,
        "hosted_invoice_url": f"https://stripe.example/{world.canary}",
    }  # fmt: skip
    mirror.Invoice.objects.create(
        id=f"in_{world.canary}", customer=customer, livemode=False, created=timezone.now(), stripe_data=about
    )


def tenant_models() -> list[type[models.Model]]:
    """Every model whose rows belong to one workspace."""
    return [each for each in apps.get_models() if each is not Tenant and _has_tenant(each)]


def _has_tenant(model: type[models.Model]) -> bool:
    found = (each for each in model._meta.concrete_fields if each.name == "tenant")
    return any(each.related_model is Tenant for each in found)


def _in_order() -> Iterator[type[models.Model]]:
    """Models in order of their references; memberships are created separately."""
    left = [each for each in tenant_models() if each is not Membership]
    while left:
        free = [each for each in left if not _refers_to(each) & (set(left) - {each})]
        assert free, f"these refer to each other in a cycle: {left}"
        yield from free
        left = [each for each in left if each not in free]


def _refers_to(model: type[models.Model]) -> set[Any]:
    columns = model._meta.concrete_fields
    kept = {NAMED[each.attname] for each in columns if each.attname in NAMED and not each.is_relation}
    named = {each for each in tenant_models() if each.__name__ in kept}
    return named | {each.related_model for each in columns if each.is_relation}


def _make(model: type[models.Model], world: World, number: int) -> models.Model:
    columns = [
        each for each in model._meta.concrete_fields if not each.primary_key or isinstance(each, models.CharField)
    ]
    values = {each.attname: _value(each, world, number) for each in columns}
    return model._default_manager.create(**{**values, **GIVEN.get(model._meta.label, {})})


def _value(column: Any, world: World, number: int) -> Any:
    """A value of this column's type that, if it is text, names the workspace."""
    if column.is_relation:
        return _related(column, world, number)
    if column.choices:
        return column.get_default() if column.has_default() else column.choices[0][0]
    if isinstance(column, models.UUIDField):
        return _id(column.attname, world, number)
    return _plain(column, world, number)


def _related(column: Any, world: World, number: int) -> Any:
    if column.related_model is Tenant:
        return world.tenant.id
    if column.related_model is User:
        return world.people[Role.OWNER].id
    return world.rows[column.related_model.__name__][number].pk


def _id(name: str, world: World, number: int) -> UUID:
    if name in PEOPLE:
        return world.people[Role.OWNER].id
    known = world.rows.get(NAMED.get(name, ""), [])
    return UUID(str(known[number].pk)) if known else uuid4()


def _plain(column: Any, world: World, number: int) -> Any:
    word, now = f"{world.canary}-{number}", timezone.now()
    if isinstance(column, models.EmailField):
        return f"{column.name}.{word}@{world.slug}.example"
    if isinstance(column, models.GenericIPAddressField):
        return "203.0.113.9"
    if isinstance(column, models.CharField | models.TextField):
        return f"{word}-{column.name}"[: column.max_length]
    if isinstance(column, ReasonField):
        return TOLD(text=f"{word}-{column.name}")
    if isinstance(column, models.JSONField):  # changes are stored as {field: [before, after]}
        return {"name": [word, word]} if column.name == "changes" else {"channel": word, "thread_ts": word}
    if isinstance(column, models.BinaryField):
        return word.encode()
    return _moment_or_number(column, number, now)


def _moment_or_number(column: Any, number: int, now: datetime) -> Any:
    if isinstance(column, models.DateTimeField):
        later = now + timedelta(days=1)
        return later if column.name == "expires_at" else None if column.null else now
    if isinstance(column, models.DateField):
        return date(now.year, now.month, 1) + timedelta(days=number)
    if isinstance(column, models.BooleanField):
        return False
    return Decimal(number + 1) if isinstance(column, models.DecimalField) else number + 1
