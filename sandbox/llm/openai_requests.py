"""A Chat Completions request, checked as OpenAI checks it.

https://platform.openai.com/docs/api-reference/chat/create and https://github.com/openai/openai-openapi
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from sandbox.llm.answers import Conversation

ROLES: Final = ("system", "assistant", "user", "function", "tool", "developer")
MODELS_TEXT: Final = """
gpt-6.2-astra gpt-6.2-sol gpt-6.1-sol gpt-6.1-terra gpt-6-astra gpt-6-sol gpt-6-luna gpt-5.5 gpt-5.4 gpt-5.4-mini
gpt-5.4-nano gpt-5.2 gpt-5.1 gpt-5.1-mini gpt-5 gpt-5-mini gpt-5-nano gpt-4.1 gpt-4.1-mini gpt-4.1-nano gpt-4o
gpt-4o-mini o4-mini o3 o3-mini o1
"""
MODELS: Final = tuple(MODELS_TEXT.split())
EFFORTS: Final = {"none": 0, "minimal": 0, "low": 64, "medium": 128, "high": 256, "xhigh": 512}
CONTEXT_WINDOW: Final = 128_000


class BadRequestError(Exception):
    """An error in OpenAI's shape."""

    def __init__(
        self, message: str, param: str | None = None, code: str | None = None, status: int = 400, type_: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        error = {"message": message, "type": type_ or "invalid_request_error", "param": param, "code": code}
        self.body = {"error": error}


@dataclass(frozen=True)
class ChatRequest:
    """What the sandbox needs from a request. `max_tokens` limits the answer, including reasoning; 0 means no limit."""

    model: str
    messages: tuple[tuple[str, str], ...]
    max_tokens: int
    n: int
    reasoning: int
    stream: bool
    include_usage: bool

    @property
    def conversation(self) -> Conversation:
        """Instructions from system and developer messages, turns from the rest; skips tool results."""
        told = [text for role, text in self.messages if role in ("system", "developer")]
        turns = [(role, text) for role, text in self.messages if role in ("user", "assistant")]
        return Conversation.of("\n".join(told), turns)


def known_model(model: str) -> None:
    """Raise OpenAI's 404 for a model that OpenAI or the sandbox doesn't have; dated snapshots count as their model."""
    if model not in MODELS and not any(model.startswith(f"{known}-20") for known in MODELS):
        message = f"The model `{model}` does not exist or you do not have access to it."
        raise BadRequestError(message, None, "model_not_found", 404)


def is_reasoning(model: str) -> bool:
    """Whether a model reasons before it answers, and so accepts only `max_completion_tokens`."""
    return model.startswith(("o1", "o3", "o4", "gpt-5", "gpt-6"))


def parse(raw: bytes) -> ChatRequest:
    """Check a body. Raises BadRequestError."""
    body = _json(raw)
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise BadRequestError("you must provide a model parameter")
    known_model(model)
    _refuse_unsupported(body)
    _check_ranges(body)
    stream = body.get("stream") is True
    return ChatRequest(
        model=model,
        messages=_messages(body),
        max_tokens=_max_tokens(body, model),
        n=body.get("n") or 1,
        reasoning=_reasoning(body, model),
        stream=stream,
        include_usage=_include_usage(body, stream),
    )


def _json(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise BadRequestError("We could not parse the JSON body of your request. The API expects a JSON payload.")
    return body


def _refuse_unsupported(body: dict[str, Any]) -> None:
    """A clear refusal is better than an answer that no real model would give."""
    choice = body.get("tool_choice")
    if choice == "required" or isinstance(choice, dict):
        raise BadRequestError(
            "The sandbox accepts tools but calls none: use tool_choice 'auto' or 'none'.", "tool_choice"
        )
    response_format = body.get("response_format")
    if isinstance(response_format, dict) and response_format.get("type") not in (None, "text"):
        raise BadRequestError("The sandbox only answers in text: leave out response_format.", "response_format")


def _check_ranges(body: dict[str, Any]) -> None:
    limits = {
        "temperature": (0, 2),
        "top_p": (0, 1),
        "n": (1, 128),
        "presence_penalty": (-2, 2),
        "frequency_penalty": (-2, 2),
    }
    for name, (low, high) in limits.items():
        value = body.get(name)
        if value is None:
            continue
        kind = "integer" if name == "n" else "decimal"
        if isinstance(value, bool) or not isinstance(value, int if name == "n" else (int, float)):
            raise BadRequestError(
                f"Invalid type for '{name}': expected a {kind}, but got {_kind(value)} instead.", name, "invalid_type"
            )
        _check_range(name, kind, value, low, high)


def _check_range(name: str, kind: str, value: float, low: float, high: float) -> None:
    side, bound, code = ("<=", high, "above_max") if value > high else (">=", low, "below_min")
    if value > high or value < low:
        message = (
            f"Invalid '{name}': {kind} {code.replace('_', ' ')} value. "
            f"Expected a value {side} {bound}, but got {value} instead."
        )
        raise BadRequestError(message, name, f"{kind}_{code}_value")


def _messages(body: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    messages = body.get("messages")
    if messages is None:
        raise BadRequestError("Missing required parameter: 'messages'.", "messages", "missing_required_parameter")
    if not isinstance(messages, list):
        text = f"Invalid type for 'messages': expected an array of objects, but got {_kind(messages)} instead."
        raise BadRequestError(text, "messages", "invalid_type")
    if not messages:
        text = (
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead."
        )
        raise BadRequestError(text, "messages", "empty_array")
    return tuple(_message(f"messages[{index}]", message) for index, message in enumerate(messages))


def _message(where: str, message: Any) -> tuple[str, str]:
    if not isinstance(message, dict):
        text = f"Invalid type for '{where}': expected an object, but got {_kind(message)} instead."
        raise BadRequestError(text, where, "invalid_type")
    role = message.get("role")
    if role is None:
        raise BadRequestError(
            f"Missing required parameter: '{where}.role'.", f"{where}.role", "missing_required_parameter"
        )
    if role not in ROLES:
        allowed = ", ".join(f"'{known}'" for known in ROLES[:-1]) + f", and '{ROLES[-1]}'"
        raise BadRequestError(
            f"Invalid value: '{role}'. Supported values are: {allowed}.", f"{where}.role", "invalid_value"
        )
    return role, _content(f"{where}.content", role, message)


def _content(where: str, role: str, message: dict[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, list) and content:
        return "\n".join(_part(f"{where}[{index}]", part) for index, part in enumerate(content))
    if content is None and role == "assistant":
        return ""
    text = f"Invalid value for 'content': expected a string, got {_kind(content)}."
    if content is None:
        raise BadRequestError(text, where)
    text = (
        f"Invalid type for '{where}': expected one of a string or array of objects, but got {_kind(content)} instead."
    )
    raise BadRequestError(text, where, "invalid_type")


def _part(where: str, part: Any) -> str:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "text" and isinstance(part.get("text"), str):
        return str(part["text"])
    if kind == "refusal":
        return ""
    raise BadRequestError(
        f"Invalid value: '{kind}'. The sandbox reads parts of type 'text' only.", f"{where}.type", "invalid_value"
    )


def _max_tokens(body: dict[str, Any], model: str) -> int:
    if body.get("max_tokens") is not None and is_reasoning(model):
        text = (
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        )
        raise BadRequestError(text, "max_tokens", "unsupported_parameter")
    for name in ("max_completion_tokens", "max_tokens"):
        value = body.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            text = f"Invalid type for '{name}': expected an integer, but got {_kind(value)} instead."
            raise BadRequestError(text, name, "invalid_type")
        _check_range(name, "integer", value, 1, CONTEXT_WINDOW)
        return value
    return 0


def _reasoning(body: dict[str, Any], model: str) -> int:
    effort = body.get("reasoning_effort") or "medium"
    if effort not in EFFORTS:
        text = f"Invalid value: '{effort}'. Supported values are: {', '.join(repr(known) for known in EFFORTS)}."
        raise BadRequestError(text, "reasoning_effort", "invalid_value")
    return EFFORTS[effort] if is_reasoning(model) else 0


def _include_usage(body: dict[str, Any], stream: bool) -> bool:
    options = body.get("stream_options")
    if options is not None and not stream:
        raise BadRequestError(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options"
        )
    return bool(isinstance(options, dict) and options.get("include_usage"))


def _kind(value: Any) -> str:
    kinds = {
        bool: "a boolean",
        int: "an integer",
        float: "a decimal",
        str: "a string",
        list: "an array",
        dict: "an object",
    }
    return kinds.get(type(value), "null")
