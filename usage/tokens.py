"""Tokens in classes that do not overlap, however the provider counts them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tokens:
    """What one LLM call used. input excludes cached reads and cache writes; output includes reasoning.

    Three counts are parts of another class with a price of their own: cache_write_1h of cache_write, input_audio of
    input, output_audio of output. They change the cost; the ledger keeps only the five classes.
    """

    input: int = 0
    cached_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    cache_write_1h: int = 0
    input_audio: int = 0
    output_audio: int = 0

    @property
    def total_input(self) -> int:
        return self.input + self.cached_read + self.cache_write

    def columns(self) -> dict[str, int]:
        """The same as columns of usage.models.TokenCounts."""
        return {
            "input_tokens": self.input,
            "cached_read_tokens": self.cached_read,
            "cache_write_tokens": self.cache_write,
            "output_tokens": self.output,
            "reasoning_tokens": self.reasoning,
        }
