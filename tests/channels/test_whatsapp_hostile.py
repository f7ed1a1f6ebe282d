"""WhatsApp's webhook answers any signed body with 200 or 400, never 500. HOSTILE_BODIES: how many are made."""

import json
import os
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as bounds
from hypothesis import strategies as st
from pytest_django import Settings

from channels.models import InboxEvent
from channels.providers.base import Inbound
from channels.providers.shapes.webhooks import MalformedError, Webhook
from channels.providers.whatsapp import WhatsApp
from tenants.scope import tenant_scope
from tests import working
from tests.channels.whatsapp import (
    PAYLOADS,
    PHONE,
    PROVIDERS,
    SECRET,
    Line,
    arrive,
    open_line,
    payload,
    signature,
    value_of,
)
from tests.conftest import Cast

BODIES = int(os.environ.get("HOSTILE_BODIES", "300"))
WHATSAPP = WhatsApp()
NAMES = sorted(path.stem for path in PAYLOADS.glob("*.json"))
ODD: list[Any] = [
    None, {}, [], {"id": "1"}, [[None]], -1, 1e300, 10**400, True, "", "x" * 100_000, "a\x00b", "\udfff\ud800",
    "99999999999", "\u0663", {"\ud800": "\x00"}, [{"type": []}], "US." + "x" * 128,
]  # fmt: skip
STORED: list[Any] = [None, {}, "x" * 100_000, "a\x00b", "\udfff\ud800", "99999999999", "US." + "x" * 128]
"""Values that reach the database; the others are only read."""
FIELDS = ("from", "from_user_id", "id", "timestamp", "type", "group_id", "text", "context", "referral", "errors")


@pytest.fixture(autouse=True)
def _app(settings: Settings) -> None:
    settings.CHANNEL_PROVIDERS = PROVIDERS
    settings.WHATSAPP_APP_SECRET = SECRET


@pytest.fixture
def line(committed_cast: Cast) -> Line:
    return open_line(committed_cast.acme)


def read(body: Any) -> int:
    """Read a signed body; how many of its items could be read."""
    raw = json.dumps(body).encode()
    try:
        items = WHATSAPP.receive(Webhook("POST", raw, {"X-Hub-Signature-256": signature(raw)}))
    except MalformedError:
        return 0
    return sum(_is_read(item) for item in items)


def _is_read(item: object) -> bool:
    if not isinstance(item, Inbound):
        return True
    try:
        event = item.read("")
    except MalformedError:
        return False
    assert len(event.event_id) <= 120
    assert event.event_id.isascii()
    message = event.message
    if message:
        assert message.text.strip()
        assert "\x00" not in message.text
        message.text.encode()
        message.author_name.encode()
        assert len(message.author) <= 120
        again = WHATSAPP.read(event.payload, "")
        assert again
        assert replace(again, said_at=message.said_at) == message, "a time to come counts as now"
    return True


def test_no_field_value_causes_a_server_error(line: Line, client: Client) -> None:
    for number, field in enumerate(FIELDS):
        for place, value in enumerate(STORED):
            body = payload("text", id=f"wamid.{number}.{place}")
            value_of(body)["messages"][0][field] = value
            assert arrive(client, body) in {200, 400}
    working.hear_everywhere()
    with tenant_scope(line.tenant.id):
        assert InboxEvent.objects.count() > 30, "valid messages are stored"


@pytest.mark.parametrize("name", NAMES)
def test_each_value_anywhere_is_read_or_passed_over(name: str) -> None:
    counts = {read(body) for body in _tampered(payload(name))}
    assert counts <= {0, 1}


def _tampered(body: Any) -> Any:
    """The body with each of its values, at any depth, replaced by each odd one."""
    for path in list(_paths(body)):
        for value in ODD:
            made = json.loads(json.dumps(body))
            inner = made
            for step in path[:-1]:
                inner = inner[step]
            inner[path[-1]] = value
            yield made


def _paths(value: Any, *above: Any) -> Any:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in inside:
        yield (*above, step)
        yield from _paths(each, *above, step)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.sampled_from(ODD[:7])
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))
TYPES = ["text", "image", "audio", "document", "location", "contacts", "interactive", "button", "order", "reaction"]
TYPES += ["system", "edit", "revoke", "unsupported", "sticker", "video", "request_welcome"]
PARTS = st.fixed_dictionaries(
    {"id": st.from_regex(r"\Awamid\.[A-Za-z0-9=]{1,200}\Z") | JSON, "timestamp": st.just("1749416383") | JSON},
    optional={
        "from": st.from_regex(r"\A[0-9]{5,15}\Z") | JSON,
        "from_user_id": st.from_regex(r"\A[A-Z]{2}\.[A-Za-z0-9]{1,128}\Z") | JSON,
        "type": st.sampled_from(TYPES) | JSON,
        "context": JSON,
        "group_id": JSON,
        **{
            kind: st.dictionaries(
                st.sampled_from(
                    ["body", "caption", "filename", "type", "title", "button_reply", "product_items", "text",
                     "latitude", "original_message_id", "message"]
                ),
                JSON,
            )
            | JSON
            for kind in TYPES
        },
    },
)  # fmt: skip
VALUES = st.fixed_dictionaries(
    {"metadata": st.just({"phone_number_id": PHONE}) | JSON},
    optional={
        "messages": st.lists(PARTS, max_size=3) | JSON,
        "contacts": st.lists(st.dictionaries(st.sampled_from(["wa_id", "user_id", "profile"]), JSON), max_size=2)
        | JSON,
        "statuses": st.lists(
            st.dictionaries(st.sampled_from(["id", "status", "biz_opaque_callback_data", "errors"]), JSON), max_size=2
        )
        | JSON,
        "errors": JSON,
    },
)
REQUESTS = st.lists(
    st.fixed_dictionaries(
        {"changes": st.lists(st.fixed_dictionaries({"field": st.just("messages") | JSON, "value": VALUES}), max_size=2)}
    )
    | JSON,
    max_size=3,
).map(lambda entries: {"object": "whatsapp_business_account", "entry": entries})


@bounds(max_examples=BODIES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(body=REQUESTS | JSON)
def test_any_signed_body_is_read_or_refused(body: Any) -> None:
    read(body)


@bounds(
    max_examples=min(BODIES, 60),
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(body=REQUESTS)
def test_any_signed_body_is_stored_or_refused(line: Line, client: Client, body: Any) -> None:
    assert arrive(client, body) in {200, 400}
