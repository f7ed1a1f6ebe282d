"""One message in a connected workspace's inbox, in this process, with the sandbox as its providers."""

from dataclasses import dataclass
from uuid import UUID

import pytest
from django.test import Client
from pytest_django import Settings

from agents.models import Agent
from channels.models import Connection, Delivery, InboxEvent, Thread
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories, working
from tests.channels.slack import arrive, payload
from tests.conftest import Cast
from tests.stack import Stack

SCOPES = (
    "app_mentions:read,assistant:write,channels:history,channels:join,channels:read,chat:write,chat:write.customize,"
    "files:read,im:history,im:read,im:write,reactions:write,team:read,users:read"
)


@dataclass(frozen=True)
class Desk:
    """A workspace with an AI employee in a real channel of the sandbox Slack."""

    stack: Stack
    tenant: Tenant
    agent: Agent
    team: str
    bot: str
    channel: str
    token: str
    ben: str

    def hear(self, text: str, thread_ts: str | None = None) -> UUID:
        """Ben mentions the bot in Slack, and a worker hears it; returns the pending thread."""
        self.say(text, thread_ts)
        working.hear_everywhere()
        with tenant_scope(self.tenant.id):
            return Thread.objects.order_by("-id")[0].id

    def say(self, text: str, thread_ts: str | None = None) -> str:
        """Ben mentions the bot in Slack, and the event arrives at the signed webhook; returns the message's ts."""
        more = {"thread_ts": thread_ts} if thread_ts else {}
        said = self.stack.control(
            "slack/control/messages", team=self.team, channel=self.channel, user="ben", text=f"@roster {text}", **more
        )
        body = payload(
            "app_mention", text=f"<@{self.bot}> {text}", ts=said["ts"], channel=self.channel, user=self.ben, **more
        )
        body |= {"team_id": self.team, "event_id": f"Ev{said['ts']}"}
        assert arrive(Client(), body).status_code == 200
        return str(said["ts"])

    def first_ts(self) -> str:
        """The first message's timestamp, which identifies its thread."""
        with tenant_scope(self.tenant.id):
            return str(InboxEvent.objects.order_by("position")[0].address["thread_ts"])

    def events(self) -> list[tuple[str, str]]:
        with tenant_scope(self.tenant.id):
            rows = InboxEvent.objects.order_by("position", "id").values_list("state", "reason")
            return [(state, str(reason)) for state, reason in rows]

    def deliveries(self) -> list[str]:
        with tenant_scope(self.tenant.id):
            return list(Delivery.objects.in_order().values_list("state", flat=True))

    def posted(self) -> list[str]:
        """The bot's actual posts in the sandbox's channel."""
        found = self.stack.look("slack/control/messages", team=self.team, channel=self.channel)
        return [each["text"] for each in found["messages"] if each.get("bot_id") and not each.get("subtype")]


@pytest.fixture
def peers(settings: Settings, stack: Stack) -> Stack:
    """The stack's sandbox as this process's providers, without faults."""
    generated = stack.generated
    settings.SLACK_API_URL = f"{stack.sandbox_url}/slack/api/"
    settings.SLACK_FILES_URL = f"{stack.sandbox_url}/slack/files/"
    settings.OPENAI_BASE_URL = f"{stack.sandbox_url}/openai/v1"
    settings.OPENAI_API_KEY = generated["OPENAI_API_KEY"]
    settings.ANTHROPIC_BASE_URL = f"{stack.sandbox_url}/anthropic"
    settings.ANTHROPIC_API_KEY = generated["OPENAI_API_KEY"]
    settings.QUIET_SECONDS = settings.QUIET_MAX_SECONDS = 0
    settings.RETRY_SECONDS = 0
    for peer in ("slack", "openai"):
        stack.control(f"{peer}/control/reset")
    return stack


@pytest.fixture
def desk(peers: Stack, committed_cast: Cast) -> Desk:
    made = peers.control("slack/control/workspaces", name="Desk", install=True, join=["general"], scope=SCOPES)
    with tenant_scope(committed_cast.acme.id):
        agent = factories.make_agent()
        factories.make_connection(made["id"], token=made["access_token"], bot_user_id=made["bot_user_id"])
        assert Connection.objects.count() == 1
    ben = next(person["id"] for person in made["people"] if person["handle"] == "ben")
    return Desk(
        peers,
        committed_cast.acme,
        agent,
        made["id"],
        made["bot_user_id"],
        made["channels"]["general"],
        made["access_token"],
        ben,
    )
