"""What WhatsApp's client asks of the Graph API, over real HTTP, and what follows from each answer."""

import hashlib
import hmac
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import jsonschema
import pytest
import yaml
from pytest_django import Settings

from channels.providers import base
from channels.providers.base import (
    AnotherWayError,
    DeliveryError,
    DeliveryNotNowError,
    DeliveryRefusedError,
    OutcomeUnknownError,
    Progress,
)
from channels.providers.shapes.sending import Account, Outgoing
from channels.providers.whatsapp import WhatsApp, calls
from channels.providers.whatsapp.errors import LATER, REFUSALS, Fault, error_of
from channels.providers.whatsapp.incoming.messages import FROM, TO
from tests.channels.graph import SENT, Graph, graph
from tests.channels.whatsapp import (
    NUMBER,
    PERSON,
    PERSON_ID,
    PHONE,
    PROVIDERS,
    SECRET,
    TOKEN,
    Line,
    just_now,
    open_line,
    status,
)
from tests.channels.whatsapp import payload as payload_of
from tests.conftest import Cast
from tests.environment import NOWHERE

WHATSAPP = WhatsApp()
BOTH = {"from": PHONE, "recipient": PERSON_ID, "to": PERSON}
BY_NUMBER = {"from": PHONE, "to": PERSON}
CONTRACT = "whatsapp-business-messaging-v23.yaml"


@pytest.fixture
def meta(settings: Settings) -> Iterator[Graph]:
    settings.CHANNEL_PROVIDERS, settings.QUIET_SECONDS = PROVIDERS, 0
    settings.WHATSAPP_APP_SECRET = SECRET
    with graph() as made:
        settings.WHATSAPP_GRAPH_URL = made.url
        yield made


def account(**secrets: str) -> Account:
    return Account(TOKEN, PHONE, NUMBER, secrets)


def outgoing(address: dict[str, str] | None = None, text: str = "Yes, in blue.") -> Outgoing:
    return Outgoing(uuid4(), address or BY_NUMBER, text, datetime.now(UTC))


def failure_of(meta: Graph, code: int, status: int = 400) -> DeliveryError:
    meta.fails(code, status)
    with pytest.raises(DeliveryError) as caught:
        WHATSAPP.post(account(), outgoing())
    return caught.value


def proof(secret: str) -> str:
    return hmac.new(secret.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()


def test_a_message_is_sent_once_with_all_that_it_needs(meta: Graph) -> None:
    message = outgoing()
    assert WHATSAPP.post(account(), message) == SENT["messages"][0]["id"]  # type: ignore[index]
    (asked,) = meta.asked
    assert (asked.method, asked.path, asked.token) == ("POST", f"/v26.0/{PHONE}/messages", TOKEN)
    assert asked.query == {"appsecret_proof": proof(SECRET)}
    assert asked.body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": PERSON,
        "type": "text",
        "text": {"body": "Yes, in blue.", "preview_url": False},
        "biz_opaque_callback_data": str(message.delivery_id),
    }


def test_an_id_counts_before_a_number(meta: Graph) -> None:
    WHATSAPP.post(account(), outgoing(BOTH))
    assert meta.asked[0].body["recipient"] == PERSON_ID
    assert "to" not in meta.asked[0].body


def test_where_an_id_is_not_enough_the_number_is_another_way(meta: Graph) -> None:
    meta.fails(131062)
    with pytest.raises(AnotherWayError) as caught:
        WHATSAPP.post(account(), outgoing(BOTH))
    assert caught.value.address == BY_NUMBER
    meta.fails(131062)
    with pytest.raises(DeliveryRefusedError):
        WHATSAPP.post(account(), outgoing({"from": PHONE, "recipient": PERSON_ID}))


def test_an_own_app_proves_its_token_with_its_own_secret(meta: Graph, settings: Settings) -> None:
    WHATSAPP.post(account(app_secret="f" * 32), outgoing())
    assert meta.asked[-1].query == {"appsecret_proof": proof("f" * 32)}
    settings.WHATSAPP_APP_SECRET = ""
    WHATSAPP.post(account(), outgoing())
    assert meta.asked[-1].query == {}


@pytest.mark.parametrize("code", [4, 80007, 130429, 131056, 131048, 131057])
def test_limits_are_waited_for(meta: Graph, code: int) -> None:
    error = failure_of(meta, code)
    assert isinstance(error, DeliveryNotNowError)
    assert error.retry_after == LATER[code]


@pytest.mark.parametrize("code", [1, 2, 131000, 131016, 135000])
def test_their_own_trouble_leaves_it_unknown(meta: Graph, code: int) -> None:
    assert isinstance(failure_of(meta, code), OutcomeUnknownError)


@pytest.mark.parametrize(
    ("code", "breaks"),
    [(0, True), (190, True), (368, True), (131031, True), (131042, True), (131037, True), (131045, True), (10, False)],
)
def test_a_dead_token_or_a_locked_account_breaks_the_connection(meta: Graph, code: int, *, breaks: bool) -> None:
    error = failure_of(meta, code, 401)
    assert isinstance(error, DeliveryRefusedError)
    assert (error.code, error.breaks_connection) == (str(code), breaks)


