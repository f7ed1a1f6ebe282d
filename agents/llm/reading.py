"""What an answer is: its text without thoughts, how it ended, what it used. Nothing said is a failure with a name."""

from pydantic_ai.messages import ModelResponse, TextPart

from agents.llm import cleaning, mending
from agents.llm.calls import Completion, LLMSilentError
from agents.models import Outcome

MOST_ID = 120
CHARACTERS_PER_TOKEN = 16
"""More than any text needs: an answer beyond it did not keep to its limit."""
WHOLE = {
    "stop", "end_turn", "stop_sequence", "eos", "eos_token", "tool_calls", "tool_use", "function_call", "compaction",
    "done", "complete", "completed",
}  # fmt: skip
FILTERED = {"content_filter", "guardrail_intervened", "safety", "recitation", "blocked", "prohibited_content"}
SILENCES = {
    Outcome.WHOLE: "{name} answered with nothing.",
    Outcome.CUT: "{name} came to the limit of {limit} tokens before its first word: give the employee a higher limit.",
    Outcome.REFUSED: "The model of {name} declined to answer.",
    Outcome.FILTERED: "{name}'s content filter held the answer back.",
}


def completion(name: str, response: ModelResponse, limit: int) -> Completion:
    """Read an answer that may have so many tokens. Raises LLMSilentError if there is nothing that anybody can see."""
    tokens = mending.tokens_of(response.usage)
    refusal = _detail(response, "refusal")
    text = refusal or "".join(part.content for part in response.parts if isinstance(part, TextPart))
    said = text.strip()
    kept = said[: limit * CHARACTERS_PER_TOKEN]
    outcome = Outcome.REFUSED if refusal else _outcome(_detail(response, "finish_reason"), is_cut=kept != said)
    if not cleaning.is_visible(kept):
        raise LLMSilentError(SILENCES[outcome].format(name=name, limit=limit), tokens=tokens)
    return Completion(kept, tokens, cleaning.identifier(response.provider_response_id, MOST_ID), outcome)


def _detail(response: ModelResponse, key: str) -> str:
    value = (response.provider_details or {}).get(key)
    return value if isinstance(value, str) else ""


def _outcome(finish_reason: str, *, is_cut: bool) -> Outcome:
    """A reason that nobody knows is none to take an answer for whole."""
    reason = finish_reason.lower()
    if reason == "refusal":
        return Outcome.REFUSED
    if reason in FILTERED:
        return Outcome.FILTERED
    return Outcome.WHOLE if reason in WHOLE and not is_cut else Outcome.CUT
