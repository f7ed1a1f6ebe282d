"""A person using a hosted page without JavaScript: opens it, fills in its form, presses a button."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

VISA = "pm_card_visa"
DECLINES = "pm_card_chargeDeclined"
ATTACHES_THEN_FAILS = "pm_card_chargeCustomerFail"
ASKS_ONCE = "pm_card_authenticationRequiredOnSetup"
ASKS_ALWAYS = "pm_card_authenticationRequired"


@dataclass
class Form:
    """A form on a page, with what it would send."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[dict[str, str]] = field(default_factory=list)


class Page(HTMLParser):
    """A page's forms, links and text."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        self.url, self.status, self.html = str(response.url), response.status_code, response.text
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.words = ""
        self._open: Form | None = None
        self._select = self._link = self._button = ""
        self.feed(self.html)
        self.text = " ".join(self.words.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms, fields, buttons and links."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(urljoin(self.url, given.get("action", self.url)))
            self.forms.append(self._open)
        elif tag == "a":
            self._link = given.get("href", "")
        elif self._open is not None:
            self._field(tag, given, self._open)

    def _field(self, tag: str, given: dict[str, str], form: Form) -> None:
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "input" and (kind not in ("radio", "checkbox") or "checked" in given):
            form.fields[name] = given.get("value", "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and (self._select not in form.fields or "selected" in given):
            form.fields[self._select] = given["value"]
        elif tag == "button":
            form.buttons.append({**given, "label": given.get("aria-label", "")})
            self._button = "open"

    def handle_data(self, data: str) -> None:
        """Note text, and the labels of links and buttons."""
        self.words += f" {data}"
        if self._link:
            self.links[data.strip()] = self._link
        if self._button and self._open is not None and self._open.buttons:
            self._open.buttons[-1]["label"] = self._open.buttons[-1]["label"] or data.strip()

    def handle_endtag(self, tag: str) -> None:
        """Finish a form, a link or a button."""
        if tag == "form":
            self._open = None
        elif tag == "a":
            self._link = ""
        elif tag == "button":
            self._button = ""


class Person:
    """A person with a browser. Redirects to other sites are not followed: `left_for` is the target."""

    def __init__(self, base_url: str) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=10)
        self._base_url = base_url
        self.left_for = ""
        self.page: Page | None = None

    def open(self, url: str) -> Page:
        """Open a URL."""
        return self._arrive(self._http.get(url))

    def press(self, label: str, **fields: str | None) -> Page | None:
        """Fill in the form that has this button, and press it; None removes a field. Returns the page."""
        assert self.page is not None
        form, button = next(
            (form, button) for form in self.page.forms for button in form.buttons if button["label"] == label
        )
        sent = {name: value for name, value in {**form.fields, **fields}.items() if value is not None and name}
        if "name" in button:
            sent[button["name"]] = button.get("value", "")
        self.left_for = ""
        target = urljoin(self.page.url, button.get("formaction", form.action))
        self._arrive(self._http.post(target, data=sent))
        return self.page

    def _arrive(self, response: httpx.Response) -> Page:
        while response.is_redirect:
            target = urljoin(str(response.url), response.headers["location"])
            if not target.startswith(self._base_url):
                self.left_for = target
                break
            response = self._http.get(target)
        self.page = Page(response)
        return self.page

    @property
    def text(self) -> str:
        """The page's text."""
        assert self.page is not None
        return self.page.text