REFUSED = (
    *(3, 10, 200, 230, 299, 131005, 131064, 130497, 131026, 131047, 131049, 131050, 130472, 131051, 131052, 131053),
    *(131008, 131009, 100, 131021, 131030, 133016, 131062, 132000, 132001, 132005, 132007),
    *(132008, 132012, 132015, 132016, 132068, 138000, 139000, 131020, 131041, 999_999),
)


@pytest.mark.parametrize("code", REFUSED)
def test_what_they_refuse_is_not_tried_again(code: int) -> None:
    error = error_of(Fault(code, "Because.", 400))
    assert isinstance(error, DeliveryRefusedError)
    assert (error.code, error.breaks_connection) == (str(code), False)


@pytest.mark.parametrize("status", [500, 503])
def test_an_unknown_code_beside_a_5xx_leaves_it_unknown(meta: Graph, status: int) -> None:
    assert isinstance(failure_of(meta, 999_999, status), OutcomeUnknownError)


@pytest.mark.parametrize(
    "answer",
    [
        (200, b"<html>"), (200, []), (200, {"messages": []}), (200, {"messages": [{"id": 7}]}), (200, {}),
        (200, b"[" * 100_000), (502, b""), (400, {"error": "no"}), (400, {"error": {"code": True}}), (302, b""),
        (200, b" " * 1_000_001),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_leaves_it_unknown(meta: Graph, answer: tuple[int, Any]) -> None:
    meta.answers.append(answer)
    with pytest.raises(OutcomeUnknownError):
        WHATSAPP.post(account(), outgoing())


def test_too_many_requests_without_a_code_are_waited_for(meta: Graph) -> None:
    meta.answers.append((429, b""))
    with pytest.raises(DeliveryNotNowError):
        WHATSAPP.post(account(), outgoing())


def test_a_refused_connection_sent_nothing(settings: Settings) -> None:
    for url in (f"http://{NOWHERE}", "http://nobody.invalid"):
        settings.WHATSAPP_GRAPH_URL = url
        with pytest.raises(DeliveryNotNowError):
            WHATSAPP.post(account(), outgoing())


def test_a_call_ends_on_time_and_its_outcome_is_unknown(meta: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "CALL_SECONDS", 0.2)
    meta.hangs = 3
    began = time.monotonic()
    with pytest.raises(OutcomeUnknownError):
        WHATSAPP.post(account(), outgoing())
    assert time.monotonic() - began < 2
    assert base.CALL_SECONDS <= 10


def test_a_token_is_verified_without_changing_anything(meta: Graph) -> None:
    meta.answers.append((200, {"id": PHONE}))
    WHATSAPP.verify(account(), 5)
    assert (meta.asked[0].method, meta.asked[0].path) == ("GET", f"/v26.0/{PHONE}")
    meta.fails(190, 401)
    with pytest.raises(DeliveryRefusedError) as caught:
        WHATSAPP.verify(account(), 5)
    assert caught.value.breaks_connection
    meta.fails(4)
    with pytest.raises(DeliveryNotNowError):
        WHATSAPP.verify(account(), 5)


def test_leaving_gives_the_number_s_events_back(meta: Graph) -> None:
    meta.answers.append((200, {"success": True}))
    WHATSAPP.revoke(account())
    assert (meta.asked[0].method, meta.asked[0].path) == ("POST", f"/v26.0/{PHONE}")
    assert meta.asked[0].body == {"webhook_configuration": {"override_callback_uri": ""}}


def test_nobody_is_asked_for_names(meta: Graph) -> None:
    assert WHATSAPP.name_of(account(), PERSON, 1) == PERSON
    assert WHATSAPP.is_person(account(), PERSON)
    assert meta.asked == []


def test_what_is_taken_up_is_marked_as_read_and_typing_is_shown(meta: Graph) -> None:
    for what in Progress.What:
        WHATSAPP.progress(account(), {FROM: PHONE, TO: PERSON}, Progress(what, message_id="wamid.HBg="))
    WHATSAPP.progress(account(), {TO: PERSON}, Progress(Progress.What.WORKING, message_id="wamid.HBg~0123"))
    (marked,) = meta.marked
    assert marked.path == f"/v26.0/{PHONE}/messages"
    assert marked.body == {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": "wamid.HBg=",
        "typing_indicator": {"type": "text"},
    }


def test_a_test_needs_the_person_to_write_first() -> None:
    with pytest.raises(DeliveryRefusedError, match=f"people have to write first.*{NUMBER}"):
        WHATSAPP.start_test(account(), "A test", "Hello?")


def test_what_we_send_is_as_their_description_says(meta: Graph) -> None:
    schema = contract_of("TextMessage")
    WHATSAPP.post(account(), outgoing(text="x" * 4_096))
    jsonschema.validate(meta.asked[0].body, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**meta.asked[0].body, "recipient_type": "everybody"}, schema)
    meta.answers.append((200, {"success": True}))
    WHATSAPP.revoke(account())
    jsonschema.validate(meta.asked[1].body, contract_of("PhoneNumberStatusUpdateRequest"))
    jsonschema.validate(SENT, contract_of("MessageResponsePayload"))


def contract_of(name: str) -> dict[str, Any]:
    """A schema of Meta's description.

    It says in one part of `allOf` that there are no further properties, which are in the other part: that is left out.
    """
    folder = os.environ.get("CONTRACTS_DIR")
    if not folder:
        pytest.skip(f"CONTRACTS_DIR is not set: the folder that holds {CONTRACT}.")
    contract = yaml.load((Path(folder) / CONTRACT).read_text(), yaml.CSafeLoader)
    for part in contract["components"]["schemas"][name].get("allOf", []):
        part.pop("additionalProperties", None)
    return {"components": contract["components"], "$ref": f"#/components/schemas/{name}"}


def test_long_answers_are_split_in_order_in_whatsapps_own_formatting() -> None:
    answer = "\n\n".join(f"# Part {number}\n\n**Bold** and " + "word " * 300 for number in range(10))
    parts = WHATSAPP.split(answer)
    assert len(parts) > 3
    assert all(len(each) <= 4_096 for each in parts)
    together = "\n\n".join(parts)
    assert [together.index(f"*Part {number}*") for number in range(10)] == sorted(
        together.index(f"*Part {number}*") for number in range(10)
    )
    assert "**" not in together
    assert together.count("word") == 3_000


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**a** *b* ~~c~~ `d`", "*a* _b_ ~c~ `d`"),
        ("[our shop](https://a.example)", "our shop (https://a.example)"),
        ("<https://a.example>", "https://a.example"),
        ("[https://a.example](https://b.example)", "https://a.example (https://b.example)"),
        ("![a cat](https://a.example/c.png)", "a cat (https://a.example/c.png)"),
        ("- a\n- b", "- a\n- b"),
        ("```py\nx = 1\n```", "```\nx = 1\n```"),
        ("|a|b|\n|-|-|\n|1|2|", "a | b\n1 | 2"),
        ("", ""),
    ],
)
def test_markdown_becomes_what_whatsapp_shows(markdown: str, shown: str) -> None:
    assert WHATSAPP.split(markdown) == [shown]


