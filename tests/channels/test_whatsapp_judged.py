"""Others judge what WhatsApp says: the examples in Meta's OpenAPI description, and pywa, a client of its own."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from pytest_django import Settings
from pywa import WhatsApp as Pywa
from pywa.types import EditedMessage, Message, MessageStatus, PhoneNumberChange
from pywa.types.base_update import BaseUpdate

from channels.providers.base import Inbound, InboundEvent
from channels.providers.shapes.webhooks import Webhook
from channels.providers.whatsapp import WhatsApp, answers
from channels.providers.whatsapp.answers import Done, Sent
from channels.providers.whatsapp.errors import error_of
from channels.providers.whatsapp.incoming import requests
from tests.channels.graph import graph
from tests.channels.test_whatsapp_client import account, outgoing
from tests.channels.whatsapp import PAYLOADS, PERSON, PERSON_ID, PHONE, SECRET, TOKEN, signature

CONTRACT = "whatsapp-business-messaging-v23.yaml"
Payload = dict[str, Any]


@cache
def examples() -> list[Payload]:
    """Every object in Meta's description that is an example."""
    folder = os.environ.get("CONTRACTS_DIR")
    if not folder:
        pytest.skip(f"CONTRACTS_DIR is not set: the folder that holds {CONTRACT}.")
    read = yaml.load((Path(folder) / CONTRACT).read_text(), yaml.CSafeLoader)
    return [each for each in _objects(read["paths"]) if not {"properties", "schema"} & set(each)]


def _objects(value: Any) -> Iterator[Payload]:
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(each)


def heard(payload: Payload, settings: Settings) -> list[InboundEvent]:
    """What our reader makes of a request."""
    settings.WHATSAPP_APP_SECRET = SECRET
    body = json.dumps(payload).encode()
    found = requests.receive(Webhook("POST", body, {"X-Hub-Signature-256": signature(body)}))
    return [each.read("") for each in found if isinstance(each, Inbound)]


def test_meta_s_examples_of_webhooks_are_read(settings: Settings) -> None:
    told = [each for each in examples() if each.get("object") == "whatsapp_business_account"]
    events = [event for each in told for event in heard(each, settings)]
    kinds = Counter("answered" if event.message else "noted" for event in events)
    assert len(told) == len(events) == 16
    assert kinds == {"answered": 11, "noted": 5}
    assert all(event.message or event.reason or event.moved for event in events), "each has a defined outcome"


def test_meta_s_examples_of_answers_are_read() -> None:
    counts: Counter[str] = Counter()
    for each in examples():
        if isinstance(each.get("error"), dict) and type(each["error"].get("code")) is int:
            fault = answers.fault_of(400, each)
            assert fault is not None
            assert fault.code == each["error"]["code"]
            counts[type(error_of(fault)).__name__] += 1
        elif (
            each.get("messaging_product") == "whatsapp" and "wamid" in str(each.get("messages")) and "contacts" in each
        ):
            counts["sent"] += bool(answers.read(Sent, each).messages[0].id)
        elif type(each.get("success")) is bool:
            counts["done"] += answers.read(Done, each).success
    assert counts == {
        "sent": 57, "done": 46, "DeliveryRefusedError": 389, "DeliveryNotNowError": 70, "OutcomeUnknownError": 70,
    }  # fmt: skip


@pytest.fixture
def pywa() -> Iterator[Pywa]:
    with httpx.Client() as session:
        yield Pywa(PHONE, TOKEN, session=session)


def kind_of(value: Mapping[str, Any]) -> type[BaseUpdate]:
    """pywa's type of an update."""
    if "statuses" in value:
        kind: type[BaseUpdate] = MessageStatus
    else:
        kind = {"system": PhoneNumberChange, "edit": EditedMessage}.get(value["messages"][0]["type"], Message)
    return kind


UNREADABLE = {"no user_id": "user_id", "user_changed_user_id": "from", "failed": "contacts"}
"""Legal shapes on which pywa 4.5 raises KeyError, and for which key."""


def shape_of(value: Mapping[str, Any]) -> str:
    """Which of them it is; empty for a good one."""
    if "statuses" in value:
        return "" if value.get("contacts") else "failed"
    system = value["messages"][0].get("system", {})
    if system.get("type") == "user_changed_user_id":
        return "user_changed_user_id"
    return "no user_id" if value["messages"][0]["type"] != "system" and "user_id" not in value["contacts"][0] else ""


def test_what_we_read_pywa_reads_but_for_three_shapes(pywa: Pywa, settings: Settings) -> None:
    read: Counter[str] = Counter()
    for file in sorted(PAYLOADS.glob("*.json")):
        payload = json.loads(file.read_text())
        value = payload["entry"][0]["changes"][0]["value"]
        if payload["entry"][0]["changes"][0]["field"] != "messages" or not {"messages", "statuses"} & set(value):
            continue
        heard(payload, settings)
        shape = shape_of(value)
        if shape:
            with pytest.raises(KeyError, match=UNREADABLE[shape]):
                kind_of(value).from_update(pywa, payload)
            read[shape] += 1
        for each in value.get("contacts", []):
            each.setdefault("user_id", PERSON_ID)
        if shape in ("", "no user_id") and value.get("messages", [{}])[0].get("type") not in ("revoke", "group_create"):
            update = kind_of(value).from_update(pywa, payload)
            ours = [each.id for each in [update] if isinstance(each, Message)]
            assert ours in ([], [event.event_id for event in heard(payload, settings)]), file.name
            read["read"] += 1
    assert read == {"read": 22, "no user_id": 20, "failed": 2, "user_changed_user_id": 1}


def test_we_send_what_pywa_sends(settings: Settings) -> None:
    settings.WHATSAPP_APP_SECRET = ""
    with graph() as meta, httpx.Client() as session:
        settings.WHATSAPP_GRAPH_URL = meta.url
        pywa = Pywa(PHONE, TOKEN, session=session)
        session.base_url = f"{meta.url}/v26.0"
        for address, to in (({"to": PERSON}, PERSON), ({"recipient": PERSON_ID}, PERSON_ID)):
            message = outgoing({"from": PHONE, **address}, "Yes, in blue.")
            wamid = WhatsApp().post(account(), message)
            sent = pywa.send_message(to, "Yes, in blue.", preview_url=False, tracker=str(message.delivery_id))
            assert sent.id == wamid
            ours, theirs = meta.asked[-2:]
            assert (ours.method, ours.path, ours.token) == (theirs.method, theirs.path, theirs.token)
            assert without_defaults(ours.body) == without_defaults(theirs.body)


def without_defaults(body: Payload) -> Payload:
    """A text message without what may be left out."""
    text = {key: value for key, value in body["text"].items() if value}
    return {**body, "text": text}
