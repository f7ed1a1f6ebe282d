"""LLM calls by pydantic-ai over the providers' own SDKs, whose retries are off: the pipeline owns them.

One client per provider, model, key and base URL. Loaded by `calls` on first use. What comes back passes through `wire`
(bytes), `mending` (shape) and `reading` (meaning), what fails through `failures`.
"""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import anthropic
import openai
from django.conf import settings
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
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.settings import ModelSettings

from agents.llm import failures, mending, reading, streaming
from agents.llm.calls import PROVIDERS, Completion, Credential, LLMLostError, Sink, timed_out
from agents.llm.request import Prompt
from agents.llm.wire import PlainClient

OPENAI_HOST = "api.openai.com"
THINKING_TOKENS = 4_000
"""What an answer may use on top where thinking cannot be switched off: otherwise thoughts would use up its limit."""


async def complete(prompt: Prompt, credential: Credential, sink: Sink | None = None) -> Completion:
    """Ask an LLM once, within settings.LLM_TOTAL_SECONDS. Raises agents.llm.calls.LLMError in one of its kinds.

    sink: gets the answer's words as they come.
    """
    name = PROVIDERS[prompt.provider]
    try:
        async with asyncio.timeout(settings.LLM_TOTAL_SECONDS):
            model = _model(prompt.provider, prompt.model, credential)
            with streaming.told_to(sink):
                response = await model_request(model, _messages(prompt), model_settings=_settings(prompt))
        return reading.completion(name, response, prompt.max_output_tokens)
    except TimeoutError as error:
        raise LLMLostError(timed_out(name)) from error
    except Exception as error:  # the SDKs do not say what they raise for an odd answer
        raise failures.of(prompt.provider, error, secret=credential.api_key) from error


def output_limit(provider: str, model: str, wanted: int) -> int:
    """The limit to send, and so the most output tokens that a call can be billed for, for an answer of `wanted`."""
    return wanted + (THINKING_TOKENS if _profile(provider, model).get("thinking_always_enabled") else 0)


def _profile(provider: str, model: str) -> ModelProfile:
    made = PROFILES[provider](model) if provider in PROFILES else None
    return made or ModelProfile()


def _settings(prompt: Prompt) -> ModelSettings:
    """Reasoning is billed as output and nobody reads it: ask for none, or for little if the model insists."""
    profile = _profile(prompt.provider, prompt.model)
    chosen = ModelSettings(max_tokens=output_limit(prompt.provider, prompt.model, prompt.max_output_tokens))
    if profile.get("thinking_always_enabled"):
        chosen["thinking"] = "low"
    elif profile.get("thinking_enabled_by_default"):
        chosen["thinking"] = False
    return chosen


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
    client = openai.AsyncOpenAI(
        api_key=credential.api_key,
        base_url=credential.base_url,
        max_retries=0,
        timeout=openai.Timeout(settings.LLM_TOTAL_SECONDS, connect=settings.LLM_CONNECT_SECONDS),
        http_client=PlainClient("openai", mending.chat_completion),
    )
    made = OpenAIChatModel(model, provider=OpenAIProvider(openai_client=client))
    if _takes_max_completion_tokens(made, credential):
        return made
    profile = OpenAIModelProfile(openai_chat_supports_max_completion_tokens=False)
    return OpenAIChatModel(model, provider=OpenAIProvider(openai_client=client), profile=profile)


def _takes_max_completion_tokens(model: Model[Any], credential: Credential) -> bool:
    """OpenAI's name for the limit. Other servers of its protocol may ignore or reject it; they know `max_tokens`."""
    thinks = model.profile.get("supports_thinking")
    return bool(thinks) or urlsplit(credential.base_url).hostname == OPENAI_HOST


def _anthropic(model: str, credential: Credential) -> Model[Any]:
    client = anthropic.AsyncAnthropic(
        api_key=credential.api_key,
        base_url=credential.base_url,
        max_retries=0,
        timeout=anthropic.Timeout(settings.LLM_TOTAL_SECONDS, connect=settings.LLM_CONNECT_SECONDS),
        http_client=PlainClient("anthropic", mending.message),
    )
    return AnthropicModel(model, provider=AnthropicProvider(anthropic_client=client))


MODELS: dict[str, Callable[[str, Credential], Model[Any]]] = {"openai": _openai, "anthropic": _anthropic}
"""How a model is made, for each of PROVIDERS."""
PROFILES: dict[str, Callable[[str], ModelProfile | None]] = {
    "openai": OpenAIProvider.model_profile,
    "anthropic": AnthropicProvider.model_profile,
}
"""What pydantic-ai knows of a model, for each of PROVIDERS."""
