"""A workspace where everything has happened once, with a canary wherever staff must not read."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from agents.models import Agent, Conversation, LLMCall, Run, Turn
from agents.people import persons
from agents.runs import transcript
from billing import quota
from billing.models import CompSeats, Drift, Entitlement
from channels.handles import people
from channels.models import Connection, Contact, Delivery, InboxEvent, InstallAttempt, Thread, place_id_of
from tenants.audit import journal
from tenants.audit.actions import STAFF_VIEWED
from tenants.models import (
    ApiToken,
    Export,
    ExportPart,
    IdempotentRequest,
    Invitation,
    Role,
    Tenant,
)
from tenants.scope import tenant_scope
from tenants.wordings import TOLD
from tests.factories import make_agent, make_connection
from usage.models import DailyMessages, DailyUsage

CANARY = "cage-of-canaries"


@dataclass
class Workplace:
    """The rows that tests refer to."""

    tenant: Tenant
    agent: Agent
    connection: Connection
    event: InboxEvent
    delivery: Delivery


def fill(tenant: Tenant, team: str = "T0NORTHWIND") -> Workplace:
    """Hire, connect, receive a message, fail to answer it; and add a workspace's other rows."""
    with tenant_scope(tenant.id):
        agent = make_agent(instructions=CANARY)
        connection = make_connection(team, token=f"xoxb-{CANARY}", name=f"Northwind {team}")
        event, delivery = _failed_answer(agent, connection)
        _ledger(agent)
        _kept_secrets(tenant, connection)
        _subscribed()
        journal.record(STAFF_VIEWED, connection, changes={"instructions": [CANARY, CANARY]})
    return Workplace(tenant, agent, connection, event, delivery)


def _subscribed() -> None:
    """An invoice's URL lets anyone pay it and see who owes it."""
    Entitlement.objects.create(status="active", seats=1, pay_url=f"https://invoice.stripe.com/i/{CANARY}")
    CompSeats.objects.create(seats=1, reason="An outage", expires_at=timezone.now() + timedelta(days=1))
    Drift.objects.create(differences={"seats": [2, 1]})


def _failed_answer(agent: Agent, connection: Connection) -> tuple[InboxEvent, Delivery]:
    conversation = Conversation.objects.create(agent=agent, channel="slack", title=f"Title {CANARY}")
    revision = agent.revisions.latest("number")
    run = Run.objects.create(conversation=conversation, revision=revision, attempt=1, state=Run.State.ANSWERED)
    turn = Turn.objects.create(conversation=conversation, speaker=Turn.Speaker.PERSON, author=CANARY, text=CANARY)
    LLMCall.objects.create(run=run, provider="openai", model="gpt-4.1-mini", estimate_usd=Decimal("0.01"))
    thread = Thread.objects.create(connection=connection, external_id=f"C1:{CANARY}", conversation=conversation)
    event = InboxEvent.objects.create(
        connection=connection,
        thread=thread,
        turn=turn,
        run=run,
        provider="slack",
        external_account=connection.external_id,
        event_id=f"Ev{connection.external_id}",
        kind="app_mention",
        address={"channel": CANARY},
        place_id=place_id_of(CANARY),
        position=Decimal(1),
        payload=CANARY,
        state=InboxEvent.State.FAILED,
        reason=TOLD(text="Slack said: channel_not_found"),
    )
    delivery = Delivery.objects.create(
        thread=thread,
        turn=transcript.say(conversation, run, CANARY, timezone.now()),
        sequence=0,
        address={"channel": CANARY},
        text=CANARY,
        state=Delivery.State.FAILED,
        error=TOLD(text="channel_not_found"),
    )
    return event, delivery


def _ledger(agent: Agent) -> None:
    quota.trial_meter()
    day = timezone.now().date()
    DailyUsage.objects.create(
        day=day, agent_id=agent.id, agent_name=agent.name, provider="openai", model="gpt-4.1-mini", channel="slack",
        calls=3, cost_usd=Decimal("0.25"),
    )  # fmt: skip
    DailyMessages.objects.create(day=day, agent_id=agent.id, agent_name=agent.name, channel="slack", received=4, sent=3)


def _kept_secrets(tenant: Tenant, connection: Connection) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    digest = f"{CANARY} {tenant.slug}"
    ApiToken.objects.create(tenant=tenant, name="Robot", role=Role.VIEWER, digest=digest, last_four="ab1c")
    Invitation.objects.create(tenant=tenant, email=f"new@{tenant.slug}.example", digest=digest, expires_at=tomorrow)
    contact = people.meet(connection, "U1")
    Contact.objects.filter(id=contact.id).update(name=CANARY)
    persons.rename(contact.person_id, CANARY)
    InstallAttempt.objects.create(provider="slack", state_digest=CANARY, session_digest=CANARY, expires_at=tomorrow)
    export = Export.objects.create(requested_by_name="alice@acme.example")
    ExportPart.objects.create(export=export, number=0, content=CANARY.encode())
    IdempotentRequest.objects.create(caller=CANARY, key=CANARY, fingerprint=CANARY, answer=CANARY)
