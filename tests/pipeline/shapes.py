"""Faulty LLM provider answers, as seen in their documentation and in bug reports."""

import json
from typing import Any

Json = dict[str, Any]
USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
TOLD = {"input_tokens": 100, "output_tokens": 20}
HUGE = 10**6
PAGE = "<!DOCTYPE html><html><body><h1>Attention required</h1></body></html>"


def openai(message: Any = None, **changes: Any) -> str:
    """OpenAI's answer, with changes; a change to `...` leaves the field out."""
    message = {"role": "assistant", "content": "We open at 7."} if message is None else message
    whole: Json = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_764_000_000,
        "model": "gpt-4.1-mini",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": USAGE,
    } | changes
    return json.dumps({name: value for name, value in whole.items() if value is not ...})


def claude(**changes: Any) -> str:
    whole: Json = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": [{"type": "text", "text": "We open at 7."}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": TOLD,
    } | changes
    return json.dumps({name: value for name, value in whole.items() if value is not ...})


def said(text: Any, finish_reason: str = "stop", **more: Any) -> str:
    message = {"role": "assistant", "content": text, **more}
    return openai(choices=[{"index": 0, "message": message, "finish_reason": finish_reason}])


READABLE = {
    "an id of 200 characters": openai(id="x" * 200),
    "an id of a million characters": openai(id="x" * HUGE),
    "an id with NULs and lone surrogates": '{"id": "a\\u0000b\\ud800c", ' + openai(id=...)[1:],
    "an id that is a number": openai(id=7),
    "no id": openai(id=...),
    "a model that is a list": openai(model=["gpt"]),
    "created as text": openai(created="yesterday"),
    "no created": openai(created=...),
    "NULs in the text": said("We open\0 at 7."),
    "a lone surrogate in the text": said("We open at 7.\ud83d"),
    "a custom tool call beside the text": said(
        "We open at 7.", tool_calls=[{"id": "c", "type": "custom", "custom": {"name": "run", "input": "x"}}]
    ),
    "tool calls that are text": said("We open at 7.", tool_calls="none"),
    "an unknown content part": said([{"type": "hologram", "data": 1}, {"type": "text", "text": "We open at 7."}]),
    "parts that are no objects": said([None, 3, {"type": "text", "text": "We open at 7."}]),
    "a choice that is none before the one that is": openai(
        choices=[None, {"index": 0, "message": {"role": "assistant", "content": "We open at 7."}}]
    ),
    "no finish reason": openai(choices=[{"message": {"content": "We open at 7."}}]),
    "a finish reason that is a number": openai(choices=[{"message": {"content": "We open at 7."}, "finish_reason": 1}]),
    "reasoning that is a list": said("We open at 7.", reasoning=[{"text": "Hm."}]),
    "thoughts in tags": said("<think>Ben asks. Shop\nopens at 7.</think>\n\nWe open at 7."),
    "thoughts in capitals": said("<THINKING>secret</THINKING>We open at 7."),
    "thoughts whose beginning is in the template": said("Ben asks for hours.\n</think>\nWe open at 7."),
    "thoughts in a thought": said("<think>a<think>b</think>c</think>We open at 7."),
    "thoughts that do not end": said("We open at 7.<think>Or is it 8? Let me"),
    "Mistral's thoughts": said("[THINK]Hm.[/THINK]We open at 7."),
    "harmony's channels": said(
        "<|channel|>analysis<|message|>Hours.<|end|>"
        "<|start|>assistant<|channel|>final<|message|>We open at 7.<|return|>"
    ),
    "annotations and logprobs of any kind": openai(
        choices=[{"message": {"content": "We open at 7.", "annotations": 3, "audio": "x"}, "logprobs": "y"}]
    ),
    "a service tier that nobody knows": openai(service_tier={"a": 1}),
    "a byte order mark": "\ufeff" + openai(),
}


