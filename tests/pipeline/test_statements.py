"""What a message and a page cost in statements, counted in a whole product, so that it does not rise unnoticed.

Not counted: BEGIN, COMMIT, savepoints and set_config. `make bench` prints the statements by step, and the aims.
"""

from collections.abc import Iterator

import pytest

from tests.bench.statements import message, pages
from tests.bench.statements.reading import Recording, recorded_stack

MESSAGE_LIMIT, TRANSACTIONS_LIMIT, PAGE_LIMIT = 30, 7, 12


@pytest.fixture(scope="module")
def recording() -> Iterator[Recording]:
    with recorded_stack() as recording:
        yield recording


def test_a_message_takes_no_more_statements_than_it_did(recording: Recording) -> None:
    for name, cost in message.measure(recording).items():
        assert cost.statements <= MESSAGE_LIMIT, (name, dict(cost.steps))
        assert cost.transactions <= TRANSACTIONS_LIMIT, name


def test_a_page_takes_no_more_statements_than_it_did(recording: Recording) -> None:
    found = pages.measure(recording)

    assert len(found) > 10
    assert max(found.values()) <= PAGE_LIMIT, found
