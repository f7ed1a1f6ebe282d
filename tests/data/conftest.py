"""A workspace where people talk, step by step and without a worker; and its members' browsers."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from uuid import UUID

import psycopg
import pytest
from allauth.account.models import EmailAddress
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from psycopg.sql import SQL, Identifier
from pytest_django import Settings

from agents.llm.calls import Completion
from agents.models import Conversation, Turn
from channels.messages import deliver
from channels.messages.claim import Claim
from channels.models import Connection, Contact, InboxEvent, InstallAttempt, MediaFile, MediaPart, Thread
from config.local.embedded.postgres import Postgres
from tenants.audit import actions, journal
from tenants.models import ApiToken, Export, IdempotentRequest, Invitation, Role, SupportGrant, Tenant, User
from tenants.privacy import export
from tenants.scope import tenant_scope
from tenants.team import profile
from tenants.wordings import TOLD
from tests import factories, working
from tests.channels.slack import BOT, TEAM, payload, post
from tests.conftest import Cast
from usage.tokens import Tokens

BEN, CAROL = "U0BEN", "U0CAROL"
SECRET = "xoxb-a-canary-in-the-token"
_numbers = count(1)


@dataclass(frozen=True)
class Shop:
    """Acme with an AI employee in the Slack workspace TEAM."""

    tenant: Tenant
    owner: User
    client: Client = field(default_factory=Client)

    def hear(self, text: str, *, by: str = BEN, thread_ts: str = "", event_id: str = "") -> UUID:
        """Someone mentions the employee or writes in a thread; returns the thread."""
        body, _ = self.said(text, by=by, thread_ts=thread_ts, event_id=event_id)
        assert post(self.client, body).status_code == 200
        with tenant_scope(self.tenant.id):
            return InboxEvent.objects.get(event_id=body["event_id"]).thread_id  # type: ignore[return-value]

    def said(self, text: str, *, by: str, thread_ts: str = "", event_id: str = "") -> tuple[dict[str, object], str]:
        """A Slack event and its timestamp."""
        number = next(_numbers)
        ts = f"1700000{number:03}.000100"
        more = {"thread_ts": thread_ts} if thread_ts else {}
        name = event_id or f"Ev{number}"
        body = payload("app_mention", text=f"<@{BOT}> {text}", ts=ts, channel="C1", user=by, _event_id=name, **more)
        return body, ts

    def ts_of(self, thread_id: UUID) -> str:
        with tenant_scope(self.tenant.id):
            return Thread.objects.get(id=thread_id).external_id.partition(":")[2]

    def claim(self, thread_id: UUID) -> Claim:
        """A worker claims the conversation but hasn't called the LLM yet."""
        claimed = self.claim_or_none(thread_id)
        assert claimed
        return claimed

    def claim_or_none(self, thread_id: UUID) -> Claim | None:
        return working.claim(self.tenant.id, thread_id)

    def land(self, claim: Claim, text: str = "We open at nine.") -> None:
        """Save the LLM's answer."""
        working.land_answer(claim, Completion(text, Tokens(input=10, output=5), "req"), may_start_over=False)

    def send(self, thread_id: UUID) -> None:
        """Send pending answers to Slack."""
        dispatch = working.next_of(self.tenant.id, thread_id)
        while dispatch:
            deliver.land_sent(dispatch, "1800000000.000100")
            dispatch = working.next_of(self.tenant.id, thread_id)

    def talk(self, text: str, *, by: str = BEN, thread_ts: str = "", reply: str = "We open at nine.") -> UUID:
        """A message and its answer, sent; returns the thread."""
        thread_id = self.hear(text, by=by, thread_ts=thread_ts)
        self.land(self.claim(thread_id), reply)
        self.send(thread_id)
        return thread_id

    def turns(self) -> list[str]:
        """All messages, in order."""
        with tenant_scope(self.tenant.id):
            return list(Turn.objects.order_by("id").values_list("text", flat=True))

    def contact(self, external_id: str = BEN) -> Contact:
        with tenant_scope(self.tenant.id):
            return Contact.objects.select_related("person").get(external_id=external_id)

    def grow_old(self, days: int) -> None:
        """Set the last message of all conversations to that many days ago."""
        with tenant_scope(self.tenant.id):
            Conversation.objects.update(last_turn_at=timezone.now() - timedelta(days=days))


