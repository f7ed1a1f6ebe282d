"""Rows for tests, created with the product's own code. Call these inside a tenant_scope() unless they say otherwise."""

from itertools import count
from typing import Any

from agents.employees import hiring
from agents.models import Agent
from channels.connections.connect import connect
from channels.models import Connection
from channels.providers.connecting import Installed
from tenants.models import Membership, Role, Tenant, User
from tenants.team import workspaces

_numbers = count(1)


def make_user(email: str = "") -> User:
    """An account; no scope needed."""
    return User.objects.create_user(email or f"person{next(_numbers)}@example.com", "correct horse battery")


def make_tenant(slug: str = "", *, owner: User | None = None, **fields: Any) -> Tenant:
    """A workspace with its owner; no scope needed."""
    slug = slug or f"workspace-{next(_numbers)}"
    return workspaces.create(slug.title(), owner or make_user(f"owner@{slug}.example"), slug=slug, **fields)


def make_member(tenant: Tenant, role: Role) -> User:
    """Another member of a workspace; no scope needed."""
    user = make_user(f"{role.value}{next(_numbers)}@{tenant.slug}.example")
    Membership.objects.create(tenant=tenant, user=user, role=role)
    return user


def make_agent(name: str = "Maya", **fields: Any) -> Agent:
    """An AI employee with a seat."""
    profile = {"job_title": "Customer support", "instructions": "Our shop opens at 9 and closes at 18."}
    return hiring.hire(Agent(name=name, **{**profile, **fields}))


def make_connection(team: str = "", **fields: Any) -> Connection:
    """A connected Slack workspace."""
    team = team or f"T{next(_numbers):09}"
    installed = Installed(
        provider="slack",
        external_id=team,
        name=fields.get("name", "Northwind"),
        token=fields.get("token", "xoxb-for-tests"),
        bot_user_id=fields.get("bot_user_id", "U0LAN0Z89"),
        installer_id=fields.get("installer_id", "U0INSTALL"),
        scopes="chat:write",
        secrets=fields.get("secrets", {}),
    )
    return connect(installed)
