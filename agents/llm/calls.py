"""The edge to LLM providers: one request, one answer, failures in a few kinds.

The providers' SDKs take seconds to import and only workers call them, so agents/llm/client.py is loaded on first use.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from django.conf import settings

from agents.llm import wordings
from agents.llm.request import Prompt
from agents.models import Outcome
from tenants.outbound import event_loop
from tenants.wordings import Reason, ReasonError
from usage.tokens import Tokens

PROVIDERS = {"openai": "OpenAI", "anthropic": "Anthropic"}
"""The LLM providers by the name that genai-prices gives them, and as people know them."""

Sink = Callable[[str], None]
"""Gets the words of an answer as they come, on the process's event loop. It must be quick."""

LONGEST_WAIT = 60.0
"""Seconds; a provider that asks for more is shown to the operator rather than waited for."""


class LLMError(ReasonError):
    """A call without an answer. Its reason names the provider, the cause and the fix; as text it is that in words.

    details: the provider's own words, without keys, for staff and the log. tokens: what the provider says the call
    used, if it said so. retry_after: the seconds it asked us to wait, at most LONGEST_WAIT.
    """

    is_transient = False
    """May the same call succeed later?"""
    is_maybe_billed = False
    """May the provider have charged for it?"""

    def __init__(
        self, reason: Reason, retry_after: float | None = None, *, details: str = "", tokens: Tokens | None = None
    ) -> None:
        super().__init__(reason)
        self.retry_after = None if retry_after is None else min(max(retry_after, 0.0), LONGEST_WAIT)
        self.details = details
        self.tokens = tokens

    @property
    def as_told(self) -> Reason:
        """The reason with the provider's own words beside it (`said`), for staff."""
        if not self.details:
            return self.reason
        return Reason(self.reason.code, {**self.reason.details, "said": self.details})


class LLMRefusedError(LLMError):
    """The provider said no, and will again: a wrong key, an unknown model, a request it rejects."""


class LLMTooLongError(LLMRefusedError):
    """The model cannot read this much at once. It may answer a shorter request."""


class LLMBusyError(LLMError):
    """The provider said "not now" (429, 5xx and the like), cannot be reached, or something else answered for it."""

    is_transient = True


class LLMLostError(LLMError):
    """The request went out and no whole answer came back: a timeout, a broken connection, half a body."""

    is_transient = True
    is_maybe_billed = True


class LLMSpoiledError(LLMError):
    """What came back is not an answer: another shape, or an error in it. Asking again would cost again."""

    is_maybe_billed = True


class LLMSilentError(LLMSpoiledError):
    """The model said nothing: it used up its limit before the first word, or its words were held back."""


class UnexpectedError(LLMError):
    """An error on our side that nobody expected, named by its class."""

    is_transient = True
    is_maybe_billed = True

    def __init__(self, error: Exception, tokens: Tokens | None = None) -> None:
        super().__init__(wordings.OURS(error=type(error).__name__), tokens=tokens)


@dataclass(frozen=True)
class Credential:
    """Whose key pays, and where it is sent."""

    api_key: str
    base_url: str


@dataclass(frozen=True)
class Completion:
    """An LLM's answer and what it used. A token class that the provider did not report is 0."""

    text: str
    tokens: Tokens
    request_id: str
    outcome: Outcome = Outcome.WHOLE


_starting = threading.Lock()


@cache
def _edge_once() -> Any:
    return import_module("agents.llm.client")


def _edge() -> Any:
    with _starting:  # functools.cache alone lets threads that begin together load it several times
        return _edge_once()


def load() -> None:
    """Wait until the SDKs are loaded: seconds, the first time in a process. Hold no transaction."""
    _edge()


def platform_credential(provider: str) -> Credential:
    """The platform's own key for a provider. Raises LLMRefusedError if there is none."""
    base_url = getattr(settings, f"{provider.upper()}_BASE_URL", "")
    api_key = getattr(settings, f"{provider.upper()}_API_KEY", "")
    if provider not in PROVIDERS or not api_key:
        raise LLMRefusedError(wordings.NO_KEY(provider=provider, setting=f"{provider.upper()}_API_KEY"))
    return Credential(api_key, base_url)


def start(prompt: Prompt, credential: Credential, sink: Sink | None = None) -> "Future[Completion]":
    """Ask an LLM once, within settings.LLM_TOTAL_SECONDS, on the process's event loop.

    sink: who gets the words as they come, if anybody. What they come to is in the completion all the same.

    The future raises LLMError in one of its kinds, whatever the provider answers. Canceling it ends the call at once.
    """
    return event_loop.start(_complete(prompt, credential, sink))


async def _complete(prompt: Prompt, credential: Credential, sink: Sink | None) -> Completion:
    """The edge has its own deadline; this one is for what hangs on the way there."""
    try:
        async with asyncio.timeout(settings.LLM_TOTAL_SECONDS + event_loop.GRACE_SECONDS):
            completion: Completion = await _edge().complete(prompt, credential, sink)
    except TimeoutError as error:
        raise LLMLostError(timed_out(PROVIDERS[prompt.provider])) from error
    return completion


def timed_out(name: str) -> Reason:
    """The sentence for a provider, by its name, that took too long."""
    return wordings.TIMED_OUT(provider=name, seconds=f"{settings.LLM_TOTAL_SECONDS:g}")


def most_output_tokens(prompt: Prompt) -> int:
    """The output limit that is sent with a prompt. If a model thinks first, its thoughts count too."""
    return int(_edge().output_limit(prompt.provider, prompt.model, prompt.max_output_tokens))
