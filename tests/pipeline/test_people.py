"""Names of the people who write."""

import pytest

from agents.models import Turn
from channels.connections import credentials
from channels.models import Connection, Contact
from channels.scene import introductions
from tenants.scope import tenant_scope
from tests.pipeline.conftest import Desk


def names(desk: Desk) -> tuple[str, str]:
    """The contact's stored name, and the messages' author."""
    with tenant_scope(desk.tenant.id):
        return Contact.objects.get().name, Turn.objects.get(speaker="person").said_by


def test_a_new_contact_is_looked_up_once(desk: Desk) -> None:
    thread_id = desk.hear("When do you open?")
    for _ in range(2):
        introductions.introduce(desk.tenant.id, thread_id)
    kept, author = names(desk)
    assert kept == author
    assert author
    assert not author.startswith("U")
    assert desk.stack.look("slack/control/calls")["calls"]["users.info"] == 1


@pytest.mark.parametrize("kind", ["429", "500", "cut"])
def test_a_temporary_fault_leaves_the_name_for_later(desk: Desk, kind: str) -> None:
    thread_id = desk.hear("When do you open?")
    desk.stack.control("slack/control/faults", method="users.info", kind=kind, times=1, seconds=1)
    introductions.introduce(desk.tenant.id, thread_id)
    assert names(desk)[0] == ""
    introductions.introduce(desk.tenant.id, thread_id)
    assert names(desk)[0] != ""


def test_a_dead_token_does_not_turn_ids_into_names(desk: Desk) -> None:
    thread_id = desk.hear("When do you open?")
    with tenant_scope(desk.tenant.id):
        Connection.objects.update(secrets=credentials.as_json("xoxb-revoked", {}))
    introductions.introduce(desk.tenant.id, thread_id)
    assert names(desk)[0] == ""
