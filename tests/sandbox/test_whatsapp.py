"""The sandbox WhatsApp, judged by Meta's own OpenAPI description where that knows what is said."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import jsonschema
import pytest
import yaml
from pytest_django import Settings

from channels.providers.media import FileTooLargeError
from channels.providers.shapes.files import InboundFile
from channels.providers.shapes.openers import Filled
from channels.providers.shapes.sending import Account, Outgoing
from channels.providers.whatsapp import WhatsApp
from tests.sandbox.conftest import Sandbox, poll
from tests.sandbox.receiver import Receiver

VERSION = "v26.0"


@cache
def contract() -> dict[str, Any]:
    folder = os.environ.get("CONTRACTS_DIR")
    if not folder:
        pytest.skip("CONTRACTS_DIR is not set: it has Meta's OpenAPI description.")
    read: dict[str, Any] = yaml.load(
        (Path(folder) / "whatsapp-business-messaging-v23.yaml").read_text(), yaml.CSafeLoader
    )
    return read


def judged(name: str, value: Any) -> Any:
    """The value, valid as the contract's schema of this name."""
    schema = {"components": contract()["components"], "$ref": f"#/components/schemas/{name}"}
    jsonschema.validate(value, schema)
    return value


class Meta:
    """A business's own server, and what Meta tells it."""

    def __init__(self, sandbox: Sandbox, receiver: Receiver) -> None:
        self.sandbox, self.receiver = sandbox, receiver
        self.number = self.order("numbers", name="Bloom Bakery")
        self.phone, self.token = self.number["phone_id"], self.number["tokens"]["permanent"]

    def order(self, path: str, **body: Any) -> dict[str, Any]:
        return self.sandbox.control(f"/whatsapp/control/{path}", **body)

    def call(self, method: str, path: str, *, token: str | None = None, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        url = f"/whatsapp/graph/{VERSION}/{path}"
        return self.sandbox.http.request(method, url, headers=headers, **more)

    def listen(self) -> None:
        """Register the receiver's address."""
        assert self.call("POST", f"{self.number['account_id']}/subscribed_apps", json={}).json() == {"success": True}
        self.order(f"numbers/{self.phone}", callback_url=self.receiver.url)

    def send(self, **message: Any) -> Any:
        body = {"messaging_product": "whatsapp", "type": "text", "text": {"body": "Hello"}} | message
        return self.call("POST", f"{self.phone}/messages", json=body)

    def person(self, key: str) -> dict[str, Any]:
        people = self.sandbox.http.get("/whatsapp/control/people").json()["people"]
        found: dict[str, Any] = next(each for each in people if each["key"] == key)
        return found

    def say(self, person: str = "sam", text: str = "Hi") -> str:
        return str(self.order("messages", number=self.phone, person=person, text=text)["id"])

    def told(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The value of the first webhook that is wanted; its signature is right."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            for each in list(self.receiver.received.queue):
                digest = hmac.new(self.number["app_secret"].encode(), each.body, hashlib.sha256).hexdigest()
                value = each.json["entry"][0]["changes"][0]["value"]
                if each.headers.get("x-hub-signature-256") == f"sha256={digest}" and wanted(value):
                    found.append(value)
            return bool(found)

        poll(look)
        return found[0]


@pytest.fixture
def meta(sandbox: Sandbox, receiver: Receiver) -> Meta:
    return Meta(sandbox, receiver)


def status_of(wamid: str, status: str) -> Callable[[dict[str, Any]], bool]:
    return lambda value: any(each["id"] == wamid and each["status"] == status for each in value.get("statuses", []))


def test_a_number_is_as_meta_describes_it(meta: Meta) -> None:
    fields = "id,display_phone_number,verified_name,quality_rating,status"
    found = judged("PhoneNumberInfo", meta.call("GET", meta.phone, params={"fields": fields}).json())
    assert found["verified_name"] == "Bloom Bakery"
    assert found["status"] == "CONNECTED"


@pytest.mark.parametrize(
    ("token", "code", "status"), [("EAAwrong", 190, 401), ("may_not_send", 200, 403)], ids=["unknown", "no permission"]
)
def test_a_token_that_may_not_is_refused_as_meta_does(meta: Meta, token: str, code: int, status: int) -> None:
    answer = meta.call("POST", f"{meta.phone}/messages", token=meta.number["tokens"].get(token, token), json={})
    assert answer.status_code == status
    assert judged("GraphAPIError", answer.json())["error"]["code"] == code


def test_tokens_tell_what_they_may_and_until_when(meta: Meta) -> None:
    facts = {
        name: meta.call("GET", "debug_token", token=token, params={"input_token": token}).json()["data"]
        for name, token in meta.number["tokens"].items()
    }
    assert facts["permanent"]["expires_at"] == 0
    assert facts["temporary"]["expires_at"] > time.time()
    assert "whatsapp_business_messaging" not in facts["may_not_send"]["scopes"]
    assert all(each["is_valid"] for each in facts.values())


def test_a_wrong_proof_of_the_app_secret_is_refused(meta: Meta) -> None:
    right = hmac.new(meta.number["app_secret"].encode(), meta.token.encode(), hashlib.sha256).hexdigest()
    assert meta.call("GET", meta.phone, params={"appsecret_proof": right}).status_code == 200
    wrong = meta.call("GET", meta.phone, params={"appsecret_proof": "0" * 64})
    assert "appsecret_proof" in wrong.json()["error"]["message"]


def test_an_address_is_asked_before_it_is_taken(meta: Meta) -> None:
    told = {"webhook_configuration": {"override_callback_uri": "http://127.0.0.1:9/", "verify_token": "x"}}
    assert meta.call("POST", meta.phone, json=told).json()["error"]["code"] == 2200


@pytest.mark.parametrize(
    ("key", "shown"),
    [("nora", {"from"}), ("sam", {"from", "from_user_id"}), ("kim", {"from_user_id"})],
    ids=["number only", "both", "id and username only"],
)
def test_what_a_person_shows_is_what_a_webhook_says(meta: Meta, key: str, shown: set[str]) -> None:
    meta.listen()
    wamid = meta.say(key)
    value = meta.told(lambda value: any(each["id"] == wamid for each in value.get("messages", [])))
    message, contact = value["messages"][0], value["contacts"][0]
    assert {"from", "from_user_id"} & set(message) == shown
    assert ("username" in contact["profile"]) == (key == "kim")
    assert set(contact) - {"profile"} == {{"from": "wa_id", "from_user_id": "user_id"}[each] for each in shown}
    assert value["metadata"]["phone_number_id"] == meta.phone


def test_an_answer_is_sent_delivered_and_read(meta: Meta) -> None:
    meta.listen()
    wamid = meta.say()
    body = {
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": wamid,
        "typing_indicator": {"type": "text"},
    }
    assert meta.call("POST", f"{meta.phone}/messages", json=body).json() == {"success": True}
    sent = judged(
        "MessageResponsePayload", meta.send(to=meta.person("sam")["wa_id"], biz_opaque_callback_data="d1").json()
    )
    answer = sent["messages"][0]["id"]
    status = meta.told(status_of(answer, "sent"))["statuses"][0]
    assert status["biz_opaque_callback_data"] == "d1"
    assert status["pricing"]["category"] == "service"
    meta.told(status_of(answer, "delivered"))
    meta.order("read", number=meta.phone, person="sam")
    meta.told(status_of(answer, "read"))


def test_who_hides_the_number_is_answered_by_the_id(meta: Meta) -> None:
    meta.listen()
    meta.say("kim")
    kim = meta.person("kim")
    assert meta.send(to=kim["wa_id"]).json()["error"]["code"] == 131026
    sent = meta.send(recipient=kim["user_id"]).json()
    assert sent["contacts"] == [{"input": kim["user_id"], "user_id": kim["user_id"]}]
    status = meta.told(status_of(sent["messages"][0]["id"], "sent"))["statuses"][0]
    assert "recipient_id" not in status
    assert status["recipient_user_id"] == kim["user_id"]


def test_after_a_day_only_a_template_arrives(meta: Meta) -> None:
    meta.listen()
    meta.say()
    meta.order("age", number=meta.phone, person="sam", seconds=90_000)
    number = meta.person("sam")["wa_id"]
    late = meta.send(to=number).json()["messages"][0]["id"]
    failed = meta.told(status_of(late, "failed"))["statuses"][0]
    assert failed["errors"][0]["code"] == 131047
    template = {"name": "hello_world", "language": {"code": "en_US"}}
    fine = meta.send(to=number, type="template", template=template).json()["messages"][0]["id"]
    assert meta.told(status_of(fine, "sent"))["statuses"][0]["pricing"]["category"] == "utility"


def test_a_templates_parameters_are_checked(meta: Meta) -> None:
    number = meta.person("sam")["wa_id"]
    template: dict[str, Any] = {"name": "order_ready", "language": {"code": "en"}}
    assert meta.send(to=number, type="template", template=template).json()["error"]["code"] == 132000
    parameters = [
        {"type": "text", "parameter_name": "first_name", "text": "Sam"},
        {"type": "text", "parameter_name": "order_number", "text": "7"},
    ]
    filled = template | {"components": [{"type": "body", "parameters": parameters}]}
    assert meta.send(to=number, type="template", template=filled).status_code == 200
    meta.order("templates", number=meta.phone, name="order_ready", status="PAUSED")
    assert meta.send(to=number, type="template", template=filled).json()["error"]["code"] == 132015


def test_a_template_is_listed_and_sent_as_roster_does_it(meta: Meta, settings: Settings) -> None:
    settings.WHATSAPP_GRAPH_URL = f"{meta.sandbox.url}/whatsapp/graph"
    account = Account(meta.token, meta.phone, secrets={"account_id": meta.number["account_id"]})
    listed = {each.name: each for each in WhatsApp().templates(account)}
    assert all(each.can_be_sent for each in listed.values())
    assert [each.name for each in listed["order_ready"].body_blanks] == ["first_name", "order_number"]
    named = Filled("order_ready", "en", is_named=True, body={"first_name": "Sam", "order_number": "7"})
    numbered = Filled("still_interested", "en", body={"1": "Sam", "2": "it"})
    address = {"from": meta.phone, "to": meta.person("sam")["wa_id"]}
    for filled in (named, numbered, Filled("hello_world", "en_US")):
        message = Outgoing(uuid4(), address, "Words.", datetime.now(UTC), template=filled)
        assert WhatsApp().post(account, message)


def test_whoever_changes_the_number_moves(meta: Meta) -> None:
    meta.listen()
    before = meta.person("maja")
    after = meta.order("change-number", number=meta.phone, person="maja")
    value = meta.told(lambda value: value.get("messages", [{}])[0].get("type") == "system")
    assert "contacts" not in value
    system = value["messages"][0]["system"]
    assert system["type"] == "user_changed_number"
    assert (system["wa_id"], value["messages"][0]["from"]) == (after["wa_id"], before["wa_id"])


def test_a_file_is_fetched_from_the_media_host_only_with_the_token(meta: Meta) -> None:
    meta.listen()
    order = {"kind": "image", "mime_type": "image/png", "base64": "iVBORw0KGgo=", "caption": "Our oven"}
    sent = meta.order("files", number=meta.phone, person="sam", **order)
    told = meta.call("GET", sent["media_id"]).json()
    assert told["file_size"] == 8
    headers = {"Authorization": f"Bearer {meta.token}"}
    content = meta.sandbox.http.get(told["url"], headers=headers).content
    assert told["sha256"] == hashlib.sha256(content).hexdigest()
    assert meta.sandbox.http.get(told["url"]).status_code == 401
    other = Meta(meta.sandbox, meta.receiver)
    assert other.call("GET", sent["media_id"]).json()["error"]["code"] == 100


def test_our_client_fetches_a_file(meta: Meta, settings: Settings) -> None:
    site = str(meta.sandbox.http.base_url).rstrip("/")
    settings.WHATSAPP_GRAPH_URL, settings.WHATSAPP_MEDIA_URL = f"{site}/whatsapp/graph", f"{site}/whatsapp/media/"
    told = {"kind": "document", "mime_type": "application/pdf", "filename": "menu.pdf"}
    content = b"%PDF-1.7 a menu"
    sent = meta.order("files", number=meta.phone, person="sam", base64=base64.b64encode(content).decode(), **told)
    file = InboundFile(sent["media_id"])
    assert b"".join(WhatsApp().fetch(Account(meta.token), file, 1_000)) == content
    with pytest.raises(FileTooLargeError):
        next(WhatsApp().fetch(Account(meta.token), file, 3))


def test_a_webhook_is_sent_again_until_it_is_taken(meta: Meta) -> None:
    meta.listen()
    meta.receiver.answers[:] = [(500, {})]
    wamid = meta.say()
    poll(lambda: sum(wamid.encode() in each.body for each in list(meta.receiver.received.queue)) == 2)


@pytest.mark.parametrize(("kind", "code"), [("error", 131056), ("503", 2)])
def test_a_planned_fault_is_answered_as_meta_does(meta: Meta, kind: str, code: int) -> None:
    meta.order("faults", method="messages", kind=kind, answer=131056, account=meta.phone)
    assert judged("GraphAPIError", meta.send(to="1").json())["error"]["code"] == code


def test_the_phone_page_is_a_chat(meta: Meta) -> None:
    meta.listen()
    query = {"number": meta.phone, "person": "sam"}
    form = meta.sandbox.http.post("/whatsapp/send", params=query, data={"text": "Are you <open>?"})
    assert form.status_code == 303
    shown = meta.sandbox.http.get("/whatsapp/", params=query).text
    assert "Are you &lt;open&gt;?" in shown
    assert meta.token in shown
    link = f"/whatsapp/chat/{meta.number['number'].replace('+', '').replace(' ', '')}"
    followed = meta.sandbox.http.get(link, params={"text": "Hello Rosa"}, follow_redirects=True)
    assert ">Hello Rosa</textarea>" in followed.text
