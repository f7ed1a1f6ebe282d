"""The bank's 3-D Secure page. https://docs.stripe.com/testing#authentication-and-setup"""

from __future__ import annotations

from typing import Final

from starlette.responses import HTMLResponse

from sandbox.html import tag
from sandbox.stripe.pages.hosted import badge, hosted_page

COMPLETE: Final = "complete"


def page(shop: str, amount: str, action: str, *, card: str, leads_to: tuple[str, ...] = ()) -> HTMLResponse:
    """Ask the cardholder to confirm; the form sends `answer`: complete or fail."""
    what = f"{shop} asks for {amount}" if amount else f"{shop} wants to save your card"
    with_ = f" from your card ending in {card}" if amount else f", ending in {card}"
    buttons = tag(
        "div",
        tag("button", "Fail", name="answer", value="fail", class_="btn btn-plain"),
        tag("button", "Complete", name="answer", value=COMPLETE, class_="btn btn-primary"),
        class_="row end actions",
    )
    form = tag(
        "form",
        badge(),
        tag("h1", "Is this you?"),
        tag("p", f"{what}{with_}. Your bank needs to verify that it's you (3-D Secure).", class_="soft"),
        tag("p", "Complete passes the check, as the cardholder would. Fail doesn't.", class_="hint"),
        buttons,
        method="post",
        action=action,
        class_="card card-pad stack g5",
    )
    return hosted_page("3-D Secure", tag("main", form, class_="pay-one"), leads_to=leads_to)
