"""What a provider's failure means: the first row that fits, by status and by the provider's own code and words.

From the providers' documentation of errors: https://platform.openai.com/docs/guides/error-codes,
https://docs.anthropic.com/en/api/errors, https://ai.google.dev/gemini-api/docs/troubleshooting,
https://openrouter.ai/docs/api-reference/errors, https://docs.mistral.ai/api, https://docs.x.ai/docs/debugging
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic_ai import exceptions

from agents.llm import cleaning, mending
from agents.llm.calls import (
    LONGEST_WAIT,
    PROVIDERS,
    LLMBusyError,
    LLMError,
    LLMLostError,
    LLMRefusedError,
    LLMSpoiledError,
    LLMTooLongError,
)
from usage.tokens import Tokens

TRANSIENT = {408, 409, 425, 429, 498}
TOO_LONG = (
    "context_length", "context length", "context window", "context size", "prompt is too long", "input is too long",
    "reduce the length", "too many tokens", "input token count", "request_too_large",
)  # fmt: skip
DISABLED = (
    "account_deactivated", "organization_disabled", "organization_restricted", "organization has been disabled",
)  # fmt: skip
NO_CREDIT = (
    "insufficient_quota", "credit_balance_exhausted", "billing_hard_limit_reached", "billing_not_active",
    "spend_limit_exceeded", "usage_limit_exceeded", "credit balance is too low", "specified api usage limits",
    "spend limit", "spending limit", "insufficient balance", "insufficient credit", "out of credit",
    "run out of credits", "used all available credits", "key limit exceeded", "perday", "enable billing",
)  # fmt: skip
ABROAD = (
    "unsupported_country_region_territory", "country, region, or territory not supported",
    "user location is not supported", "request not allowed",
)  # fmt: skip
WRONG_KEY = ("incorrect api key", "invalid api key", "api_key_invalid", "invalid_api_key", "api key not valid")
NO_MODEL = ("model_not_found", "invalid_model", "invalid model", "model does not exist", "unknown model")
MESSAGES = {
    "too long": "{} cannot read a conversation this long: shorten the instructions.",
    "disabled": "This organisation was disabled by {}: ask them why.",
    "credit": "The {} account is out of credit or its limit is reached: top it up or raise the limit there.",
    "abroad": "{} cannot be used from this server's country.",
    "busy": "{} cannot answer right now.",
    "key": "{} does not accept the API key: check the key and its permissions.",
    "model": "{} does not know this model, or the key may not use it: choose another.",
    "permission": "{} accepts the API key, but it may not use this: check the key's permissions.",
}
HTTP_STATUS = re.compile("[45][0-9]{2}")
STATUSES = {
    "invalid_request_error": 400, "authentication_error": 401, "billing_error": 402, "permission_error": 403,
    "not_found_error": 404, "request_too_large": 413, "rate_limit_error": 429, "rate_limit_exceeded": 429,
    "api_error": 500, "server_error": 500, "timeout_error": 504, "overloaded_error": 529,
}  # fmt: skip
"""The status that an error has by its type, where it comes without one."""


@dataclass(frozen=True)
class Fault:
    """A failure as a provider tells it. status: HTTP's; words: code, type and message in lower case."""

    provider: str
    status: int
    words: str
    retry_after: float | None = None

    def says(self, *phrases: str) -> bool:
        return any(phrase in self.words for phrase in phrases)


def of(provider: str, error: Exception, *, secret: str = "") -> LLMError:
    """The failure that an exception of pydantic-ai, of an SDK or of ours is. secret: the key, to be scrubbed."""
    name = PROVIDERS[provider]
    if known := next((each for each in _causes(error) if isinstance(each, LLMError)), None):
        return known
    if isinstance(error, exceptions.ModelConnectionError):
        return _broken(name, error)
    if not isinstance(error, exceptions.ModelAPIError):
        told = f"{type(error).__name__}: {error}"
        message = f"{name} answered with something that is not an answer ({type(error).__name__})."
        return LLMSpoiledError(message, details=cleaning.details(told, secret))
    words = _words(error.body) or str(error)
    fault = Fault(provider, getattr(error, "status_code", 0), words.lower(), error.retry_after)
    found = _judged(fault, cleaning.details(f"HTTP {fault.status} {words}", secret))
    return _perhaps_billed(found) if error.in_stream or not fault.status else found


