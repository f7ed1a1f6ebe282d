"""A web chat: connected in one click, written in by anybody who has its address, answered as everywhere."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from agents.models import Person, Turn
from channels.connections import health
from channels.connections.connect import connect
from channels.models import Connection, Delivery, InboxEvent
from channels.privacy import erasure
from channels.providers import hosting
from channels.providers.registry import provider_named
from channels.providers.webchat import opening, outgoing
from channels.reasons import Cause
from channels.web.chat import news, posting, visitors
from tenants.http import throttling
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import factories, working
from tests.conftest import Cast

OURS = "http://testserver"


@pytest.fixture(autouse=True)
def _unlimited(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """No Redis here, and nobody rings a worker."""
    monkeypatch.setattr(throttling, "take", lambda caller, policies: [])
    monkeypatch.setattr(posting, "ring", lambda task, delay=0.0: None)
    settings.PUBLIC_URL = OURS


def opened(tenant: Tenant) -> Connection:
    with tenant_scope(tenant.id):
        connection_id = uuid4()
        installed = opening.install({}, connection_id, lambda *_account: None)
        return connect(type(installed)(**{**vars(installed), "connection_id": connection_id}))


class Chat:
    """A browser with a workspace's chat open."""

    def __init__(self, tenant: Tenant, connection: Connection) -> None:
        self.tenant, self.connection = tenant, connection
        self.browser = Client(raise_request_exception=False)
        self.url = f"/chat/{connection.external_id}/"

    def see(self) -> str:
        return self.browser.get(self.url).content.decode()

    def form(self) -> dict[str, str]:
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', self.see()))

    def write(self, text: str, origin: str | None = OURS, **fields: Any) -> HttpResponse:
        headers = {"Origin": origin} if origin else {}
        return self.browser.post(self.url, {**self.form(), "text": text, **fields}, headers=headers)  # type: ignore[return-value]

    def reply(self, text: str) -> None:
        """What an employee says, without asking an LLM: the answer is stored, and nothing more."""
        working.hear(self.tenant.id)
        with tenant_scope(self.tenant.id):
            event = InboxEvent.objects.latest("id")
            assert event.thread
            assert event.turn
            turn = Turn.objects.create(
                conversation=event.turn.conversation, speaker=Turn.Speaker.EMPLOYEE, author="Maya", text=text
            )
            Delivery.objects.create(thread=event.thread, turn=turn, sequence=0, text=text, address={})
            event.state = InboxEvent.State.DONE
            event.save()

    def events(self) -> list[InboxEvent]:
        with tenant_scope(self.tenant.id):
            return list(InboxEvent.objects.order_by("id"))


@pytest.fixture
def chat(committed_cast: Cast) -> Chat:
    with tenant_scope(committed_cast.acme.id):
        factories.make_agent()
    return Chat(committed_cast.acme, opened(committed_cast.acme))


def test_nobody_gets_a_cookie_before_the_first_message(chat: Chat) -> None:
    page = chat.see()
    assert "Hello, I am Maya, the AI employee at" in page
    assert not chat.browser.cookies

    sent = chat.write("Are you open on Sunday?")
    assert (sent.status_code, sent["Location"]) == (303, f"{chat.url}#message")
    cookie = chat.browser.cookies[visitors.COOKIE]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"], len(cookie.value)) == (chat.url, True, "Lax", 32)
    assert "Are you open on Sunday?" in chat.see()
    assert "Maya is thinking…" in chat.see()
    (event,) = chat.events()
    assert (event.state, event.provider, cookie.value in event.payload) == ("received", "webchat", False)


def test_a_message_sent_twice_is_one_message_of_one_visitor(chat: Chat) -> None:
    form = chat.form()
    for browser in (Client(), Client()):  # a double click: neither has the cookie yet
        sent = browser.post(chat.url, {**form, "text": "Hello?"}, headers={"Origin": OURS})
        assert sent.status_code == 303
        assert browser.cookies[visitors.COOKIE].value == form["visitor"]
    assert len(chat.events()) == 1


def test_an_answer_is_shown_once_it_is_stored_and_to_its_visitor_alone(chat: Chat) -> None:
    chat.write("Where are you?")
    chat.reply("Here: https://bloom.example/map <b>!</b>")
    page, other = chat.see(), Chat(chat.tenant, chat.connection)
    other.write("And me?")

    assert page.count("Here: ") == 1
    assert '<a target="_blank" href="https://bloom.example/map" rel="nofollow">' in page
    assert "&lt;b&gt;!&lt;/b&gt;" in page
    assert "AI employee</span>" in page
    assert "is thinking" not in chat.browser.get(f"{chat.url}talk/").content.decode()
    assert "Here: " not in other.see()
    assert "Where are you?" not in other.see()


