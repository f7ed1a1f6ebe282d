"""What an answer is: its text without thoughts, how it ended, what it used. An empty one is an error with a name."""

from pydantic_ai.messages import ModelResponse, TextPart

from agents.llm import cleaning, mending, wordings
from agents.llm.calls import Completion, LLMSilentError
from agents.models import Outcome
from tenants.wordings import Reason

MOST_ID = 120
CHARACTERS_PER_TOKEN = 16
"""More than any text needs: an answer beyond it did not keep to its limit."""
WHOLE = {
    "stop", "end_turn", "stop_sequence", "eos", "eos_token", "tool_calls", "tool_use", "function_call", "compaction",
    "done", "complete", "completed",
}  # fmt: skip
FILTERED = {"content_filter", "guardrail_intervened", "safety", "recitation", "blocked", "prohibited_content"}


def completion(name: str, response: ModelResponse, limit: int) -> Completion:
    """Read an answer of at most `limit` tokens. Raises LLMSilentError if it has nothing that anybody could see."""
    tokens = mending.tokens_of(response.usage)
    refusal = _detail(response, "refusal")
    text = refusal or "".join(part.content for part in response.parts if isinstance(part, TextPart))
    said = text.strip()
    kept = said[: limit * CHARACTERS_PER_TOKEN]
    outcome = Outcome.REFUSED if refusal else _outcome(_detail(response, "finish_reason"), is_cut=kept != said)
    if not cleaning.is_visible(kept):
        raise LLMSilentError(_silence(outcome, name, limit), tokens=tokens)
    return Completion(kept, tokens, cleaning.identifier(response.provider_response_id, MOST_ID), outcome)


def _silence(outcome: Outcome, name: str, limit: int) -> Reason:
    match outcome:
        case Outcome.CUT:
            return wordings.CUT_AT_ONCE(provider=name, limit=limit)
        case Outcome.REFUSED:
            return wordings.DECLINED(provider=name)
        case Outcome.FILTERED:
            return wordings.FILTERED(provider=name)
    return wordings.NOTHING_SAID(provider=name)


def _detail(response: ModelResponse, key: str) -> str:
    value = (response.provider_details or {}).get(key)
    return value if isinstance(value, str) else ""


def _outcome(finish_reason: str, *, is_cut: bool) -> Outcome:
    """An answer that ended for an unknown reason counts as cut off."""
    reason = finish_reason.lower()
    if reason == "refusal":
        return Outcome.REFUSED
    if reason in FILTERED:
        return Outcome.FILTERED
    return Outcome.WHOLE if reason in WHOLE and not is_cut else Outcome.CUT