@pytest.fixture(autouse=True)
def _settings(settings: Settings) -> None:
    """Make answers due immediately."""
    settings.QUIET_SECONDS = settings.QUIET_MAX_SECONDS = 0


@pytest.fixture
def shop(committed_cast: Cast) -> Shop:
    with tenant_scope(committed_cast.acme.id):
        factories.make_agent()
        factories.make_connection(TEAM, bot_user_id=BOT, token=SECRET)
    return Shop(committed_cast.acme, committed_cast.alice)


@pytest.fixture
def lived_in(shop: Shop) -> Shop:
    """The same workspace with rows in each table that a workspace can have rows in."""
    tenant, now = shop.tenant, timezone.now()
    shop.talk("When do you open?")
    shop.talk("And on Sundays?", by=CAROL)
    ApiToken.issue(tenant, "Reports", Role.VIEWER, created_by=shop.owner)
    later = now + timedelta(days=7)
    Invitation.objects.create(
        tenant=tenant, email="new@acme.example", digest="d" * 64, expires_at=later, invited_by=shop.owner
    )
    with tenant_scope(tenant.id):
        changed = Tenant.objects.get(id=tenant.id)
        changed.slug = "acme-now"
        profile.change(changed)
        tenant.refresh_from_db()
        SupportGrant.objects.create(granted_by_id=shop.owner.id, granted_by_name="Alice", expires_at=later)
        IdempotentRequest.objects.create(caller="x", key="y", fingerprint="z", status=201, answer="{}")
        InstallAttempt.objects.create(provider="slack", state_digest="s" * 64, expires_at=later)
        journal.record(actions.WORKSPACE_CREATED, tenant, detail=TOLD(text="For tests."))
        told = {"name": "menu.pdf", "kind": "document", "state": "kept", "content_type": "application/pdf", "size": 4}
        file = MediaFile.objects.create(
            turn=Turn.objects.order_by("id")[0], connection=Connection.objects.get(), number=0, key="F1", **told
        )
        MediaPart.objects.create(file=file, number=0, content=b"%PDF")
        made = export.request(shop.owner)
        Export.objects.filter(id=made.id).update(leased_until=now)
    export.make(tenant.id, made.id)
    return shop


CountRows = Callable[[Tenant], dict[str, int]]


@pytest.fixture
def count_rows(postgres: Postgres) -> CountRows:
    """The workspace's row count in each table with a tenant_id, counted by the Postgres superuser."""

    def look(tenant: Tenant) -> dict[str, int]:
        with psycopg.connect(postgres.url("postgres")) as connection:
            found = connection.execute("""
                SELECT table_name FROM information_schema.columns
                  JOIN information_schema.tables USING (table_schema, table_name)
                 WHERE table_schema = 'public' AND column_name = 'tenant_id' AND table_type = 'BASE TABLE'
            """).fetchall()
            counts = {}
            for (name,) in found:
                statement = SQL("SELECT count(*) FROM {} WHERE tenant_id = %s").format(Identifier(name))
                counts[str(name)] = int((connection.execute(statement, [tenant.id]).fetchone() or [0])[0])
            return counts

    return look


@dataclass(frozen=True)
class Person:
    """A person with an account who just logged in with their password."""

    user: User
    tenant: Tenant
    client: Client = field(default_factory=Client)

    def url(self, path: str = "") -> str:
        return f"/t/{Tenant.objects.get(id=self.tenant.id).slug}/{path}"

    def get(self, path: str = "") -> HttpResponse:
        return self.client.get(self.url(path))  # type: ignore[return-value]

    def post(self, path: str, **fields: str) -> HttpResponse:
        return self.client.post(self.url(path), fields)  # type: ignore[return-value]


def person(user: User, tenant: Tenant) -> Person:
    EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"primary": True, "verified": True})
    found = Person(user, tenant)
    found.client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return found


def prove(someone: Person) -> None:
    """Enter the password again."""
    answer = someone.client.post("/accounts/reauthenticate/", {"password": "correct horse battery"})
    assert answer.status_code == 302, answer.content


def words(answer: HttpResponse) -> str:
    """A page's text without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())).replace("&#x27;", "'")


@pytest.fixture
def alice(shop: Shop) -> Person:
    """Acme's owner in her browser."""
    return person(shop.owner, shop.tenant)


@pytest.fixture
def hire(shop: Shop) -> Callable[[Role], Person]:
    """A member of Acme with a role."""
    return lambda role: person(factories.make_member(shop.tenant, role), shop.tenant)
