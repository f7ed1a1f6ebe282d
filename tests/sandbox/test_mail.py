"""The mailbox, with the standard library's SMTP client."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

from tests.sandbox.conftest import Sandbox


def send(sandbox: Sandbox, to: str, subject: str, text: str, html: str = "") -> dict[str, Any]:
    """Send a mail; returns it as the control API shows it."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Roster <hello@roster.example>", to, subject
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=5) as smtp:
        smtp.send_message(message)
    messages: list[dict[str, Any]] = sandbox.http.get("/mail/control/messages", params={"to": to}).json()["messages"]
    return messages[0]


def address() -> str:
    """An address that no other test uses."""
    return f"{uuid4().hex}@example.com"


def test_a_mail_arrives_with_its_code_and_links(sandbox: Sandbox) -> None:
    to = address()
    mail = send(
        sandbox,
        to,
        "Your code \N{EN DASH} für dich",
        "Hello,\n\nyour code is listed below.\n\nQ7KD-2MXP\n\nhttp://127.0.0.1:8000/go?x=1.\n",
    )
    assert (mail["to"], mail["subject"]) == ([to], "Your code \N{EN DASH} für dich")
    assert mail["code"] == "Q7KD-2MXP"
    assert mail["links"] == ["http://127.0.0.1:8000/go?x=1"]
    assert mail["from"] == "hello@roster.example"


def test_a_numeric_code_within_a_sentence_is_found_and_a_plain_text_has_none(sandbox: Sandbox) -> None:
    assert send(sandbox, address(), "Log in", "Your code is 482913. It lasts five minutes.")["code"] == "482913"
    assert send(sandbox, address(), "Welcome", "Welcome to the code of conduct. It is good to have you.")["code"] == ""


def test_the_page_shows_the_mail_without_running_its_scripts(sandbox: Sandbox) -> None:
    html = "<p>Hi</p><script>alert(1)</script>"
    mail = send(sandbox, address(), "<b>Bold</b>", "<script>alert(2)</script>", html)
    page = sandbox.http.get(f"/mail/{mail['id']}")
    assert "&lt;script&gt;alert(2)" in page.text
    assert "<b>Bold</b>" not in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    frame = sandbox.http.get(f"/mail/{mail['id']}/html")
    assert frame.text.strip() == html
    assert "default-src 'none'" in frame.headers["content-security-policy"]
    assert frame.headers["content-security-policy"].endswith("sandbox")


def test_a_mail_with_only_html_is_shown_as_text(sandbox: Sandbox) -> None:
    message = EmailMessage()
    to = address()
    message["To"], message["From"], message["Subject"] = to, "a@b.example", "HTML"
    message.set_content(
        '<style>p{}</style><p>Hello &amp; welcome</p><a href="http://127.0.0.1/x">Go</a>', subtype="html"
    )
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=5) as smtp:
        smtp.send_message(message)
    mail = sandbox.http.get("/mail/control/messages", params={"to": to.upper()}).json()["messages"][0]
    assert "Hello & welcome" in mail["text"]
    assert "p{}" not in mail["text"]
    assert mail["links"] == ["http://127.0.0.1/x"]


def test_a_missing_mail_is_a_404_with_a_link_back(sandbox: Sandbox) -> None:
    page = sandbox.http.get("/mail/999999")
    assert page.status_code == 404
    assert 'href="/mail/"' in page.text
