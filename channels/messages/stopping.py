"""How a worker ends: it takes nothing up any more, and what is under way is answered, or left to other workers."""

import logging

from django.conf import settings

from channels.messages.dispatch import dispatcher
from tenants.jobs import keeper

log = logging.getLogger(__name__)

LAND_AND_SEND_SECONDS = 25.0
"""What an answer needs after its LLM: to be landed, and to be sent within a call's time."""
ANSWER_SECONDS = 4.0
"""In an urgent stop, so long the LLMs have left."""
SETTLE_SECONDS = 4.0
"""And so long it may take to settle the calls that were given up."""


def begin(*, is_urgent: bool) -> None:
    """Take nothing up any more, and ask long jobs to stop. The leases of what goes on are kept.

    Returns at once; but in an urgent stop it drains, since Celery waits some seconds for its own tasks before it comes
    to that. A second signal, while an earlier one is waited for, gives up the calls under way.
    """
    keeper.stop_all()
    known = dispatcher()
    if known.is_closed and is_urgent:
        known.cancel()
    known.close()
    if is_urgent:
        drain(is_urgent=True)


def drain(*, is_urgent: bool) -> None:
    """Wait for what is under way, as long as an LLM may take, or in an urgent stop for a few seconds."""
    known = dispatcher()
    known.close()
    if not known.under_way:
        return
    log.info("Stopping: %d conversations are under way", known.under_way)
    patience = ANSWER_SECONDS if is_urgent else settings.LLM_TOTAL_SECONDS + LAND_AND_SEND_SECONDS
    if known.drain(patience):
        return
    known.cancel()
    if not known.drain(SETTLE_SECONDS):
        log.warning("Stopped with %d conversations under way: their leases run out", known.under_way)