@pytest.mark.parametrize(
    ("secret", "token", "state", "text"),
    [
        ("", "", "skipped", "WHATSAPP_APP_SECRET is not set: each workspace brings its own Meta app."),
        ("x", "", "problem", "WHATSAPP_VERIFY_TOKEN is not set: set both, or neither."),
        ("", "x", "problem", "WHATSAPP_APP_SECRET is not set: set both, or neither."),
        ("x", "x", "ok", "its app secret and verify token are set."),
    ],
)
def test_the_doctor_looks_at_the_platforms_app(
    settings: Settings, secret: str, token: str, state: str, text: str
) -> None:
    settings.WHATSAPP_APP_SECRET, settings.WHATSAPP_VERIFY_TOKEN = secret, token
    (finding,) = WHATSAPP.check()
    assert (finding.state.value, finding.text) == (state, text)


def test_every_refusal_has_words_that_need_nothing() -> None:
    assert all("%(" not in str(words) for words in REFUSALS.values())


@pytest.fixture
def line(meta: Graph, committed_cast: Cast) -> Line:
    return open_line(committed_cast.acme)


def test_a_question_is_answered_at_once_and_its_status_comes_back(line: Line, meta: Graph) -> None:
    line.send(payload_of("audio", from_user_id=PERSON_ID, timestamp=just_now()))
    line.work()
    (asked,) = meta.asked
    delivery = line.last_delivery()
    assert (asked.body["recipient"], line.deliveries()) == (PERSON_ID, ["sent"])
    assert UUID(asked.body["biz_opaque_callback_data"]) == delivery.id
    line.send(status(delivery.id, "read"))
    line.send(status(delivery.id, "delivered"))
    assert line.last_delivery().delivered_at
    line.send(status(delivery.id, "failed"))
    assert line.deliveries() == ["sent"], "what was read did not fail"


def test_a_closed_window_is_seen_later_and_says_what_to_do(line: Line) -> None:
    line.send(payload_of("audio", timestamp=just_now()))
    line.work()
    line.send(status(line.last_delivery().id, "failed"))
    delivery = line.last_delivery()
    assert (delivery.state, delivery.cause) == ("failed", "refused:131047")
    assert "more than 24 hours have passed" in str(delivery.error)
    assert "takes only a template now, or nothing until they write again" in str(REFUSALS["131047"])


def test_what_is_in_doubt_is_never_sent_again_by_itself(line: Line, meta: Graph) -> None:
    meta.fails(131000, 500)
    line.send(payload_of("audio", timestamp=just_now()))
    line.work()
    assert line.deliveries() == ["unknown"]
    line.work()
    assert len(meta.asked) == 1
    line.send(status(line.last_delivery().id, "delivered"))
    assert line.deliveries() == ["sent"]
    assert len(meta.asked) == 1
