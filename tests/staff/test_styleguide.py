"""The style guide: staff alone see it, and every component of the design system is on it."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client

from tests.staff.people import Person

CSS = Path(__file__).parents[2] / "static/css"
PAGES_OWN = ("account.css", "apidocs.css", "audit.css", "billing.css", "front.css")
"""What one kind of page alone is made of."""
NOT_SHOWN = {
    "account-main": "a page's frame",
    "center": "a variant of the button above a long conversation",
    "entrance": "a page's frame",
    "entrance-main": "a page's frame",
    "foot-note": "a page's frame",
    "wide-only": "hides a word on small screens",
    "narrow-only": "hides a word on large screens",
    **dict.fromkeys(("mobile-bar", "drawer", "open", "shut"), "the portal's bar on small screens"),
    **dict.fromkeys(("nav", "mark-bad", "shell", "side", "page", "page-head", "narrow"), "the portal's frame"),
    **dict.fromkeys(("wiz", "wiz-main", "wiz-cols", "wiz-foot"), "the wizard's frame"),
    "sandbox": "on every page, where SANDBOX is on",
    "front-top": "the frame of the page for strangers",
    "chat-frame": "a frame with a whole chat in it, as other sites show it",
    "playground": "the frame of a chat in the portal",
    "large": "a variant of `tryout`, for a page of its own",
}
"""Classes of the shared files that the style guide does not show, each with its reason."""


class Classes(HTMLParser):
    """The class names of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= set((dict(attrs).get("class") or "").split())


def defined() -> Iterator[str]:
    """Each class that a shared style sheet defines."""
    for sheet in sorted(CSS.glob("*.css")):
        if sheet.name not in PAGES_OWN:
            rules = re.sub(r"/\*.*?\*/|\"[^\"]*\"|url\([^)]*\)", "", sheet.read_text(), flags=re.DOTALL)
            yield from re.findall(r"\.(-?[a-z_][\w-]*)", rules, re.IGNORECASE)


def test_staff_with_a_second_step_see_it(staff: Person) -> None:
    page = staff.get("/styleguide/")

    assert page.status_code == 200
    assert "Style guide" in page.content.decode()


def test_everybody_else_is_turned_away_as_from_the_admin(alice: Person) -> None:
    assert Client().get("/styleguide/").headers["Location"] == "/accounts/login/?next=/styleguide/"
    assert alice.get("/styleguide/").status_code == 404


def test_the_second_step_is_needed_there_too(staff: Person) -> None:
    session = staff.client.session
    for method in session["account_authentication_methods"]:
        method["at"] -= django_settings.STAFF_SECOND_STEP_SECONDS + 1
    session.save()

    assert staff.get("/styleguide/").headers["Location"] == "/accounts/2fa/reauthenticate/?next=%2Fstyleguide%2F"


def test_no_menu_of_a_workspace_leads_there(alice: Person) -> None:
    home = alice.client.get("/t/acme/", follow=True)

    assert home.status_code == 200
    assert "styleguide" not in home.content.decode()


def test_what_its_forms_send_is_dropped(staff: Person) -> None:
    answer = staff.post("/styleguide/", token="EAAG")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/styleguide/")


def test_every_component_is_on_it(staff: Person) -> None:
    shown = Classes(staff.get("/styleguide/").content.decode()).found
    missing = {name for name in defined() if name not in shown and name not in NOT_SHOWN}

    assert not missing, f"Show these in templates/styleguide, or give a reason in NOT_SHOWN: {sorted(missing)}"
    assert not {name for name in NOT_SHOWN if name in shown}, "They are shown: take them out of NOT_SHOWN"


@pytest.mark.parametrize("sheet", [path.name for path in sorted(CSS.glob("*.css"))])
def test_a_style_sheet_uses_no_color_but_the_tokens(sheet: str) -> None:
    text = re.sub(r"/\*.*?\*/", "", (CSS / sheet).read_text(), flags=re.DOTALL)
    colors = set(re.findall(r"#[0-9a-f]{3,8}\b", text, re.IGNORECASE)) - {"#fff", "#cached"}

    assert sheet in {"tokens.css", "components.css"} or not colors
