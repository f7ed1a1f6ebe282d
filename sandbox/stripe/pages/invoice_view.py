"""The hosted invoice page as HTML, and an invoice as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sandbox.html import Html, tag
from sandbox.stripe.account.store import JsonObject
from sandbox.stripe.pages.card_fields import Choice, payment_fieldset
from sandbox.stripe.pages.hosted import Fields, alert, badge
from sandbox.words import day, money

STATES: Final = {
    "open": ("Due", "b-warn"),
    "paid": ("Paid", "b-ok"),
    "uncollectible": ("Due", "b-bad"),
    "void": ("Void", ""),
}
# Why there is nothing to pay.
NOTES: Final = {
    "paid": "This invoice is paid.",
    "void": "This invoice was canceled. There is nothing to pay.",
}


def body(shop: str, invoice: JsonObject, choices: Sequence[Choice], fields: Fields, problem: str) -> Html:
    """The page's whole content."""
    return tag("main", _what(shop, invoice), _how(invoice, choices, fields, problem), class_="pay")


def _what(shop: str, invoice: JsonObject) -> Html:
    word, kind = STATES[invoice["status"]]
    title = tag(
        "div",
        tag("h1", f"Invoice {invoice['number']}", class_="pay-headline"),
        tag("span", word, class_=f"badge {kind}"),
        class_="row",
    )
    amount = tag("p", tag("b", money(invoice["total"], invoice["currency"])), class_="pay-price")
    dates = tag("p", f"From {shop}, {_date_words(invoice)}.", class_="soft")
    head = tag("div", title, amount, dates, class_="stack g1")
    lines = tag("ul", *(_line(line) for line in invoice["lines"]["data"]), class_="pay-lines")
    link = tag(
        "a", "Download as PDF", href=f"/stripe/invoice/{invoice['id']}/pdf", class_="btn btn-plain btn-sm pay-start"
    )
    return tag("section", badge(), head, _to(invoice), lines, _totals(invoice), link, class_="pay-what stack g5")


def _date_words(invoice: JsonObject) -> str:
    times = invoice["status_transitions"]
    if times["paid_at"]:
        return f"paid on {day(times['paid_at'])}"
    return f"issued on {day(times['finalized_at'])}"


def _to(invoice: JsonObject) -> Html | None:
    who = [invoice["customer_name"], invoice["customer_email"]]
    named = ", ".join(part for part in who if part)
    return tag("p", f"To {named}", class_="soft") if named else None


def _line(line: JsonObject) -> Html:
    period = line["period"]
    span = (
        f"{day(period['start'])} to {day(period['end'])}" if period["start"] != period["end"] else day(period["start"])
    )
    words = tag(
        "div", tag("b", line["description"] or "Item"), tag("span", span, class_="hint"), class_="stack g0 grow"
    )
    return tag("li", words, tag("span", money(line["amount"], line["currency"]), class_="pay-sum"))


def _rows(invoice: JsonObject) -> Iterator[tuple[str, int]]:
    """The totals below the lines."""
    off = sum(one["amount"] for one in invoice["total_discount_amounts"])
    if off or invoice["automatic_tax"]["enabled"]:
        yield "Subtotal", invoice["subtotal"]
    if off:
        yield "Discount", -off
    if invoice["automatic_tax"]["enabled"]:
        yield "Tax", sum(one["amount"] for one in invoice["total_taxes"] or ())
    yield "Total", invoice["total"]
    if invoice["amount_due"] != invoice["total"]:
        yield "From your balance", invoice["amount_due"] - invoice["total"]
    if invoice["amount_paid"]:
        yield "Paid", -invoice["amount_paid"]


def _totals(invoice: JsonObject) -> Html:
    currency = invoice["currency"]
    rows = [tag("div", tag("dt", name), tag("dd", money(amount, currency))) for name, amount in _rows(invoice)]
    left = tag("div", tag("dt", "Amount due"), tag("dd", money(_left(invoice), currency)), class_="pay-due")
    return tag("dl", *rows, left, class_="pay-totals")


def _left(invoice: JsonObject) -> int:
    return int(invoice["amount_remaining"]) if invoice["status"] in ("open", "uncollectible") else 0


def _how(invoice: JsonObject, choices: Sequence[Choice], fields: Fields, problem: str) -> Html:
    if not choices:
        words = [tag("h2", STATES[invoice["status"]][0]), tag("p", NOTES[invoice["status"]], class_="soft")]
        receipt = tag("p", f"Receipt {invoice['receipt_number']}", class_="hint") if invoice["receipt_number"] else None
        return tag("section", *words, receipt, class_="pay-how card card-pad stack g3")
    verb = f"Pay {money(_left(invoice), invoice['currency'])}"
    return tag(
        "form",
        payment_fieldset(choices, fields, alert(problem, id_="card-problem")),
        tag("button", verb, class_="btn btn-primary pay-submit"),
        method="post",
        action=f"/stripe/invoice/{invoice['id']}",
        class_="pay-how card card-pad stack g5",
    )


def as_text(shop: str, invoice: JsonObject) -> list[tuple[str, str]]:
    """An invoice as lines, each with its left and right text."""
    currency = invoice["currency"]
    lines = [(line["description"] or "Item", money(line["amount"], currency)) for line in invoice["lines"]["data"]]
    sums = [(name, money(amount, currency)) for name, amount in _rows(invoice)]
    return [
        (shop, STATES[invoice["status"]][0]),
        (f"Invoice {invoice['number']}", _date_words(invoice)),
        (f"To {invoice['customer_name'] or ''} {invoice['customer_email'] or ''}".strip(), ""),
        ("", ""),
        *lines,
        ("", ""),
        *sums,
        ("Amount due", money(_left(invoice), currency)),
        ("", ""),
        ("Made by the sandbox: no money moves.", ""),
    ]
