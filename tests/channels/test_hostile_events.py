"""The webhook answers any body signed by Slack with 200 or 400, never 500. HOSTILE_BODIES: how many are made."""

import contextlib
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.models import InboxEvent
from channels.providers.base import Inbound
from channels.providers.shapes.webhooks import MalformedError, Webhook
from channels.providers.slack import Slack
from channels.providers.slack.incoming import events
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories, working
from tests.channels.slack import BOT, TEAM, arrive, payload, signed
from tests.conftest import Cast

BODIES = int(os.environ.get("HOSTILE_BODIES", "80"))
ODD: list[Any] = [
    None, {}, [], {"id": "U1"}, [[None]], -1, 1e300, 10**400, True, "", "x" * 100_000, "a\x00b", "\udfff\ud800",
    "99999999999.999999", "\u0663.\u0661", {"\ud800": "\x00"}, {"bot": [{}]}, [{"type": []}],
]  # fmt: skip
INNER = [
    "type", "subtype", "channel", "channel_type", "user", "bot_id", "app_id", "bot_profile", "client_msg_id", "text",
    "blocks", "attachments", "files", "ts", "thread_ts", "event_ts", "tokens", "hidden", "message", "previous_message",
]  # fmt: skip
OUTER = [
    "type", "team_id", "context_team_id", "api_app_id", "event_id", "event_time", "challenge", "authorizations",
    "authed_teams", "authed_users", "event", "is_ext_shared_channel", "token",
]  # fmt: skip


@pytest.fixture
def acme(committed_cast: Cast) -> Tenant:
    with tenant_scope(committed_cast.acme.id):
        factories.make_agent()
        factories.make_connection(TEAM, bot_user_id=BOT)
    return committed_cast.acme


def answered(client: Client, body: dict[str, Any] | bytes) -> int:
    status: int = arrive(client, body).status_code
    assert status in {200, 400, 401}
    return status


STORED: list[Any] = [None, {}, [[None]], "x" * 100_000, "a\x00b", "\udfff\ud800", "99999999999.999999"]
"""Payloads with fields that reach the database; the others are only parsed."""


def tampered(name: str, values: list[Any]) -> Iterator[dict[str, Any]]:
    """Variants of the payload: each field missing once, and once with each of these values."""
    for number, (field, is_outer) in enumerate([*((each, True) for each in OUTER), *((each, False) for each in INNER)]):
        for place, value in enumerate([*values, "missing"]):
            made = payload(name, _event_id=f"Ev{number}x{place}", ts=f"1355{number:03}{place:03}.000001")
            part = made if is_outer else made["event"]
            part[field] = value
            if value == "missing":
                del part[field]
            yield made


def test_no_field_value_causes_a_server_error(acme: Tenant, client: Client) -> None:
    statuses = [answered(client, body) for body in tampered("message_im", STORED)]
    working.hear_everywhere()
    assert {200, 400} == set(statuses)
    with tenant_scope(acme.id):
        assert InboxEvent.objects.count() > 150, "valid events are stored"


@pytest.mark.parametrize("name", ["message_im", "app_mention"])
def test_each_field_value_is_read_or_refused(name: str) -> None:
    read = [_read(json.dumps(body).encode()) for body in tampered(name, ODD)]
    assert {True, False} == set(read)


def _read(body: bytes) -> bool:
    try:
        envelope = events.read_envelope(body)
        event = events.read_event(envelope, body, BOT)
    except events.MalformedEventError:
        return False
    assert all(each.isascii() for each in (event.account, event.event_id))
    assert all(each.isascii() for each in envelope.accounts)
    return True


def test_a_direct_message_whose_user_is_an_object_is_stored(acme: Tenant, client: Client) -> None:
    assert answered(client, payload("message_im", user={"id": "U1"})) == 200
    with tenant_scope(acme.id):
        assert InboxEvent.objects.get().state == "ignored"


