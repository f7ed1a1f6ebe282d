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

from agents.llm import cleaning, mending, wordings
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
from tenants.wordings import Reason, Wording
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
HTTP_STATUS = re.compile("[45][0-9]{2}")
STATUSES = {
    "invalid_request_error": 400, "authentication_error": 401, "billing_error": 402, "permission_error": 403,
    "not_found_error": 404, "request_too_large": 413, "rate_limit_error": 429, "rate_limit_exceeded": 429,
    "api_error": 500, "server_error": 500, "timeout_error": 504, "overloaded_error": 529,
}  # fmt: skip
"""The status that an error has by its type, where it comes without one."""


@dataclass(frozen=True)
class Fault:
    """A failure as the provider reports it. status: HTTP's; words: code, type and message in lower case."""

    provider: str
    status: int
    words: str
    retry_after: float | None = None

    def says(self, *phrases: str) -> bool:
        return any(phrase in self.words for phrase in phrases)


def of(provider: str, error: Exception, *, secret: str = "") -> LLMError:
    """What an exception of pydantic-ai, of an SDK or of ours means. secret: the key, to be left out of the log."""
    name = PROVIDERS[provider]
    if known := next((each for each in _causes(error) if isinstance(each, LLMError)), None):
        return known
    if isinstance(error, exceptions.ModelConnectionError):
        return _broken(name, error)
    if not isinstance(error, exceptions.ModelAPIError):
        kind = type(error).__name__
        reason = wordings.ODD_ANSWER(provider=name, error=kind)
        return LLMSpoiledError(reason, details=cleaning.details(f"{kind}: {error}", secret))
    words = _words(error.body) or str(error)
    fault = Fault(provider, getattr(error, "status_code", 0), words.lower(), error.retry_after)
    found = _judged(fault, cleaning.details(" ".join(("HTTP", str(fault.status), words)), secret))
    return _perhaps_billed(found) if error.in_stream or not fault.status else found


def inside(provider: str, answer: dict[str, Any]) -> LLMError:
    """An error inside an answer that began well: the provider may have worked on it, and may bill it."""
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
    return kind(failure.reason, failure.retry_after, details=failure.details, tokens=tokens)


def _judged(fault: Fault, details: str) -> LLMError:
    meaning = _meaning(fault)
    if meaning is wordings.TOO_LONG:
        return LLMTooLongError(meaning(provider=PROVIDERS[fault.provider]), details=details)
    if meaning is wordings.BUSY:
        return LLMBusyError(_busy(fault), fault.retry_after, details=details)
    reason = meaning(provider=PROVIDERS[fault.provider]) if meaning else _rejected(fault)
    return LLMRefusedError(reason, details=details)


def _busy(fault: Fault) -> Reason:
    """Nobody waits that long for an answer, but staff want to know."""
    name, wait = PROVIDERS[fault.provider], fault.retry_after or 0
    if wait <= LONGEST_WAIT:
        return wordings.BUSY(provider=name)
    return wordings.BUSY_FOR_LONG(provider=name, seconds=round(min(wait, 1e6)))


def _rejected(fault: Fault) -> Reason:
    name = PROVIDERS[fault.provider]
    if not fault.status:
        return wordings.REPORTED(provider=name)
    return wordings.REJECTED(provider=name, status=fault.status)


def _meaning(fault: Fault) -> Wording | None:
    """What it means, or None: rejected for a reason of its own."""
    rows = (
        (wordings.TOO_LONG, fault.status == 413 or (fault.status in {0, 400, 422} and fault.says(*TOO_LONG))),
        (wordings.DISABLED, fault.says(*DISABLED)),
        (wordings.NO_CREDIT, _is_about_credit(fault)),
        (wordings.ABROAD, fault.status in {400, 403} and fault.says(*ABROAD)),
        (wordings.BUSY, fault.status in TRANSIENT or fault.status >= 500),
        (wordings.WRONG_KEY, fault.status == 401 or (fault.status in {400, 403} and fault.says(*WRONG_KEY))),
        (wordings.NO_MODEL, fault.status == 404 or (fault.status in {400, 403} and fault.says(*NO_MODEL))),
        (wordings.NOT_PERMITTED, fault.status == 403),
    )
    return next((wording for wording, fits in rows if fits), None)


def _is_about_credit(fault: Fault) -> bool:
    """Anthropic sends no retry-after when a month's cap is reached."""
    if fault.status == 429 and fault.provider == "anthropic" and fault.retry_after is None:
        return True
    if fault.status == 403 and fault.says("credits"):
        return True
    return fault.status == 402 or (fault.status in {400, 403, 429} and fault.says(*NO_CREDIT))


def _broken(name: str, error: exceptions.ModelConnectionError) -> LLMError:
    """Without a connection nothing was asked; after that the provider may have worked on the request."""
    if error.phase in {"connect", "pool"}:
        return LLMBusyError(wordings.UNREACHABLE(provider=name))
    return LLMLostError(wordings.CUT_OFF(provider=name))


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
