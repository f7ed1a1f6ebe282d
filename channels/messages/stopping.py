"""How a worker ends: it takes nothing up any more, and what is under way is answered, or left to other workers."""

import logging
import threading
import time

from django.conf import settings

from channels.messages.dispatch import dispatcher
from channels.progress.board import board
from tenants.jobs import keeper

log = logging.getLogger(__name__)

LAND_AND_SEND_SECONDS = 25.0
"""What an answer needs after its LLM: to be landed, and to be sent within a call's time."""
ANSWER_SECONDS = 4.0
"""In an urgent stop, so long the LLMs have left."""
SETTLE_SECONDS = 4.0
"""And so long it may take to settle the calls that were given up."""

SHOW_SECONDS = 1.0
"""And so long people are shown what became of it."""

_begun = threading.Event()
_begun_at = 0.0


def begin(*, is_urgent: bool) -> None:
    """Take nothing up any more, and ask long jobs to stop. The leases of what goes on are kept.

    is_urgent: calls still under way after ANSWER_SECONDS are given up; on a second signal, while an earlier one is
    waited for, at once. Waits for that, so each signal needs a thread of its own.
    """
    is_second = _begun.is_set()
    _note()
    keeper.stop_all()
    known = dispatcher()
    known.close()
    if is_urgent and (is_second or not known.drain(ANSWER_SECONDS)):
        known.cancel()


def drain(*, is_urgent: bool) -> None:
    """Wait for what is under way, as long as an LLM may take, or in an urgent stop for a few seconds in all."""
    _drain(is_urgent=is_urgent)
    board().flush(SHOW_SECONDS)


def _drain(*, is_urgent: bool) -> None:
    _note()
    known = dispatcher()
    known.close()
    if not known.under_way:
        return
    log.info("Stopping: %d conversations are under way", known.under_way)
    patience = ANSWER_SECONDS if is_urgent else settings.LLM_TOTAL_SECONDS + LAND_AND_SEND_SECONDS
    if known.drain(patience - (time.monotonic() - _begun_at)):
        return
    known.cancel()
    if not known.drain(SETTLE_SECONDS):
        log.warning("Stopped with %d conversations under way: their leases run out", known.under_way)


def _note() -> None:
    global _begun_at  # noqa: PLW0603 - a process ends once
    if not _begun.is_set():
        _begun_at = time.monotonic()
        _begun.set()
