"""Templates: which can be sent, what the person gets, and that it is sent once, also after the 24 hours."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from agents.models import Conversation, Turn
from channels.models import Delivery
from channels.providers.base import AnotherWayError, DeliveryRefusedError
from channels.providers.shapes import openers
from channels.providers.shapes.openers import Blank, Filled
from channels.providers.shapes.sending import Account
from channels.providers.whatsapp import WhatsApp
from channels.web.outreach import preview
from tenants.models import AuditEvent, Role
from tenants.scope import tenant_scope
from tests import working
from tests.billing.people import Member, colleague, member
from tests.channels.graph import Graph, graph
from tests.channels.test_whatsapp_client import BOTH, outgoing
from tests.channels.whatsapp import NUMBER, PERSON, PHONE, PROVIDERS, SECRET, TOKEN, Line, just_now, open_line, payload
from tests.conftest import Cast

WABA = "102290129340398"
DAY = 24 * 60 * 60
BODY = {"type": "BODY", "text": "Hello {{first_name}}, order {{number}} is ready."}
READY = {"name": "order_ready", "language": "en", "status": "APPROVED", "category": "UTILITY"}
NAMED = {**READY, "parameter_format": "NAMED", "components": [BODY]}
HI = {"type": "BODY", "text": "Hi {{2}}, {{1}}!", "example": {"body_text": [["welcome", "Ada"]]}}
IMAGE = {"type": "HEADER", "format": "IMAGE"}
LINK = {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Track", "url": "https://example.com/{{1}}"}]}
REPLY = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Yes"}]}
ACCOUNT = Account(TOKEN, PHONE, NUMBER, {"account_id": WABA})


@pytest.fixture
def meta(settings: Settings) -> Iterator[Graph]:
    settings.CHANNEL_PROVIDERS, settings.QUIET_SECONDS, settings.WHATSAPP_APP_SECRET = PROVIDERS, 0, SECRET
    with graph() as made:
        settings.WHATSAPP_GRAPH_URL = made.url
        yield made


@pytest.fixture
def line(meta: Graph, committed_cast: Cast) -> Line:
    """Somebody wrote two days ago, and got nothing."""
    found = open_line(committed_cast.acme, secrets={"account_id": WABA})
    found.send(payload("audio", timestamp=just_now(2 * DAY), id="wamid.1"))
    found.work()
    return found


@pytest.fixture
def alice(line: Line, committed_cast: Cast) -> Member:
    return member(committed_cast.alice, line.tenant)


def path_of(line: Line, more: str = "template/") -> str:
    with tenant_scope(line.tenant.id):
        return f"conversations/{Conversation.objects.get().id}/{more}"


def lists(meta: Graph, *templates: Any) -> None:
    meta.answers.append((200, {"data": list(templates), "paging": {}}))


def previewed(line: Line, meta: Graph, alice: Member, **values: str) -> str:
    """The page with what the person gets."""
    lists(meta, NAMED)
    filled = {"body-first_name": "Ada", "body-number": "1042", **values}
    answer = alice.post(f"{path_of(line)}?name=order_ready&language=en", **filled)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def seal_in(page: str) -> str:
    found = re.search(r'name="seal" value="([^"]+)"', page)
    assert found
    return found[1]


def press_send(line: Line, meta: Graph, alice: Member, times: int = 1) -> None:
    seal = seal_in(previewed(line, meta, alice))
    for _time in range(times):
        assert alice.post(path_of(line), seal=seal).status_code == 302
    with tenant_scope(line.tenant.id):
        thread_id = Delivery.objects.latest("created_at").thread_id
    meta.asked.clear()
    working.send_due(line.tenant.id, thread_id)


@pytest.mark.parametrize(
    ("changed", "state", "problem"),
    [
        ({}, "Approved", ""),
        ({"status": "PENDING"}, "Meta has not approved it yet", ""),
        ({"status": "PAUSED"}, "Meta paused it because of its quality", ""),
        ({"status": "NEW_STATE"}, "Meta says: NEW_STATE", ""),
        ({"components": [BODY, REPLY]}, "Approved", ""),
        ({"components": [IMAGE, BODY]}, "Approved", "begins with a picture"),
        ({"components": [BODY, LINK]}, "Approved", "one of its buttons"),
        ({"components": [BODY, {"type": "CAROUSEL"}]}, "Approved", "parts other than text"),
        ({"components": []}, "Approved", "parts other than text"),
        ({"category": "AUTHENTICATION"}, "Approved", "one-time codes"),
    ],
)
def test_what_can_be_sent(meta: Graph, changed: dict[str, Any], state: str, problem: str) -> None:
    lists(meta, {**NAMED, **changed})
    (found,) = WhatsApp().templates(ACCOUNT)
    assert (found.state, found.can_be_sent) == (state, state == "Approved" and not problem)
    assert problem in found.problem
    assert meta.asked[0].path.endswith(f"/{WABA}/message_templates")


def test_without_the_account_s_id_nobody_is_asked(meta: Graph) -> None:
    with pytest.raises(DeliveryRefusedError) as caught:
        WhatsApp().templates(Account(TOKEN, PHONE, NUMBER))
    assert (caught.value.code, meta.asked) == ("no_account", [])


def test_numbered_blanks_are_in_the_order_of_their_numbers(meta: Graph) -> None:
    lists(meta, {**READY, "parameter_format": "POSITIONAL", "components": [HI]})
    (found,) = WhatsApp().templates(ACCOUNT)
    assert list(found.body_blanks) == [Blank("1", "welcome"), Blank("2", "Ada")]


@pytest.mark.parametrize(
    ("text", "blanks", "filled"),
    [
        ("Hi {{1}} and {{ 2 }}.", ["1", "2"], "Hi {{2}} and b."),
        ("{{1}}{{1}}", ["1"], "{{2}}{{2}}"),
        ("Set {{}} and {{a b}} and {{1", [], "Set {{}} and {{a b}} and {{1"),
        ("", [], ""),
    ],
)
def test_blanks_are_filled_once(text: str, blanks: list[str], filled: str) -> None:
    assert openers.blanks_in(text) == blanks
    assert openers.fill(text, {"1": "{{2}}", "2": "b"}) == filled


@pytest.mark.parametrize(
    ("filled", "components"),
    [
        (Filled("a", "en"), None),
        (
            Filled("a", "en", body={"1": "x", "2": "y"}),
            [{"type": "body", "parameters": [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]}],
        ),
        (
            Filled("a", "en", is_named=True, header={"h": "x"}),
            [{"type": "header", "parameters": [{"type": "text", "parameter_name": "h", "text": "x"}]}],
        ),
    ],
)
def test_what_meta_gets(meta: Graph, filled: Filled, components: Any) -> None:
    address = {"from": PHONE, "to": PERSON, openers.KEY: filled.as_json()}
    assert openers.of(address) == filled
    message = outgoing(address)
    WhatsApp().post(ACCOUNT, type(message)(**{**vars(message), "template": filled}))
    body = meta.asked[0].body
    assert (body["type"], body["to"], body["biz_opaque_callback_data"]) == (
        "template",
        PERSON,
        str(message.delivery_id),
    )
    assert "text" not in body
    wanted = {"name": "a", "language": {"code": "en"}, **({"components": components} if components else {})}
    assert body["template"] == wanted


def test_it_stays_a_template_where_the_number_is_needed(meta: Graph) -> None:
    meta.fails(131062)
    address = {**BOTH, openers.KEY: Filled("a", "en").as_json()}
    with pytest.raises(AnotherWayError) as caught:
        WhatsApp().post(ACCOUNT, outgoing(address))
    assert openers.of(caught.value.address) == Filled("a", "en")
    assert "recipient" not in caught.value.address


def test_it_is_sent_after_the_window_closed_and_once(line: Line, meta: Graph, alice: Member) -> None:
    press_send(line, meta, alice, times=2)
    (asked,) = meta.asked
    named = [("first_name", "Ada"), ("number", "1042")]
    values = [{"type": "text", "parameter_name": name, "text": value} for name, value in named]
    assert asked.body["template"]["components"] == [{"type": "body", "parameters": values}]
    assert line.last_delivery().state == "sent"
    with tenant_scope(line.tenant.id):
        turn = Turn.objects.latest("said_at")
        assert (turn.text, turn.speaker) == ("Hello Ada, order 1042 is ready.", "employee")
        (entry,) = AuditEvent.objects.filter(action="conversation.template_sent")
        assert entry.actor_id == alice.user.id
    assert "Hello Ada, order 1042 is ready." in alice.read(path_of(line, ""))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (132000, "do not fit the template's blanks"),
        (132001, "no such template in this language"),
        (132005, "the template is too long"),
        (132007, "breaks WhatsApp's rules"),
        (132008, "the form that the template needs"),
        (132012, "the form that the template needs"),
        (132015, "Meta paused the template"),
        (132016, "Meta disabled the template"),
    ],
)
def test_a_refusal_has_words_for_members(meta: Graph, code: int, words: str) -> None:
    assert words in str(WhatsApp.refusals[str(code)])
    assert str(code) in WhatsApp.personal, "it says nothing of the number"


def test_a_refusal_names_the_template(line: Line, meta: Graph, alice: Member) -> None:
    seal = seal_in(previewed(line, meta, alice))
    alice.post(path_of(line), seal=seal)
    meta.fails(132015)
    with tenant_scope(line.tenant.id):
        thread_id = Delivery.objects.latest("created_at").thread_id
    working.send_due(line.tenant.id, thread_id)
    assert line.last_delivery().state == "failed"
    page = unescape(alice.read(path_of(line, "")))
    assert "Meta paused the template because of its quality" in page
    assert "The template is order_ready (en)." in page


def test_what_became_of_it_is_unclear_and_it_is_not_sent_again(line: Line, meta: Graph, alice: Member) -> None:
    seal = seal_in(previewed(line, meta, alice))
    alice.post(path_of(line), seal=seal)
    meta.fails(131000, 500)
    with tenant_scope(line.tenant.id):
        thread_id = Delivery.objects.latest("created_at").thread_id
    meta.asked.clear()
    working.send_due(line.tenant.id, thread_id)
    working.send_due(line.tenant.id, thread_id)
    assert (line.last_delivery().state, len(meta.asked)) == ("unknown", 1)


def test_the_page_lists_them_and_the_conversation_leads_there(line: Line, meta: Graph, alice: Member) -> None:
    lists(
        meta,
        NAMED,
        {**NAMED, "name": "late", "status": "REJECTED"},
        {**NAMED, "name": "pic", "components": [IMAGE, BODY]},
    )
    page = unescape(alice.read(path_of(line)))
    assert page.count(">Choose<") == 1
    assert "Meta rejected it" in page
    assert "begins with a picture" in page
    assert "Send a template" in alice.read(path_of(line, ""))


@pytest.mark.parametrize(("code", "status"), [(2, 500), (100, 400), (190, 401)])
def test_meta_down_is_a_sentence(line: Line, meta: Graph, alice: Member, code: int, status: int) -> None:
    meta.fails(code, status)
    page = alice.read(path_of(line))
    assert "No template can be sent right now" in page


def test_a_blank_that_is_empty_is_named_and_nothing_can_be_sent(line: Line, meta: Graph, alice: Member) -> None:
    page = previewed(line, meta, alice, **{"body-number": "  "})
    assert "nobody gets a message with a blank" in page
    assert 'name="seal"' not in page


def test_values_are_one_line_and_the_preview_shows_them(line: Line, meta: Graph, alice: Member) -> None:
    page = previewed(line, meta, alice, **{"body-first_name": "Ada\n   <b>Lovelace</b>"})
    assert "Hello Ada <b>Lovelace</b>, order 1042 is ready." in page


def test_a_preview_counts_for_one_member_and_conversation(settings: Settings) -> None:
    here, user, filled = uuid4(), uuid4(), Filled("a", "en", body={"1": "x"})
    seal = preview.sealed(here, user, filled, "Hi x.")
    ready = preview.opened(seal, here, user)
    assert ready
    assert (ready.filled, ready.words) == (filled, "Hi x.")
    assert preview.opened(seal, uuid4(), user) is None
    assert preview.opened(seal, here, uuid4()) is None
    assert preview.opened(f"{seal}x", here, user) is None


def test_a_forged_preview_sends_nothing(line: Line, meta: Graph, alice: Member) -> None:
    before = len(line.deliveries())
    assert alice.post(path_of(line), seal="forged").status_code == 302
    assert len(line.deliveries()) == before


def test_a_viewer_may_not_and_sees_no_link(line: Line, meta: Graph) -> None:
    viewer = colleague(line.tenant, Role.VIEWER)
    assert viewer.get(path_of(line)).status_code == 403
    assert "Send a template" not in viewer.read(path_of(line, ""))


def test_elsewhere_there_is_no_such_page(line: Line, meta: Graph, alice: Member) -> None:
    with tenant_scope(line.tenant.id):
        Conversation.objects.update(channel="slack")
    assert alice.get(path_of(line)).status_code == 404


def test_a_lost_channel_is_a_sentence(line: Line, meta: Graph, alice: Member) -> None:
    with tenant_scope(line.tenant.id):
        type(line.connection).objects.update(state="disconnected")
    meta.asked.clear()
    assert "Nobody can be written to here" in alice.read(path_of(line))
    assert meta.asked == []
