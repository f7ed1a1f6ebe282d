"""A connected number's probes at the sandbox's Meta: what they ask is there, and its faults are told apart."""

from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from channels.providers.shapes.health import History, Move, Result, State, shown
from channels.providers.shapes.sending import Account
from channels.providers.whatsapp import WhatsApp
from channels.providers.whatsapp.checking.found import ACCOUNT
from channels.providers.whatsapp.connecting.form import address_of
from tests.sandbox.conftest import Sandbox
from tests.sandbox.receiver import Receiver
from tests.sandbox.test_whatsapp import Meta

ID = UUID("0190a0a0-0000-7000-8000-000000000001")


@pytest.fixture
def meta(sandbox: Sandbox, receiver: Receiver, settings: Settings) -> Meta:
    """A number that is subscribed, with our address."""
    settings.WHATSAPP_GRAPH_URL = f"{sandbox.url}/whatsapp/graph"
    made = Meta(sandbox, receiver)
    made.order(f"numbers/{made.phone}", is_subscribed=1, is_registered=1, callback_url=address_of(ID))
    return made


def probes(meta: Meta, token: str = "") -> dict[str, Result]:
    secrets = {"app_secret": meta.number["app_secret"], ACCOUNT: meta.number["account_id"]}
    found = WhatsApp().probes(Account(token or meta.token, meta.phone, secrets=secrets), History(ID, meta.phone))
    return {each.probe.code.rpartition("probe_")[2]: each for each in found}


def test_all_that_meta_is_asked_is_there_and_passes(meta: Meta) -> None:
    found = probes(meta)
    assert {name: each.state for name, each in found.items() if each.state is not State.PASSES} == {
        "round_trip": State.WARNS  # our own address is no server here
    }, {name: shown(each.seen) for name, each in found.items()}


@pytest.mark.parametrize(
    ("change", "probe", "state", "move"),
    [
        ({"quality": "RED"}, "quality", State.WARNS, Move.YOURS),
        ({"is_registered": 0}, "number", State.FAILS, Move.YOURS),
        ({"is_subscribed": 0}, "subscription", State.FAILS, Move.YOURS),
        ({"callback_url": ""}, "webhook", State.FAILS, Move.YOURS),
    ],
)
def test_a_change_at_meta_is_seen(meta: Meta, change: dict[str, Any], probe: str, state: State, move: Move) -> None:
    meta.order(f"numbers/{meta.phone}", **change)
    found = probes(meta)[probe]
    assert (found.state, found.move) == (state, move), shown(found.seen)


@pytest.mark.parametrize(
    ("kind", "probe", "state"),
    [("temporary", "token", State.WARNS), ("may_not_send", "permissions", State.FAILS)],
)
def test_a_token_is_looked_at(meta: Meta, kind: str, probe: str, state: State) -> None:
    assert probes(meta, meta.number["tokens"][kind])[probe].state is state


def test_a_revoked_token_silences_it(meta: Meta) -> None:
    meta.order(f"numbers/{meta.phone}/revoke")
    found = probes(meta)["token"]
    assert (found.state, found.breaks, shown(found.seen)) == (State.FAILS, True, "Meta does not accept it any more.")


def test_a_paused_template_is_named(meta: Meta) -> None:
    name = meta.call("GET", f"{meta.number['account_id']}/message_templates").json()["data"][0]["name"]
    before = probes(meta)["templates"]
    meta.order("templates", number=meta.phone, name=name, status="PAUSED")
    after = probes(meta)["templates"]
    meta.order("templates", number=meta.phone, name=name, status="APPROVED")
    assert (after.state, name in shown(after.seen)) == (State.WARNS, True), shown(before.seen)
