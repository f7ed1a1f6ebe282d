"""What a page must never do: write to the console, fail, or call another host."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

STATUS_OF_A_PAGE = "Failed to load resource"


@dataclass
class Watch:
    """Collects violations on all pages of a browser context."""

    hosts: set[str]
    offences: list[str] = field(default_factory=list)

    def follow(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.offences.append(f"script error: {error.error}"))
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        page = message.page
        if message.text.startswith(STATUS_OF_A_PAGE) and _is_of_page(message, page):
            return  # Chromium logs this for every page with status 400 or more, such as a form with errors
        self.offences.append(f"console, at {page.url if page else '?'}: {message.text}")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https"} and address.netloc not in self.hosts:
            self.offences.append(f"request to another host: {request.url}")


def _is_of_page(message: ConsoleMessage, page: Page | None) -> bool:
    return page is not None and message.location["url"] == page.url
