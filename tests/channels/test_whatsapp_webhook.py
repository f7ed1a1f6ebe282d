"""WhatsApp's webhook: signatures, the question for an address, batches, and what each type of message becomes."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from pytest_django import Settings

from channels.models import InboxEvent
from channels.providers.base import Deletion, Edit, Inbound, InboundEvent
from channels.providers.shapes.webhooks import Challenge, DeliveryUpdate, MalformedError, UnverifiedError, Webhook
from channels.providers.whatsapp import WhatsApp
from channels.providers.whatsapp.credentials import verify_token_of
from tenants.scope import tenant_scope
from tests.channels.whatsapp import (
    PERSON,
    PERSON_ID,
    PHONE,
    PROVIDERS,
    SECRET,
    Line,
    arrive,
    of,
    open_line,
    payload,
    signature,
    status,
    together,
    value_of,
)
from tests.conftest import Cast

VERIFY = "said by Meta"
WHATSAPP = WhatsApp()
DELIVERY = "0192a1b2-0000-7000-8000-000000000000"


@pytest.fixture(autouse=True)
def _app(settings: Settings) -> None:
    settings.CHANNEL_PROVIDERS = PROVIDERS
    settings.WHATSAPP_APP_SECRET = SECRET
    settings.WHATSAPP_VERIFY_TOKEN = VERIFY


@pytest.fixture
def line(committed_cast: Cast) -> Line:
    return open_line(committed_cast.acme)


def received(body: Any, **fields: Any) -> list[Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"X-Hub-Signature-256": signature(raw)}
    return list(WHATSAPP.receive(Webhook("POST", raw, headers, **fields)))


def event_of(name: str, **message: Any) -> InboundEvent:
    (item,) = received(payload(name, **message))
    assert isinstance(item, Inbound)
    assert item.accounts == (PHONE,)
    return item.read("")


def said(name: str, **message: Any) -> tuple[str, bool]:
    """The text of a message, and whether it can be read."""
    found = event_of(name, **message).message
    assert found
    return found.text, found.is_readable


def test_a_message_is_stored_heard_and_its_author_has_a_name(line: Line) -> None:
    assert line.send(payload("text")) == 200
    assert line.events() == [("text", "pending")]
    assert line.texts() == ["Does it come in another color?"]
    assert line.people() == [(PERSON, "Sheena Nelson")]


def test_the_same_message_four_times_is_one(line: Line) -> None:
    assert [line.send(payload("text")) for _ in range(4)] == [200] * 4
    assert line.events() == [("text", "pending")]


@pytest.mark.parametrize("given", ["", "sha256=00", "sha1=00", signature(b"{}", "another secret"), signature(b"{ }")])
def test_a_bad_signature_is_refused_and_nothing_is_stored(line: Line, client: Client, given: str) -> None:
    assert arrive(client, payload("text"), signature=given) == 401
    assert line.events() == []


def test_without_an_app_secret_everything_is_refused(line: Line, client: Client, settings: Settings) -> None:
    settings.WHATSAPP_APP_SECRET = ""
    assert arrive(client, payload("text"), signature=signature(json.dumps(payload("text")).encode(), "")) == 401
    assert line.events() == []


def test_the_address_is_proven_by_the_verify_token_only(client: Client) -> None:
    asked = {"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "1158201444"}
    proven = client.get("/webhooks/whatsapp", asked)
    assert (proven.status_code, proven.content) == (200, b"1158201444")
    for wrong in ({"hub.mode": "unsubscribe"}, {"hub.verify_token": "guessed"}, {"hub.verify_token": ""}):
        assert client.get("/webhooks/whatsapp", asked | wrong).status_code == 403
    assert client.get("/webhooks/whatsapp").status_code == 403


def test_without_a_verify_token_no_address_is_proven(client: Client, settings: Settings) -> None:
    settings.WHATSAPP_VERIFY_TOKEN = ""
    asked = {"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "1"}
    assert client.get("/webhooks/whatsapp", asked).status_code == 403


def test_an_own_app_proves_and_signs_for_its_own_number_only(committed_cast: Cast, client: Client) -> None:
    own = {"app_secret": "f" * 32}
    line = open_line(committed_cast.acme, secrets=own)
    url = f"/webhooks/whatsapp/{line.connection.id}/"
    token = verify_token_of(own)
    assert token not in {"", VERIFY, own["app_secret"]}
    asked = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "7"}
    assert client.get(url, asked).content == b"7"
    assert client.get("/webhooks/whatsapp", asked).status_code == 403
    body = payload("text")
    raw = json.dumps(body).encode()
    assert arrive(client, body, url) == 401, "the platform's secret does not count there"
    assert arrive(client, body, url, signature=signature(raw, own["app_secret"])) == 200
    assert line.events() == [("text", "received")]
    theirs = open_line(committed_cast.globex, "555")
    raw = json.dumps(of("555", body)).encode()
    assert arrive(client, raw, url, signature=signature(raw, own["app_secret"])) == 200
    assert theirs.events() == []


def test_every_entry_change_and_message_of_a_batch_is_taken(line: Line, committed_cast: Cast) -> None:
    other = open_line(committed_cast.globex, "555")
    batch = together(payload("text"), of("555", payload("image")), payload("location", id="wamid.second"))
    value_of(batch)["messages"].append({**value_of(batch)["messages"][0], "id": "wamid.third"})
    assert line.send(batch) == 200
    assert [kind for kind, _state in line.events()] == ["text", "text", "location"]
    assert [kind for kind, _state in other.events()] == ["image"]


@pytest.mark.parametrize(
    "broken",
    [
        {"entry": [None, "x", {"changes": "x"}, {"id": "1", "changes": [7, {"field": "messages", "value": []}]}]},
        of(PHONE, payload("text", id=None)),
        of(PHONE, payload("text", timestamp="noon")),
        of(PHONE, payload("revoke", revoke={})),
    ],
    ids=["odd", "without an id", "without a time", "of nothing"],
)
def test_a_broken_entry_loses_none_of_the_others(line: Line, broken: dict[str, Any]) -> None:
    assert line.send(payload("text"), broken, payload("text", id="wamid.2", timestamp="1749416384")) == 200
    assert line.events() == [("text", "pending")] * 2


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"entry": 1}', b"\xff", b"[" * 100_000, b'{"entry": [NaN]}'])
def test_a_body_that_is_none_is_refused(client: Client, body: bytes) -> None:
    assert arrive(client, body) == 400


def test_an_unknown_number_is_nobodys(line: Line) -> None:
    assert line.send(of("999", payload("text"))) == 200
    assert line.events() == []


NOTES = {
    "image": ("[The person sent a picture. You cannot see it.]\nTaj Mahal", True),
    "video": ("[The person sent a video. You cannot watch it.]", False),
    "sticker": ("[The person sent a sticker. You cannot see it.]", False),
    "audio": ("[The person sent a voice message. You cannot listen to it.]", False),
    "document": ("[The person sent the file “receipt.pdf”. You cannot open it.]\nIs this the right one?", True),
    "location": (
        (
            "[The person shared a location: Philz Coffee; 101 Forest Ave, Palo Alto, CA 94301; "
            "https://philzcoffee.com/; 37.44221496582, -122.16165924072]"
        ),
        True,
    ),
    "contacts": ("[The person shared a contact: Lucía Gómez; Google; +1 (983) 555-2319]", True),
    "button": ("Unsubscribe", True),
    "list_reply": ("Priority Mail Express (Next Day to 2 Days)", True),
    "button_reply": ("Cancel", True),
    "order": ("[The person sent an order: 2 x di9ozbzfi4 at 30 USD; 1 x nqryix03ez at 25 USD]", True),
    "text_about_product": ("[About the product “di9ozbzfi4” of your catalog:]\nIs this still available?", True),
    "text_from_ad": (
        (
            "[The person comes from your ad “Chat with us: Summer Succulents are here!”:]\n"
            "Hello! Can I get more info on this?"
        ),
        True,
    ),
    "unsupported": (
        "[The person sent something that WhatsApp does not pass on, such as a poll or an edit.]",
        False,
    ),
    "request_welcome": (
        "[The person opened this chat for the first time and has not written anything yet.]",
        True,
    ),
}


@pytest.mark.parametrize("name", NOTES)
def test_each_type_says_what_can_be_read_and_what_cannot(name: str) -> None:
    assert said(name) == NOTES[name]


def test_other_types_and_empty_messages_say_so() -> None:
    text = "[The person sent a message of the type “hologram”, which you cannot read.]"
    assert said("text", type="hologram") == (text, False)
    assert said("text", text={"body": " \x00 "}) == ("[The person sent something without any words.]", False)
    assert said("text", text={"body": "\ud83d hi"}) == ("? hi", True)
    assert said("text", context={"forwarded": True})[0].startswith("[The person forwarded this message:]\nDoes")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("reaction", "A reaction to a message: nobody expects an answer."),
        ("group", "Written in a WhatsApp group, where employees do not answer."),
        ("user_changed_number", "WhatsApp's own note that somebody's number or id changed: nobody wrote it."),
        ("user_changed_user_id", "WhatsApp's own note that somebody's number or id changed: nobody wrote it."),
        ("standby", "Meta's own agent has this conversation, and answers it."),
        ("smb_message_echoes", "A copy of what the business itself wrote."),
        ("group_create", "Not a message."),
        (
            "errors",
            (
                "WhatsApp reports trouble of its own (code 130429): Message failed to send because there were too many "
                "messages sent from this phone number in a short period of time"
            ),
        ),
    ],
)
def test_what_nobody_answers_is_stored_with_its_reason(line: Line, name: str, why: str) -> None:
    assert [line.send(payload(name)), line.send(payload(name))] == [200, 200]
    assert [state for _kind, state in line.events()] == ["ignored"]
    with tenant_scope(line.tenant.id):
        event = InboxEvent.objects.get()
    assert (str(event.reason), event.payload) == (why, "")


def test_what_is_for_no_number_is_passed_over(line: Line) -> None:
    assert line.send(payload("template_paused")) == 200
    assert line.events() == []


@pytest.mark.parametrize(
    ("name", "key", "address"),
    [
        ("text", PERSON, {"from": PHONE, "to": PERSON}),
        ("text_both_ids", PERSON_ID, {"from": PHONE, "recipient": PERSON_ID, "to": PERSON}),
        ("text_username_only", PERSON_ID, {"from": PHONE, "recipient": PERSON_ID}),
    ],
)
def test_a_person_is_known_by_the_business_scoped_id_first(name: str, key: str, address: dict[str, str]) -> None:
    message = event_of(name).message
    assert message
    assert (message.author, list(message.thread_ids), message.place) == (key, [key], key)
    assert (message.author_name, message.address) == ("Sheena Nelson", address)


def test_somebody_who_hides_the_number_goes_on_in_the_same_conversation(line: Line) -> None:
    line.send(payload("text_both_ids"))
    line.send(payload("text_username_only", id="wamid.2", timestamp="1749416384"))
    assert (line.threads(), line.people()) == ([PERSON_ID], [(PERSON_ID, "Sheena Nelson")])


def test_somebody_without_any_id_cannot_be_answered() -> None:
    body = payload("text")
    del value_of(body)["messages"][0]["from"]
    value_of(body)["contacts"] = []
    (item,) = received(body)
    with pytest.raises(MalformedError):
        item.read("")


def test_long_ids_fit_and_stay_apart() -> None:
    first, second = (event_of("text", from_user_id=f"US.{'1' * 127}{last}").message for last in "ab")
    assert first
    assert second
    assert len(first.author) == len(second.author) == 120
    assert first.author != second.author
    assert first.address["recipient"].endswith("a"), "the provider gets the whole id"


def test_of_several_contacts_the_author_counts() -> None:
    body = payload("text")
    value_of(body)["contacts"].insert(0, {"profile": {"name": "Somebody else"}, "wa_id": "1"})
    (item,) = received(body)
    assert item.read("").message.author_name == "Sheena Nelson"


def test_an_edit_replaces_what_is_not_answered_yet(line: Line) -> None:
    line.send(payload("text"))
    line.send(payload("edit"))
    assert line.texts() == ["Does it come in blue?"]


def test_an_edit_that_comes_first_is_the_message(line: Line) -> None:
    line.send(payload("edit"))
    line.send(payload("text"))
    assert line.texts() == ["Does it come in blue?"]


def test_what_is_taken_back_is_not_answered(line: Line) -> None:
    line.send(payload("text"))
    line.send(payload("revoke"))
    assert line.events() == [("text", "ignored"), ("revoke", "ignored")]
    line.send(payload("text", id="wamid.other", timestamp="1749416999"))
    assert line.events()[-1] == ("text", "pending")


def test_corrections_name_their_message() -> None:
    edit, revoke = event_of("edit").correction, event_of("revoke").correction
    original = value_of(payload("text"))["messages"][0]["id"]
    assert isinstance(edit, Edit)
    assert isinstance(revoke, Deletion)
    assert (edit.key, revoke.key) == (original, original)
    again = WHATSAPP.read(edit.payload, "")
    assert again == edit.message


def test_a_stored_message_reads_as_it_did() -> None:
    for path in Path(__file__).parents[1].joinpath("payloads", "whatsapp").glob("*.json"):
        for item in received(json.loads(path.read_text())):
            event = item.read("") if isinstance(item, Inbound) else None
            if event and event.message:
                assert WHATSAPP.read(event.payload, "") == event.message, path.stem


@pytest.mark.parametrize(
    ("state", "becomes"),
    [("sent", "sent"), ("delivered", "delivered"), ("read", "read"), ("played", "read"), ("failed", "failed")],
)
def test_statuses_say_what_became_of_a_delivery(state: str, becomes: str) -> None:
    (update,) = received(status(DELIVERY, state))
    assert isinstance(update, DeliveryUpdate)
    assert (str(update.delivery_id), update.state, update.accounts) == (DELIVERY, becomes, (PHONE,))
    assert update.external_id.startswith("wamid.")
    assert update.code == ("131047" if state == "failed" else "")


@pytest.mark.parametrize(
    "fields", [{"biz_opaque_callback_data": "theirs"}, {"biz_opaque_callback_data": None}, {"status": "warning"}]
)
def test_statuses_of_somebody_elses_messages_are_passed_over(fields: dict[str, Any]) -> None:
    body = payload("status")
    value_of(body)["statuses"][0].update(fields)
    assert received(body) == []


def test_a_failed_status_without_any_person_or_error_is_read() -> None:
    body = status(DELIVERY, "failed")
    del value_of(body)["statuses"][0]["recipient_id"]
    value_of(body)["statuses"][0]["errors"] = [7]
    (update,) = received(body)
    assert (update.state, update.code) == ("failed", "")


def test_meta_s_own_examples_are_all_read() -> None:
    folder = os.environ.get("CONTRACTS_DIR")
    if not folder:
        pytest.skip("CONTRACTS_DIR is not set: the folder that holds whatsapp-business-messaging-v23.yaml.")
    contract = yaml.load((Path(folder) / "whatsapp-business-messaging-v23.yaml").read_text(), yaml.CSafeLoader)
    operation = contract["paths"]["/whatsapp/webhooks"]["post"]["requestBody"]["content"]["application/json"]
    bodies = {name: each["value"] for name, each in operation["examples"].items()}
    read = {name: [item.read("") for item in received(body)] for name, body in bodies.items()}
    assert len(read) == 16
    assert all(len(events) == 1 for events in read.values())
    answered = [name for name, (event,) in read.items() if event.message]
    assert len(answered) == 11, "all but the reaction, the system message and three about groups"


def test_challenge_and_refusal_without_the_web() -> None:
    (challenge,) = WHATSAPP.receive(
        Webhook("GET", b"", {}, {"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "x"})
    )
    assert challenge == Challenge("x")
    with pytest.raises(UnverifiedError):
        WHATSAPP.receive(Webhook("POST", b"{}", {"X-Hub-Signature-256": signature(b"{}")}, secrets={}))


def changed(name: str, **system: Any) -> dict[str, Any]:
    body = payload(name)
    value_of(body)["messages"][0]["system"].update(system)
    return body


def test_a_new_id_takes_the_conversation_along_and_nobody_answers(line: Line) -> None:
    line.send(payload("text_both_ids"))
    assert line.send(payload("user_changed_user_id")) == 200
    new = "US.99999999999999999999"
    assert (line.threads(), line.people()) == ([new], [(new, "Sheena Nelson")])
    line.send(payload("text_username_only", id="wamid.2", timestamp="1749416999", from_user_id=new))
    assert line.threads() == [new]
    assert line.events() == [("text", "pending"), ("system", "ignored"), ("text", "pending")]
    assert [line.send(payload("user_changed_user_id")) for _ in range(2)] == [200, 200]
    assert line.threads() == [new]


def test_a_new_number_takes_the_conversation_along(line: Line) -> None:
    line.send(payload("text"))
    line.send(payload("user_changed_number"))
    assert (line.threads(), line.people()) == (["12195555358"], [("12195555358", "Sheena Nelson")])


def test_a_new_number_with_a_new_id_counts_as_the_id(line: Line) -> None:
    line.send(payload("text_both_ids"))
    line.send(changed("user_changed_number", user_id="US.2", previous_user_id=PERSON_ID))
    assert (line.threads(), line.people()) == (["US.2"], [("US.2", "Sheena Nelson")])


def test_whoever_wrote_under_the_new_id_before_keeps_both_conversations(line: Line) -> None:
    line.send(payload("text"))
    line.send(payload("text", id="wamid.2", **{"from": "12195555358"}))
    line.send(payload("user_changed_number"))
    assert line.threads() == [PERSON, "12195555358"]


def test_somebody_who_is_known_by_number_only_is_linked_by_the_first_message_with_both(line: Line) -> None:
    line.send(payload("text"))
    line.send(payload("text_both_ids", id="wamid.2", timestamp="1749416999"))
    line.send(payload("text_username_only", id="wamid.3", timestamp="1749417000"))
    assert (line.threads(), line.people()) == ([PERSON_ID], [(PERSON_ID, "Sheena Nelson")])
    with tenant_scope(line.tenant.id):
        events = InboxEvent.objects.select_related("turn")
        assert {event.author for event in events} == {PERSON_ID}, "whoever is erased is erased from all of them"
        assert len({event.turn.person_id for event in events if event.turn}) == 1


def test_a_change_that_names_nobody_changes_nobody(line: Line) -> None:
    line.send(payload("text"))
    line.send(changed("user_changed_number", wa_id="7" * 40), changed("user_changed_user_id", user_id=None))
    assert line.threads() == [PERSON]


def test_another_workspace_s_people_stay(line: Line, committed_cast: Cast) -> None:
    other = open_line(committed_cast.globex, "555")
    line.send(payload("text"), of("555", payload("text")))
    line.send(payload("user_changed_number"))
    assert (line.threads(), other.threads()) == (["12195555358"], [PERSON])