def nested(depth: int) -> bytes:
    whole = json.dumps(payload("message_im", blocks="HERE")).encode()
    return whole.replace(b'"HERE"', b'[{"type":"x","elements":' * depth + b"[]" + b"}]" * depth)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (nested(40), 200),
        (nested(20_000), 400),
        (json.dumps(payload("message_im", text="x" * 1_000_000)).encode(), 200),
        (json.dumps(payload("message_im", blocks=[{"type": "x", "title": "y" * 50}] * 10_000)).encode(), 200),
        (json.dumps(payload("message_im")).encode().replace(b'"user"', b'"user": {}, "user"'), 200),
        (json.dumps(payload("message_im", hidden=float("nan"))).encode(), 400),
        (json.dumps(payload("message_im", type="a_kind_of_next_year")).encode(), 200),
        (json.dumps(payload("message_im")).encode("utf-16"), 401),
        (b"\xef\xbb\xbf" + json.dumps(payload("message_im")).encode(), 400),
        (json.dumps({**payload("message_im"), "n": 1}).encode().replace(b'"n": 1', b'"n": ' + b"9" * 5_000), 400),
        (b'{"type": "url_verification", "challenge": {"a": 1}}', 200),
        (b'{"type": "something_new"}', 200),
        (b"\xff\xfe", 401),
    ],
    ids=[
        "nested", "nested too deeply", "a million letters", "many blocks", "a key twice", "no number", "new type",
        "UTF-16", "a byte order mark", "a number of 5,000 digits", "challenge", "new envelope", "no text",
    ],
)  # fmt: skip
def test_no_body_causes_a_server_error(acme: Tenant, client: Client, body: bytes, status: int) -> None:
    assert answered(client, body) == status


def test_a_far_future_does_not_reach_the_conversation(acme: Tenant, client: Client) -> None:
    assert answered(client, payload("message_im", ts="99999999999.000001")) == 200
    working.hear_everywhere()
    with tenant_scope(acme.id):
        turn = InboxEvent.objects.get().turn
        assert turn
        assert turn.said_at.year < 3000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=8), inside, max_size=4),
    max_leaves=20,
)
KINDS = st.sampled_from([
    "rich_text", "rich_text_section", "rich_text_list", "section", "context", "markdown", "table", "image", "text",
    "link", "user", "new",
])  # fmt: skip
PIECES = st.recursive(
    st.fixed_dictionaries({"type": KINDS | JSON, "text": JSON}, optional={"url": JSON, "user_id": JSON, "title": JSON}),
    lambda inside: st.fixed_dictionaries(
        {"type": KINDS},
        optional={
            "elements": st.lists(inside | JSON, max_size=3),
            "rows": st.lists(st.lists(inside, max_size=2), max_size=2) | JSON,
            "fields": st.lists(inside, max_size=2) | JSON,
            "indent": JSON,
            "offset": JSON,
            "message": inside,
            "blocks": st.lists(inside, max_size=2),
            "files": st.lists(inside, max_size=2) | JSON,
        },
    ),
    max_leaves=10,
)
PARTS = st.fixed_dictionaries(
    {},
    optional={
        "text": st.text(max_size=50) | JSON,
        "blocks": st.lists(PIECES, max_size=3) | JSON,
        "attachments": st.lists(PIECES, max_size=3) | JSON,
        "files": st.lists(st.dictionaries(st.sampled_from(["name", "mode", "mimetype", "preview"]), JSON)) | JSON,
        "subtype": st.sampled_from([None, "file_share", "huddle_thread", "document_mention"]) | JSON,
        "bot_profile": JSON,
        "user": st.just("U1") | JSON,
    },
)


@settings(max_examples=BODIES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(parts=PARTS)
def test_any_message_content_is_read_or_refused(parts: dict[str, Any]) -> None:
    body = json.dumps(payload("message_im", **parts)).encode()
    if _read(body):
        message = events.read_event(events.read_envelope(body), body, BOT).message
        assert message is None or (message.text.strip() and "\x00" not in message.text)


WHOLE = payload("message_im")
BODIES_OF_ANY_KIND = JSON | st.builds(
    lambda outer, inner, parts: WHOLE | outer | {"event": WHOLE["event"] | inner | parts},
    st.dictionaries(st.sampled_from(OUTER), JSON, max_size=3),
    st.dictionaries(st.sampled_from(INNER), JSON, max_size=3),
    PARTS,
)


@settings(max_examples=BODIES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(body=BODIES_OF_ANY_KIND)
def test_any_signed_body_is_read_or_refused(body: Any) -> None:
    raw = json.dumps(body).encode()
    with contextlib.suppress(MalformedError):
        for item in Slack().receive(Webhook("POST", raw, signed(raw))):
            if isinstance(item, Inbound):
                event = item.read(BOT)
                assert len(event.event_id) <= 120
                assert event.message is None or "\x00" not in event.message.text
