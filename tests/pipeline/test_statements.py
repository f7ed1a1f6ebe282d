"""What a message and a page cost in statements, counted in a whole product, so that it does not rise unnoticed.

Not counted: BEGIN, COMMIT, savepoints and set_config. `make bench` prints the statements by step, and the aims.
"""

from collections.abc import Iterator

import pytest

from tests.bench.statements import message, pages
from tests.bench.statements.reading import Recording, recorded_stack

MESSAGE_LIMIT, TRANSACTIONS_LIMIT, PAGE_LIMIT = 30, 7, 12
EVENTS = 3
"""Of a message in Slack: the mention, the message, and our own reply."""
LOOKS = "Dispatcher._look"
"""One statement for many messages. How often a message has it depends on how far apart its events come."""


@pytest.fixture(scope="module")
def recording() -> Iterator[Recording]:
    with recorded_stack() as recording:
        yield recording


def test_a_message_takes_no_more_statements_than_it_did(recording: Recording) -> None:
    for name, cost in message.measure(recording).items():
        looks = sum(number for (step, _), number in cost.steps.items() if LOOKS in step)
        assert cost.statements - looks + 1 <= MESSAGE_LIMIT, (name, dict(cost.steps))
        assert cost.transactions - looks + 1 <= TRANSACTIONS_LIMIT, (name, dict(cost.steps))
        assert looks <= 1 + EVENTS, name


def test_a_page_takes_no_more_statements_than_it_did(recording: Recording) -> None:
    found = pages.measure(recording)

    assert len(found) > 10
    assert max(found.values()) <= PAGE_LIMIT, found
