"""A Slack thread as an agent's session: what people see there while an employee works.

A session has a status, which brings the button to stop; a line below the thread says what the agent is doing.
https://docs.slack.dev/ai/agent-sessions and https://docs.slack.dev/reference/methods/assistant.threads.setStatus
"""

import hashlib
import logging
import threading
import time
from collections.abc import Callable

from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

from channels.providers.base import DeliveryRefusedError, Progress
from channels.providers.shapes.sending import Account, Address
from channels.providers.slack.calls import client, failures

What = Progress.What
LONGEST_TITLE = 200
THINKING, RETRYING = "is thinking …", "is trying again …"
TIMEOUT_SECONDS = 5
NOT_HERE = {
    "access_denied",
    "feature_disabled",
    "feature_not_enabled",
    "method_not_supported_for_channel_type",
    "missing_scope",
    "no_permission",
    "not_allowed_token_type",
    "not_authorized",
    "unknown_method",
}
"""This app has no sessions in this Slack, or not the scope for them: people are answered without."""
REMEMBERED_SECONDS = 600.0
MOST_REMEMBERED = 1_000

QUIET = logging.getLogger("channels.slack.sessions")
QUIET.disabled = True
"""The SDK logs each failure. Whoever shows progress logs the first one."""
Call = Callable[[WebClient], SlackResponse]
_lock = threading.Lock()
_without: dict[tuple[str, str], float] = {}
"""What Slack does not let an app do, by a digest of its token and the method, with the time until which it counts."""


def show(account: Account, address: Address, progress: Progress) -> None:
    """Set the status of the session at this address, and say what the employee is doing. Raises DeliveryError."""
    channel, thread_ts = address.get("channel", ""), address.get("thread_ts", "")
    if not channel or not thread_ts:
        return

    def say(words: str) -> None:
        _call(
            account,
            "assistant.threads.setStatus",
            lambda slack: slack.assistant_threads_setStatus(channel_id=channel, thread_ts=thread_ts, status=words),
        )

    def be(status: str, **new: str) -> None:
        _call(
            account,
            "agents.sessions.setStatus",
            lambda slack: slack.agents_sessions_setStatus(
                channel_id=channel, thread_ts=thread_ts, status=status, **new
            ),
        )

    match progress.what:
        case What.RECEIVED | What.WORKING:
            say(THINKING)
            be("processing", **_of_new(progress))
        case What.WAITING:
            say(RETRYING)
        case What.DONE | What.FAILED:
            be("active")
            say("")


def _of_new(progress: Progress) -> dict[str, str]:
    """What Slack takes of a session that begins, and ignores of any other."""
    told = {"title": progress.title[:LONGEST_TITLE], "initiator_user_id": progress.asked_by}
    return {name: value for name, value in told.items() if value}


def _call(account: Account, method: str, call: Call) -> None:
    """Unless Slack has refused it to this app a while ago."""
    key, now = (hashlib.sha256(account.token.encode()).hexdigest(), method), time.monotonic()
    if _without.get(key, 0.0) > now:
        return
    try:
        with failures():
            call(client(account.token, TIMEOUT_SECONDS, QUIET))
    except DeliveryRefusedError as refusal:
        if refusal.code not in NOT_HERE:
            raise
        with _lock:
            if len(_without) >= MOST_REMEMBERED:
                _without.clear()
            _without[key] = now + REMEMBERED_SECONDS
