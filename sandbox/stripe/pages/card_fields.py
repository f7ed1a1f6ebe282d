"""The part of a hosted page where a person picks a test card or types a number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sandbox.html import Html, tag
from sandbox.stripe.pages.hosted import Fields

TYPED: Final = "typed"
FIELD: Final = "card"


@dataclass(frozen=True)
class Choice:
    """One way to pay: `value` is what the form sends, `mark` the brand, `title` the number, `hint` what will happen."""

    value: str
    mark: str
    title: str
    hint: str


def payment_fieldset(
    choices: Iterable[Choice], fields: Fields, problem: Html | None, *, legend: str = "Payment method"
) -> Html:
    """Radio buttons for all choices, then the fields for a typed card; errors appear above their field."""
    choices = list(choices)
    chosen = fields.get(FIELD) or (choices[0].value if choices else TYPED)
    return tag(
        "fieldset",
        tag("legend", legend, class_="label"),
        problem,
        tag("div", *(_radio(choice, chosen) for choice in choices), _typed(fields, chosen), class_="pay-cards"),
        class_="stack g3",
    )


def _radio(choice: Choice, chosen: str) -> Html:
    return tag(
        "label",
        tag("input", type="radio", name=FIELD, value=choice.value, checked=choice.value == chosen),
        tag("span", choice.mark, class_="pay-mark", aria_hidden="true"),
        tag("span", tag("b", choice.title), tag("span", choice.hint, class_="hint"), class_="pay-card-words"),
        class_="choice pay-card",
    )


def _typed(fields: Fields, chosen: str) -> Html:
    choice = Choice(TYPED, "···", "Another card", "Type a test card's number")
    number = _field("number", "Card number", fields, "4242 4242 4242 4242", inputmode="numeric")
    expiry = _field("expiry", "Expiry", fields, "MM / YY", inputmode="numeric")
    cvc = _field("cvc", "CVC", fields, "123", inputmode="numeric")
    return tag(
        "div",
        _radio(choice, chosen),
        tag("div", number, tag("div", expiry, cvc, class_="pay-pair"), class_="pay-typed stack g3"),
        class_="pay-other",
    )


def _field(name: str, label: str, fields: Fields, placeholder: str, *, inputmode: str | None = None) -> Html:
    return tag(
        "div",
        tag("label", label, for_=name),
        tag(
            "input",
            id=name,
            name=name,
            value=fields.get(name, ""),
            placeholder=placeholder,
            inputmode=inputmode,
            autocomplete="off",
            maxlength="40",
            class_="input",
        ),
        class_="field",
    )
