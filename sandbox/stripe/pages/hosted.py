"""What Stripe's hosted pages share: the layout with its security policy, and form reading."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse

from sandbox.html import Html, tag
from sandbox.pages import page, top_bar

Fields = Mapping[str, str]


def hosted_page(
    title: str, *body: Html | str | None, status: int = 200, leads_to: tuple[str, ...] = ()
) -> HTMLResponse:
    """A whole hosted page. Its forms post to the sandbox, which may redirect only to the sites in `leads_to`."""
    response = page(title, top_bar(), *body, status=status, sheets=("stripe.css",))
    targets = " ".join(["'self'", *dict.fromkeys(_origin(url) for url in leads_to if url)])
    response.headers["Content-Security-Policy"] += f"; form-action {targets}"
    return response


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


async def read_fields(request: Request) -> Fields:
    """The posted form, with whitespace around values stripped."""
    pairs = parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True)
    return {name: value.strip() for name, value in pairs}


def badge() -> Html:
    """Marks every hosted page as the sandbox's."""
    return tag("p", tag("span", "Stripe, played by the sandbox", class_="badge b-info"))


def back_link(url: str | None, name: str) -> Html | None:
    """A link back to the shop; None without a URL."""
    if not url:
        return None
    arrow = tag("span", "←", aria_hidden="true")
    return tag("a", arrow, f" Back to {name}", href=url, class_="btn btn-ghost btn-sm pay-back")


def alert(message: str, *, id_: str, is_first: bool = True) -> Html | None:
    """An error next to its fields; None without a message. The first one gets the focus."""
    if not message:
        return None
    return tag("p", message, class_="alert alert-bad", role="alert", id=id_, tabindex="-1", autofocus=is_first)