def test_visitors_are_people_like_all_others(chat: Chat) -> None:
    chat.write("My name is a secret.")
    chat.reply("As you like.")
    visitor = chat.events()[0].author
    with tenant_scope(chat.tenant.id):
        person = Person.objects.get()
        assert person.name == f"Visitor {visitor[:4].upper()}"
        contact = person.contacts.get()
    erasure.erase_person(chat.tenant.id, contact.id)
    page = chat.see()
    assert "secret" not in page
    assert "As you like" not in page
    assert [(event.payload, event.author) for event in chat.events()] == [("", "")]


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        (" \r\n ", 400, "Write a message first."),
        ("x" * 4_001, 400, "This message has 4,001 characters. Send at most 4,000 at once."),
    ],
)
def test_what_cannot_be_sent_says_why_and_keeps_its_words(chat: Chat, text: str, status: int, words: str) -> None:
    refused = chat.write(text)
    page = refused.content.decode()
    assert (refused.status_code, chat.events()) == (status, [])
    assert words in page
    assert text.strip() in page
    assert "Send again" in page
    assert visitors.COOKIE not in chat.browser.cookies


def test_too_many_messages_wait_with_their_words(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    full = throttling.Level(left=0, full_in=60, wait=7)
    monkeypatch.setattr(throttling, "take", lambda caller, policies: [full])
    refused = chat.write("Hello?")
    assert (refused.status_code, refused["Retry-After"]) == (429, "7")
    assert "Send this one again in 7 seconds." in refused.content.decode()
    assert ">Hello?</textarea>" in refused.content.decode()
    assert chat.events() == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": OURS}, 303),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({}, 303),
    ],
)
def test_no_other_site_writes_here(chat: Chat, headers: dict[str, str], status: int) -> None:
    sent = chat.browser.post(chat.url, {**chat.form(), "text": "Hello?"}, headers=headers)
    assert (sent.status_code, len(chat.events())) == (status, int(status == 303))


def test_a_chat_that_is_off_is_closed_and_has_its_address_again_when_it_is_on(chat: Chat, committed_cast: Cast) -> None:
    alice = Client()
    alice.force_login(committed_cast.alice)
    chat.write("Hello?")
    with tenant_scope(chat.tenant.id):
        health.disconnect(Connection.objects.get(), health.IN_THE_PORTAL(), Cause.DISCONNECTED)
    closed = chat.browser.get(chat.url)
    assert closed.status_code == 404
    assert chat.browser.post(chat.url, {"text": "Hello?"}).status_code == 404

    again = alice.post(reverse("workspace:install", args=[chat.tenant.slug, "webchat"]))
    assert again.status_code == 302
    assert "Hello?" in chat.see()
    with tenant_scope(chat.tenant.id):
        assert Connection.objects.get().state == "active"


def test_a_test_message_is_answered_as_a_visitor_of_its_own(chat: Chat) -> None:
    message = provider_named("webchat").start_test(None, "Test message", "Who are you?")  # type: ignore[arg-type]
    assert (message.text, message.author_name, message.place) == ("Who are you?", "Test message", message.author)


def test_an_answer_is_plain_text_whose_links_show_where_they_lead() -> None:
    markdown = "# Cakes\n\n**Two** kinds:\n\n- [lemon](https://a.example/b)\n- `nuts`\n\n1. one\n"
    assert outgoing.split(markdown) == ["Cakes\n\nTwo kinds:\n\n• lemon (https://a.example/b)\n• nuts\n\n1. one"]
    assert outgoing.split("") == [""]


def test_a_stored_message_reads_as_it_was_said() -> None:
    event = hosting.said("webchat", "c", "v" * 32, str(uuid4()), "a\r\nb\x00\ud800 ")
    assert event.message == provider_named("webchat").read(event.payload, "")
    assert event.message
    assert event.message.text == "a\nb"


SHOP = "https://www.bloom.example"


@pytest.fixture
def owner(chat: Chat, committed_cast: Cast) -> Client:
    client = Client()
    client.force_login(committed_cast.alice)
    return client


