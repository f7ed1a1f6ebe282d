"""The edge to LLM providers: one request, one answer, usage in token classes, failures in three kinds.

One event loop in its own thread per process carries all calls (a client shared between threads' loops fails), with one
client per provider, key and base URL. SDK retries are off: the pipeline owns them.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, TypeVar

import anthropic
import openai
from django.conf import settings
from pydantic_ai import exceptions as failures
from pydantic_ai.direct import model_request
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    UserPromptPart,
)
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.settings import ModelSettings

from agents.prompts import Prompt
from usage.tokens import Tokens

T = TypeVar("T")


class LLMError(Exception):
    """A call that brought no answer. Its text names the provider, the cause and the fix."""

    is_transient = False
    """May the same call succeed later?"""
    is_maybe_billed = False
    """May the provider have charged for it?"""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LLMRefusedError(LLMError):
    """The provider said no, and will again: a wrong key, an unknown model, a request it rejects."""


class LLMBusyError(LLMError):
    """The provider said not now (429, 5xx), or could not be reached; `retry_after` in seconds if it told."""

    is_transient = True


class LLMLostError(LLMError):
    """The request went out and no usable answer came back: a timeout, a cut connection, garbage."""

    is_transient = True
    is_maybe_billed = True


@dataclass(frozen=True)
class Credential:
    """Whose key pays, and where it is sent."""

    api_key: str
    base_url: str


@dataclass(frozen=True)
class Completion:
    """An LLM's answer and what it used."""

    text: str
    tokens: Tokens
    request_id: str


class _Loop:
    """An event loop in a daemon thread, started on first use."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="llm", daemon=True).start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()


@cache
def _loop() -> _Loop:
    return _Loop()


def platform_credential(provider: str) -> Credential:
    """The platform's own key for a provider. Raises LLMRefusedError if there is none."""
    base_url = getattr(settings, f"{provider.upper()}_BASE_URL", "")
    api_key = getattr(settings, f"{provider.upper()}_API_KEY", "")
    if provider not in MODELS or not api_key:
        raise LLMRefusedError(
            f"This installation has no key for {provider}: choose another provider, or set {provider.upper()}_API_KEY."
        )
    return Credential(api_key, base_url)


def complete(prompt: Prompt, credential: Credential) -> Completion:
    """Ask an LLM once. Blocks the calling thread for at most settings.LLM_TOTAL_SECONDS; hold no transaction.

    Raises LLMRefusedError, LLMBusyError or LLMLostError.
    """
    return _loop().run(_complete(prompt, credential))


async def _complete(prompt: Prompt, credential: Credential) -> Completion:
    name = prompt.provider.capitalize() if prompt.provider != "openai" else "OpenAI"
    try:
        async with asyncio.timeout(settings.LLM_TOTAL_SECONDS):
            response = await model_request(
                _model(prompt.provider, prompt.model, credential),
                _messages(prompt),
                model_settings=ModelSettings(max_tokens=prompt.max_output_tokens),
            )
    except TimeoutError as error:
        raise LLMLostError(f"{name} did not answer within {settings.LLM_TOTAL_SECONDS:g} s.") from error
    except (failures.ModelAPIError, failures.UnexpectedModelBehavior) as error:
        raise _failure(name, error) from error
    return _completion(name, response)


def _completion(name: str, response: ModelResponse) -> Completion:
    text = "".join(part.content for part in response.parts if isinstance(part, TextPart)).strip()
    if not text:
        raise LLMLostError(f"{name} answered without a text.")
    return Completion(text, _tokens(response), response.provider_response_id or "")


def _tokens(response: ModelResponse) -> Tokens:
    """pydantic-ai counts cached reads and cache writes inside input for every provider; we keep them apart."""
    used = response.usage
    cached = used.cache_read_tokens + used.cache_write_tokens
    return Tokens(
        input=max(0, used.input_tokens - cached),
        cached_read=used.cache_read_tokens,
        cache_write=used.cache_write_tokens,
        output=used.output_tokens,
        reasoning=used.output_reasoning_tokens,
    )


def _failure(name: str, error: Exception) -> LLMError:
    """What a failure of pydantic-ai means to us: the first kind of REFUSALS or BUSY that it is, else lost."""
    if isinstance(error, failures.ModelConnectionError):
        return _connection_failure(name, error)
    for kind, message in REFUSALS.items():
        if isinstance(error, kind):
            return LLMRefusedError(message.format(name))
    if isinstance(error, BUSY) or getattr(error, "status_code", 0) >= 500:
        return LLMBusyError(f"{name} cannot answer right now: {error}", getattr(error, "retry_after", None))
    if isinstance(error, failures.ModelHTTPError):
        return LLMRefusedError(f"{name} rejects the request (HTTP {error.status_code}).")
    return LLMLostError(f"{name} answered with something that is not an answer.")


def _connection_failure(name: str, error: Exception) -> LLMError:
    """Before the connection stood nothing was asked; afterwards the request may have been worked on."""
    if getattr(error, "phase", None) == "connect":
        return LLMBusyError(f"{name} cannot be reached.")
    return LLMLostError(f"The connection to {name} broke before its answer.")


def _messages(prompt: Prompt) -> list[ModelMessage]:
    messages: list[ModelMessage] = [ModelRequest(parts=[SystemPromptPart(prompt.system)])]
    for message in prompt.messages:
        if message.is_from_employee:
            messages.append(ModelResponse(parts=[TextPart(message.text)]))
        else:
            messages.append(ModelRequest(parts=[UserPromptPart(message.text)]))
    return messages


@lru_cache(maxsize=256)
def _model(provider: str, model: str, credential: Credential) -> Model[Any]:
    return MODELS[provider](model, credential)


def _openai(model: str, credential: Credential) -> Model[Any]:
    timeout = openai.Timeout(settings.LLM_TOTAL_SECONDS, connect=settings.LLM_CONNECT_SECONDS)
    client = openai.AsyncOpenAI(
        api_key=credential.api_key, base_url=credential.base_url, max_retries=0, timeout=timeout
    )
    return OpenAIChatModel(model, provider=OpenAIProvider(openai_client=client))


def _anthropic(model: str, credential: Credential) -> Model[Any]:
    timeout = anthropic.Timeout(settings.LLM_TOTAL_SECONDS, connect=settings.LLM_CONNECT_SECONDS)
    client = anthropic.AsyncAnthropic(
        api_key=credential.api_key, base_url=credential.base_url, max_retries=0, timeout=timeout
    )
    return AnthropicModel(model, provider=AnthropicProvider(anthropic_client=client))


REFUSALS: dict[type[Exception], str] = {
    failures.ModelAuthenticationError: "{} does not accept the API key: check the key and its permissions.",
    failures.ModelNotFoundError: "{} does not know this model: choose another.",
    failures.ModelQuotaExceededError: "The {} account is out of credit: top it up there.",
    failures.ModelContextWindowExceededError: "{} cannot read a conversation this long: shorten the instructions.",
}
BUSY = (failures.ModelRateLimitError, failures.ModelUnavailableError, failures.ModelServerError)

MODELS: dict[str, Callable[[str, Credential], Model[Any]]] = {"openai": _openai, "anthropic": _anthropic}
"""Providers by name, as genai-prices names them."""
