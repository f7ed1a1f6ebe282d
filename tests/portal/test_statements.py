"""A page asks Postgres no more often when there is more to show."""

import re
from datetime import timedelta

from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Agent, Conversation, Run, Turn
from billing import quota
from billing.models import CompSeats
from channels.handles import people
from channels.models import Connection, Delivery, InboxEvent, Thread
from tenants.models import Role, Tenant
from tenants.scope import tenant_scope
from tenants.team import invitations, tokens
from tests import factories
from tests.bench.statements.reading import NOT_COUNTED
from tests.billing.people import Member, member
from tests.conftest import Cast
from usage.models import DailyMessages, DailyUsage

MOST = 12
"""Statements of a page, as `make bench` counts them."""
IN_MENU = re.compile(r'<span class="grow clip">(.+?)</span>')
PAGES = (
    "", "employees/", "employees/{agent}/", "channels/", "channels/{connection}/", "conversations/",
    "conversations/{conversation}/", "usage/",
    "billing/", "settings/", "settings/data/", "settings/data/people/", "settings/tokens/", "settings/audit/",
    "settings/support/", "settings/members/", "settings/members/invite/",
)  # fmt: skip


def grow(owner: Member, number: int) -> None:
    """Add so many of everything that pages show, and five conversations for each."""
    with tenant_scope(owner.tenant.id):
        CompSeats.objects.create(seats=number, reason="x", expires_at=timezone.now() + timedelta(days=1))
        for agent in [factories.make_agent(f"Maya {each}") for each in range(number)]:
            connection = factories.make_connection()
            Connection.objects.filter(id=connection.id).update(agent=agent if number % 2 else None)
            people.meet(connection, f"U{agent.id}")
            _count_usage(agent)
            for place in range(5):
                _talk(agent, connection, f"C{place}:1")
    for each in range(number):
        factories.make_member(owner.tenant, Role.ADMIN)
        invitations.invite(owner.tenant, f"{number}-{each}@example.com", Role.VIEWER, by=owner.user)
        with tenant_scope(owner.tenant.id):
            tokens.issue(owner.tenant, f"{number}-{each}", Role.VIEWER, maker=owner.user)


def _count_usage(agent: Agent) -> None:
    given = {"agent_id": agent.id, "agent_name": agent.name, "channel": "slack", "day": timezone.now().date()}
    DailyUsage.objects.create(provider="openai", model="m", input_tokens=7, **given)
    DailyMessages.objects.create(received=2, sent=1, **given)


def _talk(agent: Agent, connection: Connection, place: str) -> None:
    """A question with an answer in two parts, and one that failed."""
    talk = Conversation.objects.create(agent=agent, channel="slack", title="Hello")
    thread = Thread.objects.create(connection=connection, external_id=place, conversation=talk)
    run = Run.objects.create(conversation=talk, revision=agent.revisions.get(), attempt=1, state="answered")
    _failed(Turn.objects.create(conversation=talk, speaker="person", text="Hello?"), thread)
    said = Turn.objects.create(conversation=talk, run=run, speaker="employee", text="Hello.")
    for part in range(2):
        Delivery.objects.create(thread=thread, turn=said, sequence=part, address={}, text="part", state="sent")


def _failed(turn: Turn, thread: Thread) -> None:
    InboxEvent.objects.create(
        connection=thread.connection, thread=thread, turn=turn, provider="slack", external_account="T1",
        event_id=f"Ev{turn.id}", kind="message", position=1, payload="{}", state="failed",
    )  # fmt: skip


def costs(owner: Member) -> dict[str, int]:
    """How many statements each page takes, on the second visit."""
    with tenant_scope(owner.tenant.id):
        known = {
            "agent": Agent.objects.employed()[0].id,
            "connection": Connection.objects.order_by("connected_at")[0].id,
            "conversation": Conversation.objects.all()[0].id,
        }
    return {path: _cost(owner, path.format(**known)) for path in PAGES}


def _cost(owner: Member, path: str) -> int:
    owner.read(path)
    with CaptureQueriesContext(database) as asked:
        owner.read(path)
    return sum(not NOT_COUNTED.match(each["sql"]) for each in asked.captured_queries)


def test_a_page_costs_the_same_with_one_of_everything_and_with_ten(cast: Cast) -> None:
    owner = member(cast.alice, cast.acme)
    with tenant_scope(cast.acme.id):
        quota.trial_meter()
    grow(owner, 1)
    few = costs(owner)
    grow(owner, 9)

    assert costs(owner) == few
    assert max(few.values()) <= MOST, few


def test_the_menu_has_the_first_workspaces_by_name_wherever_somebody_is(cast: Cast) -> None:
    names = [f"Shop-{number:02}" for number in range(25)]
    for name in names:
        factories.make_tenant(name.lower(), owner=cast.alice)

    menus = [member(cast.alice, Tenant.objects.get(slug=slug)).read("usage/") for slug in ("acme", "shop-24")]

    for page in menus:
        assert IN_MENU.findall(page) == 2 * ["Acme", *names[:19]]
        assert "All workspaces" in page
