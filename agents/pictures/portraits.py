"""Keeping an employee's picture, and where the world finds it.

Providers fetch it without a login, so its address names the workspace and a key that nobody can guess: random, and new
with every picture, so that it can be cached for ever.
"""

import hashlib
import secrets
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from agents import actions
from agents.models import Agent, Portrait
from agents.pictures import drawing
from tenants.audit import journal
from tenants.scope import tenant_scope


def keep(agent: Agent, content: bytes) -> None:
    """Give an employee this picture, in place of the one before. Raises drawing.NotAPictureError."""
    put(agent, drawing.reencoded(content))


def put(agent: Agent, png: bytes) -> None:
    """The same with what was made of a picture already."""
    key = hashlib.sha256(secrets.token_bytes(16) + png).hexdigest()
    with transaction.atomic():
        Agent.objects.select_for_update(no_key=True).get(id=agent.id)  # two at once take turns
        Portrait.objects.filter(agent=agent).delete()
        Portrait.objects.create(agent=agent, key=key, png=png)
        _point_to(agent, key)


def remove(agent: Agent) -> None:
    """Back to initials."""
    with transaction.atomic():
        if agent.picture:
            Portrait.objects.filter(agent=agent).delete()
            _point_to(agent, "")


def png_at(tenant_id: UUID, key: str) -> bytes | None:
    """The picture at this address. Needs no scope: the address says whose it is."""
    with tenant_scope(tenant_id):
        found = Portrait.objects.filter(key=key).values_list("png", flat=True).first()
    return None if found is None else bytes(found)


def path_of(agent: Agent) -> str:
    """Where the employee's picture is on this site: uploaded, else its initials."""
    return agent.picture_path or reverse("initials", args=[drawing.letters_of(agent.name) or "-"])


def url_of(agent: Agent) -> str:
    """The same for others, who fetch it from outside."""
    return f"{settings.PUBLIC_URL}{path_of(agent)}"


def _point_to(agent: Agent, key: str) -> None:
    agent.picture = key
    agent.save(update_fields=["picture"])
    journal.record(actions.EMPLOYEE_PICTURED, agent)
