"""Each fault of a WhatsApp number provoked at Meta: the probe that fails, its state, and what it says."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pytest_django import Settings

from channels.health import checkup
from channels.models import Connection, Probe
from channels.providers.base import DeliveryError
from channels.providers.shapes.health import History, Move, Result, State, Verb, shown
from channels.providers.shapes.sending import Account
from channels.providers.whatsapp import WhatsApp, wordings
from channels.providers.whatsapp.checking.found import ACCOUNT
from channels.providers.whatsapp.probes import words
from tenants.scope import tenant_scope
from tests.channels.graph import Graph, graph
from tests.channels.serving import served
from tests.channels.whatsapp import NUMBER, PHONE, PROVIDERS, SECRET, TOKEN, open_line
from tests.conftest import Cast

ID = UUID("0190a0a0-0000-7000-8000-000000000001")
WABA = "102290129340398"
ADDRESS = f"http://testserver/webhooks/whatsapp/{ID}/"
THERE: dict[str, Any] = {
    "id": PHONE,
    "verified_name": "Northwind",
    "name_status": "APPROVED",
    "quality_rating": "GREEN",
    "status": "CONNECTED",
    "platform_type": "CLOUD_API",
    "messaging_limit_tier": "TIER_1K",
    "webhook_configuration": {"phone_number": ADDRESS, "application": "https://northwind.example/hook"},
}
GOOD: dict[str, Any] = {
    "is_valid": True, "expires_at": 0, "scopes": ["whatsapp_business_messaging", "whatsapp_business_management"],
}  # fmt: skip
FREE: dict[str, Any] = {"health_status": {"can_send_message": "AVAILABLE", "entities": []}}
ONE = {"data": [{"name": "order_ready", "status": "APPROVED"}]}
APPS = {"data": [{"whatsapp_business_api_data": {"id": "7", "name": "Northwind"}}]}
AT = datetime(2026, 11, 27, 9, tzinfo=UTC)


@pytest.fixture
def meta(settings: Settings) -> Iterator[Graph]:
    settings.CHANNEL_PROVIDERS = PROVIDERS
    settings.WHATSAPP_APP_SECRET = SECRET
    with graph() as made:
        settings.WHATSAPP_GRAPH_URL = made.url
        yield made


def answers(
    number: dict[str, Any] | None = None,
    token: dict[str, Any] | None = None,
    health: dict[str, Any] | None = None,
    templates: dict[str, Any] | None = None,
    apps: dict[str, Any] | None = None,
) -> list[tuple[int, Any]]:
    """What Meta says, in the order in which it is asked; everything else is fine."""
    return [
        (200, {**THERE, **(number or {})}),
        (200, {"data": {**GOOD, **(token or {})}}),
        (200, health or FREE),
        (200, templates or ONE),
        (200, apps or APPS),
    ]


def history(**given: Any) -> History:
    return History(ID, PHONE, **given)


def probes(given: History | None = None) -> dict[str, Result]:
    account = Account(TOKEN, PHONE, NUMBER, {"app_secret": SECRET, ACCOUNT: WABA})
    found = WhatsApp().probes(account, given or history())
    return {each.probe.code.removeprefix("whatsapp.probe_"): each for each in found}


def refusal(code: int, details: str = "Because.") -> tuple[int, Any]:
    return 400, {"error": {"message": "(#0)", "code": code, "error_data": {"details": details}}}


def test_all_pass_where_nothing_is_wrong(meta: Graph) -> None:
    meta.answers = answers()
    found = probes()
    assert {name for name, each in found.items() if each.state is not State.PASSES} == {"channels.probe_round_trip"}
    assert len(found) == 14
    assert [each.path for each in meta.asked] == [
        f"/v26.0/{PHONE}", "/v26.0/debug_token", f"/v26.0/{PHONE}", f"/v26.0/{WABA}/message_templates",
        f"/v26.0/{WABA}/subscribed_apps",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "probe", "state", "move", "verb", "breaks", "seen", "means"),
    [
        (
            {"token": {"expires_at": int(AT.timestamp())}},
            "token", State.WARNS, Move.YOURS, Verb.RECONNECT, True,
            "It expires on 27 November 2026, 09:00.",
            "It is a temporary token. From then on nobody gets an answer here. A system user's token does not expire.",
        ),
        (
            {"token": {"is_valid": False}},
            "token", State.FAILS, Move.YOURS, Verb.RECONNECT, True,
            "Meta does not accept it any more.", "Nobody who writes to this number gets an answer.",
        ),
        (
            {"token": {"scopes": ["whatsapp_business_management"]}},
            "permissions", State.FAILS, Move.YOURS, Verb.RECONNECT, True,
            "The access token lacks whatsapp_business_messaging.",
            "Meta takes no answers from us. Generate a new token, and tick it.",
        ),
        (
            {"token": {"scopes": ["whatsapp_business_messaging"]}},
            "permissions", State.WARNS, Move.YOURS, Verb.RECONNECT, True,
            "The access token lacks whatsapp_business_management.",
            words.CANNOT_MANAGE.words,
        ),
        (
            {"number": {"platform_type": "NOT_APPLICABLE", "status": "PENDING"}},
            "number", State.FAILS, Move.YOURS, Verb.OPEN, True,
            "It is not registered for sending (PENDING).", "Nobody who writes to this number gets an answer.",
        ),
        (
            {"number": {"status": "BANNED"}},
            "number", State.FAILS, Move.YOURS, Verb.OPEN, True,
            "Meta has blocked it (BANNED).", "Nobody who writes to this number gets an answer.",
        ),
        (
            {"number": {"status": "FLAGGED"}},
            "number", State.WARNS, Move.THEIRS, Verb.OPEN, True,
            "Meta limits it for now (FLAGGED).", "Some answers come late, or not at all.",
        ),
        (
            {"number": {"quality_rating": "RED"}},
            "quality", State.WARNS, Move.YOURS, Verb.OPEN, False,
            "Low: many people blocked or reported this number.",
            "Meta may let it write to fewer people. Fewer messages that nobody asked for raise it.",
        ),
        (
            {"number": {"name_status": "PENDING_REVIEW"}},
            "name", State.WAITS, Move.THEIRS, Verb.OPEN, False,
            "“Northwind” is in review.", "Until then people see the number only. Meta usually takes 2 to 5 days.",
        ),
        (
            {"number": {"name_status": "DECLINED"}},
            "name", State.WARNS, Move.YOURS, Verb.OPEN, False,
            "Meta did not approve “Northwind” (DECLINED).", "People see the number only. Choose another name at Meta.",
        ),
        (
            {"health": {"health_status": {"can_send_message": "BLOCKED", "entities": [
                {"entity_type": "WABA", "can_send_message": "BLOCKED", "errors": [
                    {"error_code": 141010, "error_description": "The account is locked."}]}]}}},
            "account", State.FAILS, Move.YOURS, Verb.OPEN, True,
            "Meta has restricted it: The account is locked.", "Nobody who writes to this number gets an answer.",
        ),
        (
            {"health": {"health_status": {"can_send_message": "BLOCKED", "entities": [
                {"entity_type": "BUSINESS", "errors": [
                    {"error_code": 141006, "error_description": "There is no payment method."}]}]}}},
            "payment", State.FAILS, Move.YOURS, Verb.OPEN, True,
            "Meta reports a problem with the payment method: There is no payment method.",
            "Nobody who writes to this number gets an answer.",
        ),
        (
            {"number": {"webhook_configuration": {"application": "https://other.example/"}}},
            "webhook", State.FAILS, Move.YOURS, Verb.SUBSCRIBE, True,
            "Meta sends this number's events to https://other.example/, not to Roster.",
            "Nothing that people write to this number arrives.",
        ),
        (
            {"number": {"webhook_configuration": {}}},
            "webhook", State.FAILS, Move.YOURS, Verb.SUBSCRIBE, True,
            "No address is registered at Meta for this number.", "Nothing that people write to this number arrives.",
        ),
        (
            {"apps": {"data": []}},
            "subscription", State.FAILS, Move.YOURS, Verb.SUBSCRIBE, True,
            "No Meta app gets this account's events.", "Nothing that people write to this number arrives.",
        ),
        (
            {"templates": {"data": [{"name": "offer", "status": "PAUSED"}, {"name": "hello", "status": "REJECTED"}]}},
            "templates", State.WARNS, Move.YOURS, Verb.OPEN, False,
            "Paused, disabled or rejected: offer, hello.",
            "More than 24 hours after they wrote, people cannot be written to with these.",
        ),
    ],
)  # fmt: skip
def test_each_fault_has_its_sentence(
    meta: Graph,
    said: dict[str, Any],
    probe: str,
    state: State,
    move: Move,
    verb: Verb,
    breaks: bool,
    seen: str,
    means: str,
) -> None:
    meta.answers = answers(**said)
    found = probes()[probe]
    assert (found.state, found.move, found.fix.verb, found.breaks) == (state, move, verb, breaks)
    assert (shown(found.seen), shown(found.means)) == (seen, str(means))


@pytest.mark.parametrize(
    ("code", "probe", "seen"),
    [
        (190, "token", "Meta does not accept it any more."),
        (0, "token", "Meta does not accept it any more."),
        (131031, "number", "Meta has blocked it (131031)."),
        (368, "number", "Meta has blocked it (368)."),
        (10, "permissions", "The access token lacks whatsapp_business_messaging."),
    ],
)
def test_a_refusal_is_read_as_what_it_means(meta: Graph, code: int, probe: str, seen: str) -> None:
    meta.answers = [refusal(code)] * 5
    found = probes()[probe]
    assert (found.state, found.breaks, shown(found.seen)) == (State.FAILS, True, seen)


def test_what_meta_cannot_tell_now_is_not_known(meta: Graph) -> None:
    meta.answers = [(503, b"down")]
    found = probes()
    assert (found["answers"].state, found["answers"].move) == (State.WARNS, Move.THEIRS)
    assert found["token"].state is State.UNASKED
    assert len(meta.asked) == 1, "who does not answer is not asked four times more"


def test_meta_s_trouble_and_refused_payments_come_from_what_was_recorded(meta: Graph) -> None:
    reported = {wordings.TROUBLE.code: (AT, wordings.TROUBLE(code="131000", details="Something went wrong."))}
    meta.answers = answers()
    meta.answers[2] = refusal(100)
    found = probes(history(reported=reported, refused={"131042": AT}))
    assert shown(found["reported"].seen) == "Last on 27 November 2026, 09:00: Something went wrong."
    assert (found["payment"].state, found["payment"].breaks) == (State.FAILS, True)
    assert found["account"].state is State.UNASKED


@pytest.mark.parametrize(
    ("code", "probe", "seen"),
    [
        ("131042", "payment", "On 27 November 2026, 09:00 Meta refused a message because of the payment method."),
        ("131045", "number", "It is not registered for sending (131045)."),
        ("131037", "name", "Meta did not approve “Northwind” (131037)."),
    ],
)
def test_what_stops_a_number_counts_until_something_goes_out_again(
    meta: Graph, code: str, probe: str, seen: str
) -> None:
    meta.answers = answers()
    found = probes(history(refused={code: AT}))[probe]
    assert (found.state, found.breaks, shown(found.seen)) == (State.FAILS, True, seen)
    meta.answers = answers()
    assert probes(history(refused={code: AT}, last_sent_at=AT + timedelta(hours=1)))[probe].state is State.PASSES


def test_the_button_registers_our_address_again(meta: Graph) -> None:
    meta.answers = [(200, {"success": True})] * 2
    WhatsApp().mend(Account(TOKEN, PHONE, NUMBER, {"app_secret": SECRET, ACCOUNT: WABA}), history())
    subscribed, told = meta.asked
    assert subscribed.path == f"/v26.0/{WABA}/subscribed_apps"
    assert told.body["webhook_configuration"]["override_callback_uri"] == ADDRESS
    meta.fails(10)
    with pytest.raises(DeliveryError):
        WhatsApp().mend(Account(TOKEN, PHONE, NUMBER, {"app_secret": SECRET}), history())


def test_a_signed_request_really_goes_round(meta: Graph, committed_cast: Cast, settings: Settings) -> None:
    """Through the address that Meta calls: accepted with the right secret, refused with another."""
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    line = open_line(committed_cast.acme, secrets={"app_secret": SECRET, ACCOUNT: WABA})
    with served() as url:
        settings.PUBLIC_URL = url
        for secret, state in ((SECRET, "passes"), ("f" * 32, "fails")):
            with tenant_scope(committed_cast.acme.id):
                Connection.objects.update(secrets=f'{{"token": "{TOKEN}", "app_secret": "{secret}"}}')
            meta.answers = answers()
            checkup.check(committed_cast.acme.id, line.connection.id)
            with tenant_scope(committed_cast.acme.id):
                assert Probe.objects.get(key="channels.probe_round_trip").state == state