def inside(provider: str, answer: dict[str, Any]) -> LLMError:
    """The failure that came in an answer which began as a good one: the provider may have worked on it, and bill it."""
    error = answer.get("error")
    body: dict[str, Any] = error if isinstance(error, dict) else {"message": error}
    code = body.get("code")
    status = int(str(code)) if HTTP_STATUS.fullmatch(str(code)[:4]) else 0
    status = status or STATUSES.get(str(body.get("type")), STATUSES.get(str(code), 0))
    words = _words(answer)
    failure = _judged(Fault(provider, status, words.lower()), cleaning.details(f"HTTP 200 {words}"))
    return _perhaps_billed(failure, mending.reported(provider, answer))


def _perhaps_billed(failure: LLMError, tokens: Tokens | None = None) -> LLMError:
    if failure.is_maybe_billed or isinstance(failure, LLMTooLongError):
        return failure
    kind = LLMLostError if failure.is_transient else LLMSpoiledError
    return kind(str(failure), failure.retry_after, details=failure.details, tokens=tokens)


def _judged(fault: Fault, details: str) -> LLMError:
    row = _row(fault)
    message = MESSAGES[row].format(PROVIDERS[fault.provider]) if row else ""
    if row == "too long":
        return LLMTooLongError(message, details=details)
    if row == "busy":
        return LLMBusyError(message + _long_wait(fault), fault.retry_after, details=details)
    return LLMRefusedError(message or _rejected(fault), details=details)


def _long_wait(fault: Fault) -> str:
    """Nobody waits for that long an answer, but the operator wants to know."""
    wait = fault.retry_after or 0
    return f" It asks for a pause of {min(wait, 1e6):.0f} s." if wait > LONGEST_WAIT else ""


def _rejected(fault: Fault) -> str:
    name = PROVIDERS[fault.provider]
    return f"{name} rejects the request (HTTP {fault.status})." if fault.status else f"{name} reports an error."


def _row(fault: Fault) -> str:
    """The key of MESSAGES, or nothing: rejected for a reason of its own."""
    rows = {
        "too long": fault.status == 413 or (fault.status in {0, 400, 422} and fault.says(*TOO_LONG)),
        "disabled": fault.says(*DISABLED),
        "credit": _is_about_credit(fault),
        "abroad": fault.status in {400, 403} and fault.says(*ABROAD),
        "busy": fault.status in TRANSIENT or fault.status >= 500,
        "key": fault.status == 401 or (fault.status in {400, 403} and fault.says(*WRONG_KEY)),
        "model": fault.status == 404 or (fault.status in {400, 403} and fault.says(*NO_MODEL)),
        "permission": fault.status == 403,
    }
    return next((row for row, fits in rows.items() if fits), "")


def _is_about_credit(fault: Fault) -> bool:
    """Anthropic says nothing of waiting when a month's cap is reached."""
    if fault.status == 429 and fault.provider == "anthropic" and fault.retry_after is None:
        return True
    if fault.status == 403 and fault.says("credits"):
        return True
    return fault.status == 402 or (fault.status in {400, 403, 429} and fault.says(*NO_CREDIT))


def _broken(name: str, error: exceptions.ModelConnectionError) -> LLMError:
    """Before the connection stood nothing was asked; afterwards the request may have been worked on."""
    if error.phase in {"connect", "pool"}:
        return LLMBusyError(f"{name} cannot be reached.")
    return LLMLostError(f"The connection to {name} broke before its answer.")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and those that it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__


def _words(body: object) -> str:
    """Code, type and message of an error in the shapes of all providers: an object, a list of one, or plain text."""
    if isinstance(body, list):
        body = body[0] if body else ""
    if not isinstance(body, dict):
        return str(body or "")
    inner = body.get("error", body)
    if not isinstance(inner, dict):
        return str(inner or "")
    told = (inner.get(key) for key in ("code", "type", "status", "message", "detail", "details"))
    return " ".join(str(each) for each in told if each)