UNREADABLE: dict[str, tuple[str, str]] = {
    "no choice": (openai(choices=[]), "OpenAI sent a response without an answer in it."),
    "no choices": (openai(choices=...), "OpenAI sent a response without an answer in it."),
    "choices that are an object": (openai(choices={"0": 1}), "OpenAI sent a response without an answer in it."),
    "a choice without a message": (openai(choices=[{"index": 0}]), "OpenAI sent a response without an answer in it."),
    "null as content": (said(None), "OpenAI answered with nothing."),
    "a number as content": (said(7), "OpenAI answered with nothing."),
    "blanks": (said(" \n\t "), "OpenAI answered with nothing."),
    "marks without width": (said("\u200b\u2060\ufeff"), "OpenAI answered with nothing."),
    "only thoughts": (said("<think>Ben asks for hours."), "OpenAI answered with nothing."),
    "only a tool call": (
        said(None, tool_calls=[{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]),
        "OpenAI answered with nothing.",
    ),
    "its limit used up by thoughts": (
        said("", "length"),
        "OpenAI reached the limit of 1000 tokens before its first word: give the employee a higher limit.",
    ),
    "all filtered": (said(None, "content_filter"), "OpenAI's content filter held the answer back."),
    "a list": ("[1, 2, 3]", "OpenAI sent something that is not an answer."),
    "a number": ("42", "OpenAI sent something that is not an answer."),
    "null": ("null", "OpenAI sent something that is not an answer."),
    "three million bytes": (
        said("x" * 3_000_000), "OpenAI sent more than any answer can be (2,000,000 bytes).",
    ),
    "an error inside of a 200": (
        json.dumps({"error": {"message": "This content is not allowed.", "code": 403}, "usage": USAGE}),
        "OpenAI accepts the API key, but it may not use this: check the key's permissions.",
    ),
    "an error as a text": ('{"error": "Something"}', "OpenAI reports an error."),
}  # fmt: skip


NOT_WHOLE = {
    "cut": (said("We open at", "length"), "We open at"),
    "filtered": (said("We open at", "content_filter"), "We open at"),
    "refused": (said(None, refusal="I can't help with that."), "I can't help with that."),
}


OUTAGES: dict[str, Json] = {
    "a page with 200": {"body": PAGE, "headers": {"content-type": "text/html"}},
    "a page that calls itself JSON": {"body": PAGE},
    "a page with 403": {"body": PAGE, "status": 403, "headers": {"content-type": "text/html"}},
    "a page with 404": {"body": PAGE, "status": 404},
    "a page with 502": {"body": PAGE, "status": 502},
    "a redirect": {"status": 307, "headers": {"location": "https://elsewhere.test/"}},
    **{f"HTTP {status}": {"body": '{"error": {"message": "x"}}', "status": status}
       for status in (408, 409, 425, 429, 498, 500, 503, 504, 529)},
}  # fmt: skip


LOST: dict[str, Json] = {
    "half of a JSON": {"body": openai()[:80]},
    "nothing": {"body": "", "status": 200},
    "a stream that nobody asked for": {
        "body": 'data: {"error": {"message": "x"}}\n\n', "headers": {"content-type": "text/event-stream"},
    },
    "a body that breaks off": {"body": openai(), "cut_after": 60},
    "an answer that is packed": {"body": openai(), "headers": {"content-encoding": "gzip"}},
    "an overload in a 200": {"body": json.dumps({"error": {"code": 502, "message": "Provider returned error"}})},
}  # fmt: skip


REFUSALS: dict[str, tuple[int, Json, str]] = {
    "key": (401, {"message": "Wrong: sk-abcdefghij", "code": "invalid_api_key"}, "OpenAI does not accept"),
    "xAI's key": (400, {"message": "Incorrect API key provided"}, "OpenAI does not accept the API key"),
    "quota": (429, {"message": "x", "code": "insufficient_quota"}, "The OpenAI account is out of credit"),
    "billing": (429, {"message": "x", "code": "billing_not_active"}, "The OpenAI account is out of credit"),
    "OpenRouter's limit": (403, {"message": "Key limit exceeded"}, "The OpenAI account is out of credit"),
    "payment": (402, {"message": "x"}, "The OpenAI account is out of credit"),
    "country": (403, {"message": "x", "code": "unsupported_country_region_territory"}, "OpenAI cannot be used from"),
    "scope": (403, {"message": "x", "code": "missing_scope"}, "OpenAI accepts the API key, but it may not"),
    "model": (404, {"message": "x", "code": "model_not_found"}, "OpenAI does not know this model"),
    "Mistral's model": (400, {"message": "Invalid model: x", "type": "invalid_model"}, "OpenAI does not know this"),
    "disabled": (401, {"message": "x", "code": "account_deactivated"}, "OpenAI disabled this organisation"),
    "rejected": (400, {"message": "Unsupported parameter"}, "OpenAI rejects the request (HTTP 400)."),
}  # fmt: skip
