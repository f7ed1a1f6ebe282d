"""A long conversation in a browser: earlier messages load above the current ones, which stay in place."""

from pathlib import Path
from uuid import uuid4

from playwright.sync_api import expect

from tests.browser.conftest import NewOperator
from tests.browser.operator import Operator
from tests.browser.pages import Judge
from tests.stack import Stack

PASSWORD = "a calm and quiet harbour"
MAKE = """
from datetime import timedelta
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from agents.employees import hiring
from agents.models import Agent, Conversation, Turn
from channels.media import kinds
from channels.models import Connection, MediaFile, MediaPart
from channels.providers.slack import wordings
from tenants.team import workspaces
from tenants.models import User
from tenants.scope import tenant_scope
user = User.objects.create(email={email!r}, password=make_password({password!r}))
EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
tenant = workspaces.create("Long talk", user, slug={slug!r})
with tenant_scope(tenant.id):
    agent = hiring.hire(Agent(name="Maya", job_title="Support", instructions="Help."))
    talk = Conversation.objects.create(agent=agent, channel="slack", title="When do you open?")
    Turn.objects.bulk_create(
        Turn(conversation=talk, speaker="employee" if n % 2 else "person", author="Ben" if n % 2 == 0 else "Maya",
             text=f"Line {{n}}.", said_at=timezone.now() - timedelta(hours=120 - n)) for n in range(120))
    last = Turn.objects.get(text="Line 118.")
    slack = Connection.objects.create(provider="slack", external_id={slug!r}, name="Long talk")
    files = [
        MediaFile(turn=last, connection=slack, number=number, key=str(number), **told) for number, told in enumerate([
            {{"name": "Christmas menu, second draft.pdf", "kind": "document", "state": "kept", "size": 482_113,
              "content_type": "application/pdf"}},
            {{"name": "shop window.jpg", "kind": "image", "declared_size": 3_100_000,
              "retry_at": timezone.now() + timedelta(hours=1)}},
            {{"name": "invoice.jpg", "kind": "image", "declared_size": 81_920, "state": "rejected",
              "reason": kinds.NOT_ITS_TYPE(declared="JPG", found="PDF")}},
            {{"name": "audio message.m4a", "kind": "audio", "state": "lost", "reason": wordings.NO_FILES()}},
        ])
    ]
    MediaFile.objects.bulk_create(files)
    MediaPart.objects.create(file=files[0], number=0, content=b"%PDF-1.7".ljust(482_113))
    print(talk.id)
"""


def download_the_file(operator: Operator) -> None:
    """It is saved, and never opened."""
    with operator.page.expect_download() as saved:
        operator.page.get_by_role("link", name="Christmas menu, second draft.pdf").click()
    assert saved.value.suggested_filename == "Christmas menu, second draft.pdf"
    assert Path(saved.value.path()).read_bytes() == b"%PDF-1.7".ljust(482_113)


def test_earlier_messages_load_without_a_jump(new_operator: NewOperator, stack: Stack) -> None:
    slug = f"long-{uuid4().hex[:8]}"
    email = f"{slug}@acme.example"
    talk = stack.manage("shell", "-v", "0", "-c", MAKE.format(email=email, password=PASSWORD, slug=slug)).strip()
    operator = new_operator()
    page = operator.page
    operator.open("/accounts/login/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    operator.press("Log in")
    page.wait_for_url(f"**/t/{slug}/**")
    operator.open(f"/t/{slug}/conversations/{talk}/")
    judge = Judge(page)
    judge.look("conversation-long")

    first = page.get_by_text("Line 70.", exact=True)
    earlier = page.get_by_role("link", name="Earlier messages")
    for line in ("Line 20.", "Line 0."):
        before = first.evaluate("each => each.getBoundingClientRect().top")
        earlier.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text(line, exact=True)).to_have_count(1)
        after = first.evaluate("each => each.getBoundingClientRect().top")
        assert abs(after - before) < 60, (before, after)  # a day's heading may be above it or not
    expect(earlier).to_have_count(0)
    expect(page.locator(".said")).to_have_count(120)
    days = page.locator(".day").all_inner_texts()
    assert days == list(dict.fromkeys(days))
    assert page.url.endswith(f"/conversations/{talk}/")
    judge.look("conversation-all")
    download_the_file(operator)
    assert not judge.faults, "\n".join(judge.faults)
