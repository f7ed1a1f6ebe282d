"""pywa, a client that others wrote, against the sandbox WhatsApp: what it calls, and what it is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pywa import WhatsApp
from pywa.errors import ReEngagementMessage, WhatsAppError
from pywa.types import Message, MessageStatus, PhoneNumberChange
from pywa.types.message_status import MessageStatusType
from pywa.types.templates import TemplateLanguage

from tests.sandbox.conftest import Sandbox, poll


class Client:
    """pywa with the token of a number of its own."""

    def __init__(self, sandbox: Sandbox, session: httpx.Client) -> None:
        self.sandbox = sandbox
        self.number = self.order("numbers", name="Bloom Bakery")
        self.phone = self.number["phone_id"]
        account = self.number["account_id"]
        self.pywa = WhatsApp(self.phone, self.number["tokens"]["permanent"], session=session, waba_id=account)
        session.base_url = f"{sandbox.url}/whatsapp/graph/v26.0"

    def order(self, path: str, **body: Any) -> dict[str, Any]:
        return self.sandbox.control(f"/whatsapp/control/{path}", **body)

    def person(self, shows: str) -> dict[str, Any]:
        people = self.sandbox.http.get("/whatsapp/control/people").json()["people"]
        found: dict[str, Any] = next(each for each in people if each["shows"] == shows)
        return found

    def says(self, shows: str, text: str = "Hello?") -> str:
        return str(self.order("messages", number=self.phone, person=self.person(shows)["key"], text=text)["id"])

    def webhooks(self) -> list[dict[str, Any]]:
        answer = self.sandbox.http.get("/whatsapp/control/webhooks", params={"number": self.phone})
        return [each["payload"] for each in answer.json()["webhooks"]]


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    sandbox.control("/whatsapp/control/reset")
    with httpx.Client(timeout=10) as session:
        yield Client(sandbox, session)


def value_of(payload: dict[str, Any]) -> dict[str, Any]:
    value: dict[str, Any] = payload["entry"][0]["changes"][0]["value"]
    return value


def test_it_reads_a_number_its_account_and_its_templates(client: Client) -> None:
    number = client.pywa.get_business_phone_number()
    assert (number.id, number.display_phone_number) == (client.phone, client.number["number"])
    assert client.pywa.get_business_account().id == client.number["account_id"]
    assert {each.name for each in client.pywa.get_templates()} >= {"hello_world", "order_ready"}
    assert client.pywa.update_business_profile(about="We bake.").success
    assert client.pywa.get_business_profile().about == "We bake."
    assert client.pywa.register_phone_number("123456").success


def test_it_sends_and_hears_what_became_of_it(client: Client) -> None:
    said = client.says("both")
    assert client.pywa.mark_message_as_read(said).success
    assert client.pywa.indicate_typing(said).success
    sent = client.pywa.send_message(client.person("both")["wa_id"], "Yes.", tracker="ours")
    poll(lambda: len([each for each in client.webhooks() if "statuses" in value_of(each)]) >= 2)
    told = [MessageStatus.from_update(client.pywa, each) for each in client.webhooks() if "statuses" in value_of(each)]
    assert {each.id for each in told} == {sent.id}
    assert [each.status for each in told][:2] == [MessageStatusType.SENT, MessageStatusType.DELIVERED]
    assert all((each.tracker, each.pricing is not None) == ("ours", True) for each in told)
    heard = Message.from_update(client.pywa, next(each for each in client.webhooks() if "messages" in value_of(each)))
    assert (heard.id, heard.text, heard.from_user.wa_id) == (said, "Hello?", client.person("both")["wa_id"])


def test_it_writes_to_who_hides_the_number(client: Client) -> None:
    client.says("id")
    person = client.person("id")
    heard = Message.from_update(client.pywa, client.webhooks()[0])
    assert (heard.from_user.bsuid, heard.from_user.wa_id) == (person["user_id"], None)
    assert client.pywa.send_message(person["user_id"], "Yes.").chat.id == person["user_id"]


def test_it_sends_a_template(client: Client) -> None:
    said = client.pywa.send_template(client.person("both")["wa_id"], "hello_world", TemplateLanguage.ENGLISH_US, [])
    assert said.id.startswith("wamid.")


def test_it_fetches_a_file(client: Client) -> None:
    key = client.person("both")["key"]
    order = {"number": client.phone, "person": key, "kind": "image", "mime_type": "image/png", "base64": "iVBORw=="}
    made = client.order("files", **order)
    url = client.pywa.get_media_url(made["media_id"])
    assert (url.mime_type, int(url.file_size)) == ("image/png", 4)
    assert client.pywa.get_media_bytes(url.url) == b"\x89PNG"


def test_it_is_told_of_a_new_number(client: Client) -> None:
    made = client.order("people", name="Eve")
    client.order("messages", number=client.phone, person=made["key"], text="Hello?")
    after = client.order("change-number", number=client.phone, person=made["key"])
    change = PhoneNumberChange.from_update(client.pywa, client.webhooks()[-1])
    assert (change.old_wa_id, change.new_wa_id) == (made["wa_id"], after["wa_id"])


def test_it_knows_our_errors(client: Client) -> None:
    client.order("faults", method="messages", kind="error", answer=131047)
    with pytest.raises(ReEngagementMessage):
        client.pywa.send_message(client.person("both")["wa_id"], "Late.")
    client.order("numbers/" + client.phone + "/revoke")
    with pytest.raises(WhatsAppError) as caught:
        client.pywa.get_business_phone_number()
    assert caught.value.code == 190


@pytest.mark.parametrize("shape", ["number", "failed"])
def test_it_cannot_read_what_is_legal_too(client: Client, shape: str) -> None:
    """Known of pywa 4.5: a message with the number only, and a failed status without contacts."""
    client.says("number")
    if shape == "failed":
        client.order("age", number=client.phone, person=client.person("number")["key"], seconds=100_000)
        client.pywa.send_message(client.person("number")["wa_id"], "Late.")
        poll(lambda: any("statuses" in value_of(each) for each in client.webhooks()))
        payload = next(each for each in client.webhooks() if "statuses" in value_of(each))
        assert value_of(payload)["statuses"][0]["errors"][0]["code"] == 131047
    read = Message if shape == "number" else MessageStatus
    with pytest.raises(KeyError):
        read.from_update(client.pywa, client.webhooks()[0] if shape == "number" else payload)
