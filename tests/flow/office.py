"""A Roster workspace connected to a sandbox Slack workspace, set up as an integrator would: through the API."""

import json
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from psycopg.sql import SQL, Identifier

from tests.stack import Stack
from tests.waiting import eventually

_numbers = count(1)
INSTRUCTIONS = "You work for Northwind, a bakery. We open at 7 and close at 19. Parking is free behind the shop."


@dataclass(frozen=True)
class Office:
    """One tenant with its API token, and its Slack team."""

    stack: Stack
    slug: str
    api: httpx.Client
    team: str
    bot: str

    def says(self, text: str, *, channel: str = "general", user: str = "ben", **more: Any) -> dict[str, Any]:
        """A person writes in Slack; returns `ts` and the events that Slack sent."""
        body = {"team": self.team, "channel": channel, "user": user, "text": text, **more}
        return self.stack.control("slack/control/messages", **body)

    def mentions(self, text: str, *, user: str = "ben", **more: Any) -> dict[str, Any]:
        return self.says(f"@roster {text}", user=user, **more)

    def heard(self, channel: str = "general", user: str = "ben") -> list[dict[str, Any]]:
        """The bot's posts in a channel, oldest first."""
        found = self.stack.look("slack/control/messages", team=self.team, channel=channel, user=user)
        return [each for each in found["messages"] if each.get("user") == self.bot and not each.get("subtype")]

    def replies_to(self, ts: str, channel: str = "general", user: str = "ben") -> list[dict[str, Any]]:
        return [each for each in self.heard(channel, user) if each.get("thread_ts") == ts]

    def reply_to(self, ts: str, channel: str = "general", user: str = "ben", *, within: float = 30) -> dict[str, Any]:
        """The first reply in this message's thread."""
        found = eventually(
            lambda: self.replies_to(ts, channel, user), within=within, what=f"a reply to {ts}; see {self.stack.log}"
        )
        return found[0]

    def stored_as(self, payload: dict[str, Any]) -> str:
        """The ts of the message in a stored event."""
        return str(payload["event"].get("ts"))

    def redeliver(self, said: dict[str, Any]) -> None:
        """Slack sends the events about a message twice more."""
        for event in said["events"]:
            self.stack.control(f"slack/control/events/{event['event_id']}/redeliver", times=2)

    def attempts(self, ts: str) -> list[int | str]:
        """The result of each of Slack's delivery attempts: a status, or why there was none."""
        told = self.stack.look("slack/control/events", team=self.team)["events"]
        return [each["status"] or each["error"] for event in told if event["ts"] == ts for each in event["attempts"]]

    def is_told(self) -> bool:
        """Has Slack delivered every event?"""
        return all(each["finished"] for each in self.stack.look("slack/control/events", team=self.team)["events"])

    def settled(self, *, within: float = 60) -> None:
        """Wait until all of this office's events and deliveries have ended."""
        waiting = """
            SELECT 1 FROM channels_inboxevent e JOIN tenants_tenant t ON t.id = e.tenant_id
             WHERE t.slug = %s AND e.state IN ('received', 'pending', 'running', 'answered', 'doubtful')
            UNION ALL SELECT 1 FROM channels_delivery d JOIN tenants_tenant t ON t.id = d.tenant_id
             WHERE t.slug = %s AND d.state IN ('pending', 'sending', 'unknown')
        """
        eventually(
            lambda: not self.stack.query(waiting, [self.slug, self.slug]), within=within, what="everything settled"
        )

    def rows(self, table: str) -> list[dict[str, Any]]:
        """This tenant's rows of a table, oldest first."""
        statement = SQL(
            "SELECT x.* FROM {} x JOIN tenants_tenant t ON t.id = x.tenant_id WHERE t.slug = %s ORDER BY x.id"
        )
        return self.stack.query(statement.format(Identifier(table)), [self.slug])


def api_of(stack: Stack, slug: str = "") -> tuple[str, httpx.Client]:
    """A new tenant and a client with its token."""
    slug = slug or f"office-{next(_numbers)}"
    made = json.loads(stack.manage("create_tenant", slug, "--owner", f"owner@{slug}.example"))
    headers = {"Authorization": f"Bearer {made['api_token']}"}
    return slug, httpx.Client(base_url=f"{stack.url}/api/v1/", headers=headers, timeout=30)


def consent(url: str, **form: str) -> httpx.Response:
    """A person presses Allow (or what the form says) on Slack's consent page and returns to Roster."""
    answer = httpx.post(url, data={"decision": "allow", **form}, timeout=30)
    assert answer.status_code == 303, answer.text
    return httpx.get(answer.headers["location"], timeout=30)


def open_office(stack: Stack, *, agent: dict[str, Any] | None = None, slug: str = "") -> Office:
    """A tenant with an AI employee, connected to a new Slack workspace, with its bot invited to #general."""
    slug, api = api_of(stack, slug)
    profile = {"name": "Maya", "job_title": "Customer support", "instructions": INSTRUCTIONS, **(agent or {})}
    hired = api.post("agents/", json=profile)
    assert hired.status_code == 201, hired.text
    url = api.post("channels/slack/install").json()["url"]
    assert parse_qs(urlsplit(url).query)["client_id"]
    done = consent(url, name=slug)
    assert done.status_code == 200, done.text
    team = api.get("channels/").json()["results"][0]["external_id"]
    teams = stack.look("slack/control/workspaces")["workspaces"]
    bot = next(each["bot"]["id"] for each in teams if each["id"] == team)
    stack.control("slack/control/invite", team=team, channel="general", user="ada")
    return Office(stack, slug, api, team, bot)
