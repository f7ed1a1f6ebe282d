"""Providers' answers brought into the shape that their SDKs expect: what we use of them, in the right types.

A provider's answer is outside input. What is not used is left out, what has a wrong type counts as not told, and an
answer without anything to read is a failure that keeps what was used.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydantic_ai.usage import RequestUsage

from agents.llm import cleaning, wordings
from agents.llm.calls import PROVIDERS, LLMSpoiledError
from usage.tokens import Tokens

Json = dict[str, Any]
MOST_ID = 120
LARGEST_COUNT = 10**12
PARTS = ("_details", "cache_creation", "server_tool_use")
"""Names, or ends of names, of what the SDKs read as an object of counts; all else is a count."""
UNREAD = {"iterations"}
REQUIRED: dict[str, Json] = {
    "openai": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    "anthropic": {"input_tokens": 0, "output_tokens": 0},
}
"""What the SDKs want to be there; a 0 is what was not told."""


def chat_completion(answer: Json) -> Json:
    """OpenAI's: https://platform.openai.com/docs/api-reference/chat/object. Raises LLMSpoiledError."""
    choice = next((each for each in _objects(answer.get("choices")) if isinstance(each.get("message"), dict)), None)
    if choice is None:
        raise _without_answer("openai", answer)
    message = choice["message"]
    content, refusal = _text(message.get("content")), _text(message.get("refusal")) or _refusal(message.get("content"))
    return {
        "id": cleaning.identifier(answer.get("id"), MOST_ID),
        "object": "chat.completion",
        "created": 0,
        "model": cleaning.identifier(answer.get("model"), MOST_ID),
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": content, "refusal": refusal or None},
                "finish_reason": cleaning.identifier(choice.get("finish_reason"), MOST_ID) or "stop",
            }
        ],
        "usage": REQUIRED["openai"] | _counts(answer.get("usage")),
    }


def message(answer: Json) -> Json:
    """Anthropic's: https://docs.anthropic.com/en/api/messages. Raises LLMSpoiledError."""
    content = answer.get("content")
    if not isinstance(content, str | list):
        raise _without_answer("anthropic", answer)
    return {
        "id": cleaning.identifier(answer.get("id"), MOST_ID),
        "type": "message",
        "role": "assistant",
        "model": cleaning.identifier(answer.get("model"), MOST_ID),
        "content": [{"type": "text", "text": _text(content)}],
        "stop_reason": cleaning.identifier(answer.get("stop_reason"), MOST_ID) or "end_turn",
        "stop_sequence": None,
        "usage": REQUIRED["anthropic"] | _counts(answer.get("usage")),
    }


def _without_answer(provider: str, answer: Json) -> LLMSpoiledError:
    return LLMSpoiledError(wordings.EMPTY_FRAME(provider=PROVIDERS[provider]), tokens=reported(provider, answer))


def tokens_of(usage: RequestUsage) -> Tokens:
    """pydantic-ai counts parts inside their whole for every provider; we keep them apart.

    Where the parts exceed the whole, that side counts as not told.
    """
    parts = usage.cache_read_tokens + usage.cache_write_tokens
    is_clear = max(parts, usage.input_audio_tokens) <= usage.input_tokens
    is_clear = is_clear and usage.cache_write_1h_tokens <= usage.cache_write_tokens
    output = usage.output_tokens if usage.output_audio_tokens <= usage.output_tokens else 0
    told = Tokens(output=output, output_audio=min(output, usage.output_audio_tokens))
    told = replace(told, reasoning=min(output, usage.output_reasoning_tokens))
    if not is_clear:
        return told
    return replace(
        told,
        input=usage.input_tokens - parts,
        cached_read=usage.cache_read_tokens,
        cache_write=usage.cache_write_tokens,
        cache_write_1h=usage.cache_write_1h_tokens,
        input_audio=usage.input_audio_tokens,
    )


def reported(provider: str, answer: Json) -> Tokens:
    """What an answer used from which nothing else can be read; nothing told is no tokens."""
    usage = REQUIRED[provider] | _counts(answer.get("usage"))
    flavor = "chat" if provider == "openai" else "default"
    found = RequestUsage.extract(
        {"model": "", "usage": usage}, provider=provider, provider_url="", provider_fallback=provider, api_flavor=flavor
    )
    return tokens_of(found)


def _counts(usage: object) -> Json:
    """The whole numbers in it, also one level down where the provider has parts; a number in quotes is one, too."""
    found: Json = {}
    for name, value in usage.items() if isinstance(usage, dict) else ():
        if str(name).endswith(PARTS):
            found[str(name)] = {part: count for part, count in _counts(value).items() if isinstance(count, int)}
        elif (count := _count(value)) is not None and name not in UNREAD:
            found[str(name)] = count
    return found


def _count(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 14:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_COUNT:
        return None
    return value


def _objects(values: object) -> Iterator[Json]:
    yield from (each for each in values if isinstance(each, dict)) if isinstance(values, list) else ()


def _text(content: object) -> str:
    """A text, or the texts among its parts: thoughts, calls and kinds that nobody knows are left out.

    pydantic-ai knows thoughts in tags, too, but would let those through that do not end.
    """
    parts = (part.get("text") for part in _objects(content) if part.get("type") in {"text", "output_text"})
    text = content if isinstance(content, str) else "".join(part for part in parts if isinstance(part, str))
    return cleaning.without_thoughts(cleaning.storable(text))


def _refusal(content: object) -> str:
    texts = (part.get("refusal") for part in _objects(content) if part.get("type") == "refusal")
    return cleaning.storable("".join(text for text in texts if isinstance(text, str)))
