"""People see how far their employee is: the newest news only, in order, and nobody waits for it."""

import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from channels.progress.audience import Audience
from channels.progress.board import Board
from channels.progress.receipts import Pace
from channels.progress.stage import Stage
from channels.providers.base import DeliveryNotNowError, Progress
from channels.providers.capabilities import Capabilities
from channels.providers.shapes.sending import Account, Address
from tenants.jobs.pool import FairPool
from tests.pigeon.provider import NO_PERCH, Pigeon
from tests.waiting import eventually

What = Progress.What
TENANT = uuid4()


class Shows(Pigeon):
    """A provider that can show it. faults: what it raises first."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[tuple[str, What]] = []
        self.faults: list[Exception] = []

    capabilities = Capabilities(shows_progress=True)

    def progress(self, account: Account, address: Address, progress: Progress) -> None:
        self.shown.append((address["at"], progress.what))
        if self.faults:
            raise self.faults.pop(0)


@pytest.fixture
def board() -> Iterator[Board]:
    made = Board(FairPool(2, 2, "test"), most=3)
    yield made
    assert made.flush(5)


def teller(told: list[object], word: object, fault: Exception | None = None) -> Callable[[], None]:
    """News that note that they were told."""

    def tell() -> None:
        told.append(word)
        if fault:
            raise fault

    return tell


def test_only_the_newest_news_of_a_place_is_told(board: Board) -> None:
    gate, told = threading.Event(), list[object]()
    board.put(TENANT, "here", lambda: gate.wait(5))
    eventually(lambda: not board._news)
    for word in ("second", "third"):
        board.put(TENANT, "here", teller(told, word))
    gate.set()
    assert board.flush(5)
    assert told == ["third"]


def test_news_that_fail_hold_up_nothing_and_a_full_board_takes_no_further_place(board: Board) -> None:
    gate, told = threading.Event(), list[object]()
    for at in range(2):
        board.put(TENANT, at, lambda: gate.wait(5))
    eventually(lambda: not board._news)
    for at in range(2, 7):
        board.put(TENANT, at, teller(told, at, ZeroDivisionError()))
    gate.set()
    assert board.flush(5)
    assert sorted(told, key=str) == [2, 3, 4]


def test_an_end_that_the_provider_is_too_busy_for_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    provider: Any = Shows()
    connection = uuid4()
    provider.faults = [DeliveryNotNowError(NO_PERCH(), 0.01)]
    Audience(TENANT, connection, provider, Account("token"), {"at": "roof"}).show(Progress(What.DONE))
    eventually(lambda: provider.shown == [("roof", What.DONE)] * 2)


def test_who_waits_elsewhere_sees_the_end_before_the_next_begins() -> None:
    provider: Any = Shows()
    connection, stage = uuid4(), Stage()
    roof, loft = (Audience(TENANT, connection, provider, Account("token"), {"at": at}) for at in ("roof", "loft"))
    stage.begin(roof, Progress(What.WORKING))
    eventually(lambda: len(provider.shown) == 1)
    stage.begin(loft, Progress(What.WORKING))
    eventually(lambda: len(provider.shown) == 3)
    stage.ending = What.FAILED
    stage.end()
    stage.end()
    eventually(lambda: len(provider.shown) == 4)
    assert [what for at, what in provider.shown if at == "roof"] == [What.WORKING, What.DONE]
    assert [what for at, what in provider.shown if at == "loft"] == [What.WORKING, What.FAILED]


def test_in_a_rush_few_receipts_are_shown_so_that_the_webhook_keeps_its_pace() -> None:
    pace = Pace(2)
    assert [pace.has_room(7.5) for _ in range(4)] == [True, True, False, False]
    assert pace.has_room(8.1), "the next second has room again"
