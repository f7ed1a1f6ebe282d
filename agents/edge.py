"""LLM calls by pydantic-ai over the providers' own SDKs, whose retries are off: the pipeline owns them.

One client per provider, model, key and base URL. Loaded by agents.llm on first use.
"""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Any

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

from agents.llm import (
    PROVIDERS,
    Completion,
    Credential,
    LLMBusyError,
    LLMError,
    LLMLostError,
    LLMRefusedError,
)
from agents.prompts import Prompt
from usage.tokens import Tokens


async def complete(prompt: Prompt, credential: Credential) -> Completion:
    """Ask an LLM once, within settings.LLM_TOTAL_SECONDS. Raises agents.llm.LLMError in one of its kinds."""
    name = PROVIDERS[prompt.provider]
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
    return _completion(response)


def _completion(response: ModelResponse) -> Completion:
    text = "".join(part.content for part in response.parts if isinstance(part, TextPart)).strip()
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
        return LLMBusyError(f"{name} cannot answer right now.", getattr(error, "retry_after", None))
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
"""How a model is made, for each of PROVIDERS."""
