"""`agents.sessions.*`. https://docs.slack.dev/reference/methods/agents.sessions.setStatus"""

from __future__ import annotations

from typing import Final

from sandbox.slack.methods.calls import Call, JsonObject, Method, RefusalError

STATUSES: Final = frozenset({"active", "processing", "suspended", "closed"})
LONGEST_TITLE: Final = 200
STOPPED: Final = "agent_session_stopped"


def set_status(call: Call) -> JsonObject:
    """Set a session's status, and begin it where there is none. Only apps that are agents may."""
    channel, status = call.channel("channel_id"), call.text("status")
    if "assistant:write" not in call.bearer.scopes:
        raise RefusalError("feature_disabled")
    if status not in STATUSES or len(call.text("title")) > LONGEST_TITLE:
        raise RefusalError("invalid_arguments")
    if not call.text("thread_ts"):
        raise RefusalError("invalid_thread_ts")
    initiator = call.text("initiator_user_id")
    session = call.slack.sessions.set(channel.id, call.text("thread_ts"), status, call.text("title"), initiator)
    answer: JsonObject = {"ok": True, "status": status, "agent_status": status, "title": session.title}
    if not call.slack.apps.owner_of(call.bearer.token).hears(STOPPED):
        answer["warning"] = f"missing_{STOPPED}_event_subscription"
    return answer


METHODS: Final = {"agents.sessions.setStatus": Method(set_status, ("chat:write",))}
