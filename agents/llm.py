"""The edge to LLM providers: one request, one answer, failures in three kinds.

The providers' SDKs take seconds to import and only workers call them, so agents/edge.py is loaded on first use.
"""

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from django.conf import settings
from django.utils.module_loading import import_string

from agents.prompts import Prompt
from usage.tokens import Tokens

T = TypeVar("T")

PROVIDERS = {"openai": "OpenAI", "anthropic": "Anthropic"}
"""The LLM providers by the name that genai-prices gives them, and as people know them."""


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
    """One event loop per process carries all calls, in a daemon thread: clients cannot be shared between loops."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="llm", daemon=True).start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(settings.LLM_TOTAL_SECONDS + 10)


_starting = threading.Lock()


@cache
def _loop_once() -> _Loop:
    return _Loop()


@cache
def _edge_once() -> Any:
    return import_string("agents.edge.complete")


def _loop() -> _Loop:
    with _starting:  # functools.cache alone lets threads that begin together make several
        return _loop_once()


def _edge() -> Any:
    with _starting:
        return _edge_once()


def warm_up() -> None:
    """Load the SDKs now, in the background, rather than with the first message."""
    threading.Thread(target=_edge, name="llm-warm-up", daemon=True).start()


def platform_credential(provider: str) -> Credential:
    """The platform's own key for a provider. Raises LLMRefusedError if there is none."""
    base_url = getattr(settings, f"{provider.upper()}_BASE_URL", "")
    api_key = getattr(settings, f"{provider.upper()}_API_KEY", "")
    if provider not in PROVIDERS or not api_key:
        raise LLMRefusedError(
            f"This installation has no key for {provider}: choose another provider, or set {provider.upper()}_API_KEY."
        )
    return Credential(api_key, base_url)


def complete(prompt: Prompt, credential: Credential) -> Completion:
    """Ask an LLM once. Blocks the calling thread for at most settings.LLM_TOTAL_SECONDS; hold no transaction.

    Raises LLMRefusedError, LLMBusyError or LLMLostError.
    """
    completion: Completion = _loop().run(_edge()(prompt, credential))
    return completion
