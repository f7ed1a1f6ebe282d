"""Passkeys, second steps and every page of an account in Chromium; nothing may be written to its console."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.accounts.openid import Provider
from tests.accounts.visitor import totp
from tests.browser.conftest import ARGUMENTS, find_chromium
from tests.browser.operator import PASSWORD, Site
from tests.browser.pages import Judge
from tests.browser.watch import Watch
from tests.stack import Stack

# The provider's own library uses a deprecated call.
pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning")
AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@dataclass
class Account:
    """One person with one page and one device that stores passkeys."""

    page: Page
    site: Site
    email: str

    def open(self, path: str) -> None:
        self.page.goto(f"{self.site.url}/accounts/{path}")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def sends(self, name: str) -> None:
        """Press something that leads to another page, and wait for it: the next step may load its own page."""
        with self.page.expect_navigation():
            self.press(name)

    def sees(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", name=heading, exact=True)).to_be_visible()

    def signs_up(self) -> None:
        self.open("signup/")
        self.page.get_by_label("E-mail address").fill(self.email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.press("Sign up")
        self.sees("Check your e-mail")
        self.page.get_by_label("Code").fill(self.site.newest_code(self.email))
        self.press("Continue")
        self.sees("Name your workspace")

    def logs_out(self) -> None:
        self.open("logout/")
        self.sends("Log out")

    def gives_password(self) -> None:
        self.sees("Is this you?")
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.press("Continue")

    def logs_in(self) -> None:
        self.open("login/")
        self.page.get_by_label("E-mail address").fill(self.email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.press("Log in")

    def adds_passkey(self, *, alone: bool) -> None:
        self.open("2fa/webauthn/add/")
        self.gives_password()
        self.sees("Add a passkey")
        self.page.get_by_label("Log in with the passkey alone").set_checked(alone)
        self.sends("Add passkey")
        self.sees("Recovery codes")

    def sets_up_app(self) -> str:
        """Set up the authenticator app; returns its key."""
        secret = self.page.locator("copy-button").get_attribute("value") or ""
        self.page.get_by_label("Code from the app").fill(totp(secret))
        self.press("Turn on")
        return secret


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Closed after this module: Playwright's event loop runs in this thread, and Django refuses to work beside one."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium or Chrome on this machine: install one (on Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def account(browser: Browser, named_stack: Stack, provider: Provider) -> Iterator[Account]:
    site = Site(f"http://localhost:{named_stack.port}", named_stack.sandbox_url)
    watch = Watch({urlsplit(site.url).netloc, urlsplit(provider.url).netloc})
    with ExitStack() as stack:
        context = browser.new_context()
        stack.callback(context.close)
        watch.follow(context)
        page = context.new_page()
        device = context.new_cdp_session(page)
        device.send("WebAuthn.enable")
        device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        yield Account(page, site, f"owner-{uuid4().hex[:8]}@acme.example")
    assert watch.offences == []


def test_a_passkey_logs_in_alone(account: Account) -> None:
    account.signs_up()
    account.adds_passkey(alone=True)
    account.logs_out()
    account.open("login/")
    account.press("Use a passkey")
    account.sees("Name your workspace")


def test_a_passkey_is_the_second_step_after_the_password(account: Account) -> None:
    account.signs_up()
    account.adds_passkey(alone=False)
    account.logs_out()
    account.logs_in()
    account.sees("Second step")
    account.press("Use a passkey")
    account.sees("Name your workspace")


def test_a_device_without_a_passkey_is_told_so(account: Account) -> None:
    account.open("login/")
    account.press("Use a passkey")

    expect(account.page.get_by_role("alert")).to_contain_text("No passkey was used")


def test_a_removed_passkey_no_longer_logs_in(account: Account) -> None:
    account.signs_up()
    account.adds_passkey(alone=True)
    account.open("2fa/webauthn/")
    account.page.get_by_role("link", name="Remove Passkey").click()
    account.sends("Remove passkey")
    account.logs_out()
    account.open("login/")
    account.press("Use a passkey")

    expect(account.page.get_by_text("That is not the right code")).to_be_visible()


def test_a_log_in_with_google_goes_there_and_back(account: Account, provider: Provider) -> None:
    provider.knows("nora", email=f"nora-{uuid4().hex[:6]}@gmail.com", email_verified=True, name="Nora")
    account.page.route(f"{provider.url}/**", lambda route: _agree(route, account.site, provider))
    account.open("login/")
    account.press("Log in with Google")
    account.sees("Name your workspace")


def _agree(route: Route, site: Site, provider: Provider) -> None:
    """Replaces the provider's own page, which loads its styles from other hosts."""
    route.fulfill(status=302, headers={"location": site.url + provider.allow(route.request.url, "nora")})


def test_the_pages_before_the_log_in_are_accessible_in_both_themes_and_on_a_phone(account: Account) -> None:
    judge = Judge(account.page)
    for path in ("login", "signup", "login/code", "password/reset", "oidc/google/login", "3rdparty/login/cancelled"):
        account.open(f"{path}/")
        judge.look(f"account-{path.replace('/', '-')}")
    account.open("3rdparty/login/error/")
    judge.look("account-3rdparty-login-error")

    assert judge.faults == []


def test_the_pages_of_second_steps_are_accessible_in_both_themes_and_on_a_phone(account: Account) -> None:
    judge = Judge(account.page)
    account.signs_up()
    _look_at_second_steps(account, judge)
    _look_at_passkeys(account, judge)
    account.logs_out()
    account.logs_in()
    account.sees("Second step")
    judge.look("account-second-step")

    assert judge.faults == []


def test_the_pages_of_an_account_are_accessible_in_both_themes_and_on_a_phone(account: Account) -> None:
    judge = Judge(account.page)
    account.signs_up()
    for path in ("security", "password/change", "email", "sessions", "3rdparty", "logout"):
        account.open(f"{path}/")
        judge.look(f"account-{path.replace('/', '-')}")
    _look_at_change_of_address(account, judge)

    assert judge.faults == []


def _look_at_second_steps(account: Account, judge: Judge) -> None:
    account.open("2fa/")
    judge.look("account-second-steps-none")
    account.open("2fa/totp/activate/")
    judge.look("account-is-it-you")
    account.gives_password()
    account.sees("Set up an authenticator app")
    judge.look("account-app-set-up")
    account.sets_up_app()
    account.sees("Recovery codes")
    judge.look("account-recovery-codes")
    for path in ("2fa/recovery-codes/generate", "2fa/totp/deactivate"):
        account.open(f"{path}/")
        judge.look(f"account-{path.replace('/', '-')}")


def _look_at_passkeys(account: Account, judge: Judge) -> None:
    account.open("2fa/webauthn/add/")
    judge.look("account-passkey-add")
    account.sends("Add passkey")
    account.open("2fa/webauthn/")
    judge.look("account-passkeys")
    for name in ("Rename", "Remove"):
        account.open("2fa/webauthn/")
        account.page.get_by_role("link", name=f"{name} Passkey").click()
        judge.look(f"account-passkey-{name.lower()}")
    account.open("2fa/")
    judge.look("account-second-steps")


def _look_at_change_of_address(account: Account, judge: Judge) -> None:
    account.open("email/")
    account.page.get_by_label("New e-mail address").fill(f"new-{account.email}")
    account.press("Change address")
    account.gives_password()
    account.sees("First, your old address")
    judge.look("account-email-old")
    account.page.get_by_label("Code").fill(account.site.newest_code(account.email, since=1))
    account.press("Continue")
    account.sees("Check your e-mail")
    judge.look("account-email-new")
