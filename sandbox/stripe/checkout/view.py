"""Checkout's page as HTML: the order on one side, the payment on the other, in one form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.html import Html, join, tag
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.checkout.bill import Bill, Line
from sandbox.stripe.pages.card_fields import Choice, payment_fieldset
from sandbox.stripe.pages.contact_fields import address_fields, email_field
from sandbox.stripe.pages.hosted import Fields, alert, back_link, badge


@dataclass(frozen=True)
class View:
    """Everything the page shows. `problems` are error sentences by field name."""

    shop: str
    session: JsonObject
    bill: Bill
    choices: Sequence[Choice]
    asks_for_card: bool
    is_promotion_removable: bool
    fields: Fields
    problems: Mapping[str, str] = field(default_factory=dict)

    def problem(self, name: str) -> Html | None:
        """What is wrong with a field."""
        is_first = name == next(iter(self.problems), "")
        return alert(self.problems.get(name, ""), id_=f"{name}-problem", is_first=is_first)

    @property
    def address(self) -> str:
        """The form's action."""
        return f"/stripe/checkout/{self.session['id']}"

    @property
    def verb(self) -> str:
        """The main button's label."""
        return "Start trial" if self.bill.headline.startswith("Try ") else "Subscribe"


def body(view: View) -> Html:
    """The page's whole content."""
    # The first button of a form is the one that Enter presses.
    enter = tag("button", view.verb, class_="vh", tabindex="-1", aria_hidden="true")
    form = tag("form", enter, _what(view), _how(view), method="post", action=view.address, class_="pay")
    return tag("main", form)


def _what(view: View) -> Html:
    back = back_link(view.session["cancel_url"], view.shop)
    return tag("section", back, badge(), _bill(view, view.bill), class_="pay-what stack g5")


def _bill(view: View, bill: Bill) -> Html:
    price = tag(
        "p", tag("b", bill.price), tag("span", bill.rhythm, class_="soft") if bill.rhythm else None, class_="pay-price"
    )
    head = tag(
        "div",
        tag("h1", bill.headline, class_="pay-headline"),
        price,
        tag("p", bill.then, class_="soft") if bill.then else None,
        class_="stack g1",
    )
    lines = tag("ul", *(_line(line) for line in bill.lines), class_="pay-lines")
    return join(head, lines, _totals(bill), _promotion(view))


def _line(line: Line) -> Html:
    words = tag("div", tag("b", line.name), tag("span", line.unit, class_="hint"), class_="stack g0 grow")
    count = f"\N{MULTIPLICATION SIGN} {line.quantity}"
    quantity = tag("span", count, class_="soft") if line.quantity > 1 else None
    total = tag("span", line.total, class_="pay-sum")
    return tag("li", words, quantity, total)


def _totals(bill: Bill) -> Html:
    rows = [("Subtotal", bill.subtotal, "")] if bill.discount or bill.tax else []
    if bill.discount:
        rows.append((*bill.discount, "pay-off"))
    if bill.tax:
        rows.append(("Tax", bill.tax, ""))
    if bill.afterwards:
        rows.append(("Total after the trial", bill.afterwards, ""))
    rows.append(("Total due today", bill.due, "pay-due"))
    pairs = [tag("div", tag("dt", name), tag("dd", sum_), class_=kind or None) for name, sum_, kind in rows]
    return tag("dl", *pairs, class_="pay-totals")


def _promotion(view: View) -> Html | None:
    """The applied code with a button to remove it, or a field to enter one if the session allows it."""
    problem = view.problem("promotion")
    if view.is_promotion_removable:
        code = tag("code", view.fields.get("promotion", ""))
        off = tag("button", "Remove", class_="btn btn-ghost btn-sm", **_update(view, "remove"))
        return join(problem, tag("p", "Promotion code ", code, off, class_="row soft pay-code"))
    if not view.session["allow_promotion_codes"]:
        return problem
    label = tag("label", "Promotion code", for_="promotion")
    value = view.fields.get("promotion", "")
    code = tag(
        "input", id="promotion", name="promotion", value=value, class_="input", autocomplete="off", maxlength="60"
    )
    apply = tag("button", "Apply", class_="btn btn-plain", **_update(view, "apply"))
    field = tag("div", label, tag("div", code, apply, class_="row"), problem, class_="field")
    return tag(
        "details",
        tag("summary", "Add a promotion code"),
        field,
        open=bool(problem) or bool(value),
        class_="pay-more stack g3",
    )


def _update(view: View, change: str) -> dict[str, str | bool | None]:
    return {"name": "change", "value": change, "formaction": f"{view.address}/update", "formnovalidate": True}


def _how(view: View) -> Html:
    return tag(
        "section",
        email_field(view.session, view.fields, view.problem("email")),
        _payment(view),
        address_fields(view.session, view.fields, view.problem("address")),
        _submit(view),
        class_="pay-how card card-pad stack g6",
    )


def _payment(view: View) -> Html:
    if view.asks_for_card:
        return payment_fieldset(view.choices, view.fields, view.problem("card"))
    text = "No card is needed now. You will be asked for one before anything is charged."
    return tag("p", text, class_="alert alert-info")


def _submit(view: View) -> Html:
    button = tag("button", view.verb, class_="btn btn-primary pay-submit")
    agreed = f"{view.shop} may charge your payment method at each renewal until you cancel."
    small = tag("p", agreed, class_="hint") if view.asks_for_card else None
    return tag("div", view.problem("form"), button, small, class_="stack g3")
