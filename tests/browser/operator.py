"""A new operator in a browser: from sign-up to the first reply, one method per page."""

import re
from dataclasses import dataclass, field

import httpx
from playwright.sync_api import Page, expect

from tests.waiting import eventually

PASSWORD = "a calm and quiet harbour"
ANSWER_WITHIN_MS = 30_000


@dataclass
class Site:
    """The URLs of the portal and the sandbox."""

    url: str
    sandbox_url: str

    def newest_code(self, email: str, *, since: int = 0) -> str:
        """The code in the newest mail to this address, once there are more than `since` mails."""
        mails = eventually(lambda: self._mails_after(since, email), what=f"a mail to {email}")
        found = re.search(r"^\s{4}(\S+)\s*$", mails[0]["text"], re.MULTILINE)
        assert found, f"no code in {mails[0]['text']!r}"
        return found[1]

    def _mails_after(self, since: int, email: str) -> list[dict[str, str]] | None:
        mails = self._mails(email)
        return mails if len(mails) > since else None

    def _mails(self, email: str) -> list[dict[str, str]]:
        answer = httpx.get(f"{self.sandbox_url}/mail/control/messages", params={"to": email}, timeout=10)
        return list(answer.raise_for_status().json()["messages"])


@dataclass
class Operator:
    """One person with one browser page. Each method starts and ends on the page in its name."""

    page: Page
    site: Site
    email: str
    steps: list[str] = field(default_factory=list)

    @property
    def workspace(self) -> str:
        """The URL of the workspace that the page shows."""
        found = re.match(r".*/t/[^/]+/", self.page.url)
        assert found, f"{self.page.url} is not in a workspace"
        return found[0]

    def open(self, path: str) -> None:
        self.page.goto(f"{self.site.url}{path}")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def begin(self) -> None:
        self.open("/")
        self.page.get_by_role("link", name="Sign up").click()
        expect(self.page.get_by_role("heading", name="Create your account")).to_be_visible()

    def sign_up(self) -> None:
        self.page.get_by_label("E-mail address").fill(self.email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.press("Sign up")
        expect(self.page.get_by_role("heading", name="Check your e-mail")).to_be_visible()

    def confirm(self) -> None:
        self.page.get_by_label("Code").fill(self.site.newest_code(self.email))
        self.press("Continue")
        expect(self.page.get_by_role("heading", name="Name your workspace")).to_be_visible()

    def make_workspace(self, name: str) -> None:
        self.page.get_by_label("Workspace name").fill(name)
        self.press("Create workspace")
        expect(self.page.get_by_role("heading", name="Where will people talk to your AI employee?")).to_be_visible()

    def go_to_slack(self) -> None:
        self.page.get_by_role("radio", name="Slack").check()
        self.press("Continue")
        self.page.wait_for_url(f"{self.site.sandbox_url}/**")

    def allow(self) -> None:
        self.press("Allow")
        self.page.wait_for_url(f"{self.site.url}/**")
        expect(self.page.get_by_role("heading", name="Who is joining your team?")).to_be_visible()

    def set_up_employee(self) -> None:
        self.press("Save and continue")
        expect(self.page.get_by_role("heading", name="Say hello to Maya")).to_be_visible()

    def send_test_message(self, text: str = "") -> None:
        """Send the prefilled message, or another one."""
        if text:
            self.page.get_by_label("Your message").fill(text)
        self.press("Send message")

    def read_reply(self) -> str:
        """The reply as the wizard shows it."""
        expect(self.page.get_by_text("Maya is live")).to_be_visible(timeout=ANSWER_WITHIN_MS)
        return self.page.locator(".said.employee .words").inner_text()

    def finish(self) -> None:
        self.page.get_by_role("link", name="Go to your workspace").click()
        expect(self.page.get_by_role("heading", name="Latest conversations")).to_be_visible()
