"""The sandbox LLM's state: keys, latency, faults, and the prompts it has seen."""

from __future__ import annotations

import hmac

from sandbox.faults import Faults
from sandbox.llm.tokens import PromptCache
from sandbox.settings import Settings

SANDBOX_PREFIX = "sk-sandbox-"


class Llm:
    """The state that all wire formats share."""

    def __init__(self, settings: Settings) -> None:
        self._key = settings.openai_api_key
        self.latency = settings.llm_latency
        self.cache = PromptCache()
        self.faults = Faults()

    def accepts(self, key: str) -> bool:
        """Whether a key is the registered one or begins with `sk-sandbox-`."""
        same = bool(self._key) and hmac.compare_digest(key.encode(), self._key.encode())
        return same or (key.startswith(SANDBOX_PREFIX) and len(key) > len(SANDBOX_PREFIX))
