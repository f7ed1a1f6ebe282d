"""Every page of the portal in a language of brackets: what stands outside of them could not be translated."""

import logging
import re
from collections.abc import Iterator

import pytest
from django.test import Client, override_settings
from django.utils.functional import Promise

from tenants.audit.journal import ACTIONS
from tenants.models import Role
from tests.isolation import values
from tests.isolation.callers import logged_in
from tests.isolation.conftest import QUIET
from tests.isolation.furnishing import World, furnish
from tests.isolation.routes import Route, all_routes
from tests.isolation.values import Things
from tests.words import pseudo

DATA = re.compile(
    r"\S*q(acme|q-\d)\S*|\bqa\b|\S+@\S+|https?://\S+|acme|person|ltd|at rest|account\.test|^Test$"  # what people typed
    r"|Customer support|Our shop opens at 9 and closes at 18\.|I can't answer right now\. Please try again later\."
    r"|\b(owner|admin|operator|viewer)\b( \(•+[\w-]+\))?|\(•+[\w-]+\)|\bRO\b"  # names of tokens
    r"|\bMaya?\b|\bMA\b"
    r"|Roster|Slack|Stripe|Postgres|OpenAI|Anthropic|Firefox|Chrome|Linux|python\S*|gpt-\S+|UTC|USD|API|JSON"
    r"|Europe/\w+|Visa|sk_\w+|rst_\w+|\b[a-z]+_[a-z_]+\b",  # codes
    re.IGNORECASE,
)
"""What is the same in every language."""
TIME_ZONES = re.compile(r'(?s)<select name="time_zone".*?</select>')
NOT_TRANSLATED = {
    "api/docs": "the API's reference is in English",
    "api/docs/": "the API's reference is in English",
}


@pytest.fixture
def world(db: None) -> Iterator[World]:
    logging.disable(logging.CRITICAL)  # of what GET refuses
    with override_settings(**QUIET):
        yield furnish("acme")
    logging.disable(logging.NOTSET)


def test_no_page_has_words_that_cannot_be_translated(world: World) -> None:
    client, headers = Client(), logged_in(world.people[Role.OWNER])
    of_tests = {str(action.label) for action in ACTIONS.values() if not isinstance(action.label, Promise)}
    faults: list[str] = []
    read = 0
    with pseudo.bracketed():
        for route in (each for each in all_routes() if _is_page(each)):
            path = route.path(values.arguments(route, world.slug, Things(world)))
            answer = client.get(path, headers=headers, follow=False)
            if answer.status_code >= 300 or "html" not in answer.headers["Content-Type"]:
                continue
            read += 1
            page = TIME_ZONES.sub("", answer.content.decode())
            texts = (DATA.sub("", text).strip() for text in pseudo.outside(page) if text not in of_tests)
            faults += [f"{route.pattern}: {text[:90]!r}" for text in texts if pseudo.LETTER.search(text)]

    assert read > 25
    assert not faults, "\n".join(dict.fromkeys(faults))


def _is_page(route: Route) -> bool:
    return route.kind in {"portal", "accounts", "public"} and route.pattern not in NOT_TRANSLATED


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("<h1>⟦Channels⟧</h1>", []),
        ("<h1>Channels</h1>", ["Channels"]),
        ("<p>⟦Ask <a title='x y'>an owner</a>.⟧</p>", []),
        ("<p>⟦Ask ⟦Ada⟧⟧, who knows.</p>", [", who knows."]),
        ("<input placeholder='Search'>", ["Search"]),
    ],
)
def test_what_stands_outside_of_brackets_is_found(page: str, found: list[str]) -> None:
    assert pseudo.outside(page) == found