def allowed(owner: Client, chat: Chat, origins: str) -> str:
    """What the page about embedding says to these sites."""
    url = reverse("workspace:embed", args=[chat.tenant.slug, chat.connection.id])
    return owner.post(url, {"origins": origins}, follow=True).content.decode()


def test_only_the_sites_that_were_named_show_the_chat(chat: Chat, owner: Client) -> None:
    frame, script = f"{chat.url}frame/", f"{chat.url}embed.js"
    assert "These sites can show the chat now." in allowed(owner, chat, f"{SHOP}/about\nhttp://localhost:3000")
    page = Client().get(frame, headers={"Referer": f"{SHOP}/"})
    assert f"frame-ancestors 'self' {SHOP} http://localhost:3000" in page["Content-Security-Policy"]
    assert "X-Frame-Options" not in page
    added = Client().get(script, headers={"Referer": f"{SHOP}/"})
    assert (added.status_code, added["Cross-Origin-Resource-Policy"]) == (200, "cross-origin")
    assert frame in added.content.decode()

    for url in (frame, script):
        stranger = Client().get(url, headers={"Referer": "https://evil.example/"})
        assert stranger.status_code == 403
        assert "This site may not show this chat." in stranger.content.decode()
    hosted = Client().get(chat.url)
    assert "frame-ancestors 'none'" in hosted["Content-Security-Policy"]
    assert hosted["X-Frame-Options"] == "DENY"


def test_in_a_frame_the_cookie_is_the_sites_own(chat: Chat, settings: Settings) -> None:
    settings.IS_HTTPS = True
    frame = Chat(chat.tenant, chat.connection)
    frame.url = f"{chat.url}frame/"
    cookie = frame.write("Hello?").headers["Set-Cookie"]
    assert cookie.endswith("; Partitioned")
    assert f"Path={frame.url}" in cookie
    assert {"HttpOnly", "SameSite=None", "Secure"} <= set(cookie.split("; "))


@pytest.mark.parametrize(
    "bad",
    ["bloom.example", "http://bloom.example", "https://", "https://x.example;", "https://a@b.example", "https://[1",
     "https://*.bloom.example", "javascript:alert(1)"],
)  # fmt: skip
def test_what_is_no_site_is_named(chat: Chat, owner: Client, bad: str) -> None:
    assert "is not a site&#x27;s address" in allowed(owner, chat, f"{SHOP} {bad}")
    assert "frame-ancestors 'self';" in Client().get(f"{chat.url}frame/")["Content-Security-Policy"] + ";"


def test_a_member_tries_the_live_employee_with_test_messages(chat: Chat, owner: Client, committed_cast: Cast) -> None:
    url = reverse("workspace:playground", args=[chat.tenant.slug])
    assert "Playground</h1>" in owner.get(url).content.decode()
    sent = owner.post(url, {"id": str(uuid4()), "text": "Who are you?"}, headers={"X-Live-Chat": "1"})
    assert sent.status_code == 204
    chat.reply("I am Maya.")
    (event,) = chat.events()
    assert (event.is_test, event.state) == (True, "done")
    said = owner.get(f"{url}talk/").content.decode()
    assert "Who are you?" in said
    assert "I am Maya." in said
    with tenant_scope(chat.tenant.id):
        assert Person.objects.get().name == (committed_cast.alice.name or committed_cast.alice.email)


def test_without_a_web_chat_the_playground_offers_one(chat: Chat, owner: Client) -> None:
    with tenant_scope(chat.tenant.id):
        health.disconnect(Connection.objects.get(), health.IN_THE_PORTAL(), Cause.DISCONNECTED)
    page = owner.get(reverse("workspace:playground", args=[chat.tenant.slug])).content.decode()
    assert "The playground needs a web chat." in page


@pytest.mark.parametrize("referrer", ["http://[x", "https://evil.example/", "http://\u2100.example/"])
def test_a_strange_referrer_is_an_answer_and_no_error(chat: Chat, referrer: str) -> None:
    for path in ("embed.js", "frame/"):
        asked = chat.browser.get(f"{chat.url}{path}", headers={"Referer": referrer})
        assert asked.status_code in {200, 403}


def test_nobody_alone_has_all_the_open_pages_that_there_may_be(chat: Chat, settings: Settings) -> None:
    settings.CHAT_OPEN_PAGES_PER_ADDRESS = 2
    chat.write("Hello?")
    news._open["127.0.0.1"] = 2
    try:
        assert chat.browser.get(f"{chat.url}events/").status_code == 503
        assert not news.is_full("192.0.2.1")
    finally:
        news._open.clear()
