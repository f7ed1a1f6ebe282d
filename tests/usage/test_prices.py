"""Token costs: the golden cases, exact to the micro-dollar, and a call's maximum cost."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from usage import prices
from usage.prices import UnclearUsageError, UnknownPriceError
from usage.tokens import Tokens

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
GOLDEN = [
    ("openai", "gpt-6.1-sol", Tokens(1000, output=200), "0.004000"),
    ("openai", "gpt-6.1-sol", Tokens(904, 4096, output=300, reasoning=120), "0.0052176"),
    ("openai", "gpt-6.1-sol", Tokens(200, cache_write=5800, output=100), "0.015900"),
    ("openai", "gpt-6.1-sol", Tokens(50_000, 250_000, output=1000), "0.265000"),
    ("openai", "gpt-6.1-sol", Tokens(272_000, output=1000), "0.554000"),
    ("openai", "gpt-4o-mini", Tokens(1500, output=80), "0.000273"),
    ("openai", "gpt-audio", Tokens(500, output=150, input_audio=300, output_audio=100), "0.017000"),
    ("openai", "gpt-5-mini", Tokens(800, output=1200, reasoning=1000), "0.002600"),
    ("openai", "gpt-6.1-terra", Tokens(1200, output=60), "0.001500"),
    ("openai", "gpt-4o-2024-05-13", Tokens(1000, output=100), "0.006500"),
    ("anthropic", "claude-sonnet-5-5", Tokens(1000, output=200), "0.004000"),
    ("anthropic", "claude-sonnet-5-5", Tokens(50, cache_write=4000, output=300), "0.013100"),
    ("anthropic", "claude-sonnet-5-5", Tokens(100, 2000, 4000, 100, cache_write_1h=3000), "0.015900"),
    ("anthropic", "claude-opus-5-5", Tokens(1000, output=3000, reasoning=2500), "0.064000"),
    ("google", "gemini-3.8-flash", Tokens(1000, output=700, reasoning=500), "0.003375"),
    ("google", "gemini-2.5-flash", Tokens(1320, output=50, input_audio=1300), "0.001431"),
    ("mistral", "mistral-large-4", Tokens(488, 512, output=100), "0.00058744"),
    ("groq", "openai/gpt-oss-120b", Tokens(232, 768, output=300, reasoning=100), "0.0002724"),
]


@pytest.mark.parametrize(("provider", "model", "tokens", "usd"), GOLDEN)
def test_the_golden_cases_are_exact_and_within_their_limit(provider: str, model: str, tokens: Tokens, usd: str) -> None:
    assert prices.cost(provider, model, tokens, at=AT).usd == Decimal(usd)
    assert bound(provider, model, tokens.total_input, tokens.output) >= Decimal(usd)


def bound(
    provider: str, model: str, input_tokens: int, output_tokens: int, at: datetime = AT, minutes: int = 0
) -> Decimal:
    until = at + timedelta(minutes=minutes)
    return prices.upper_bound(
        provider, model, input_tokens=input_tokens, output_tokens=output_tokens, at=at, until=until
    ).usd


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("google", "gemini-3.8-flash-ultra"),
        ("anthropic", "claude-opus-4-8-ultra"),
        ("anthropic", "claude-sonnet-5-5-2026"),
        ("mistral", "mistral-large-latest"),
        ("openai", "gpt-5.6"),
        ("openai", "gpt-4o-2099-01-01"),
        ("openai", "no-such-model"),
        ("openai", ""),
        ("acme-openai", "gpt-4o"),
        ("openai-compatible", "gpt-4o"),
        ("mistral-selfhost", "mistral-large-4"),
        ("https://api.openai.com", "gpt-4o"),
        ("OpenAI", "gpt-4o"),
        ("google", "gemma-4-31b-it"),
    ],
)
def test_a_model_that_is_not_clearly_known_has_no_price(provider: str, model: str) -> None:
    with pytest.raises(UnknownPriceError):
        bound(provider, model, 1, 1)
    with pytest.raises(UnknownPriceError):
        prices.cost(provider, model, Tokens(1, output=1), at=AT)


@pytest.mark.parametrize(
    ("provider", "model", "known"),
    [
        ("anthropic", "claude-sonnet-5-5-20260930", "claude-sonnet-5-5"),
        ("openai", "gpt-4.1-mini-2025-04-14", "gpt-4.1-mini"),
        ("google", "gemini-2.5-flash-preview-09-2025", "gemini-2.5-flash"),
    ],
)
def test_a_dated_release_costs_what_its_model_costs(provider: str, model: str, known: str) -> None:
    assert bound(provider, model, 1000, 100) == bound(provider, known, 1000, 100)


def test_a_tier_applies_to_the_whole_call_and_the_limit_uses_the_higher_tier() -> None:
    low, high = (
        prices.cost("openai", "gpt-6.1-sol", Tokens(count, output=1000), at=AT).usd for count in (272_000, 272_001)
    )
    assert high > low * Decimal("1.9")
    assert bound("openai", "gpt-6.1-sol", 272_001, 1000) >= high
    assert bound("openai", "gpt-6.1-sol", 272_000, 1000) < high


def test_the_limit_assumes_one_hour_cache_writes_and_audio() -> None:
    hour = Tokens(cache_write=1000, cache_write_1h=1000, output=1)
    assert (
        bound("anthropic", "claude-sonnet-5-5", 1000, 1)
        == prices.cost("anthropic", "claude-sonnet-5-5", hour, at=AT).usd
    )
    heard = Tokens(1000, input_audio=1000, output=10, output_audio=10)
    assert bound("openai", "gpt-audio", 1000, 10) == prices.cost("openai", "gpt-audio", heard, at=AT).usd


def test_a_price_that_rises_while_the_call_runs_is_reserved_but_not_settled() -> None:
    before = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    after = datetime(2027, 1, 1, tzinfo=UTC)
    old, new = (bound("google", "gemini-3.8-flash", 1000, 100, at) for at in (before, after))
    assert new == 2 * old
    assert bound("google", "gemini-3.8-flash", 1000, 100, before, minutes=2) == new
    assert prices.cost("google", "gemini-3.8-flash", Tokens(1000, output=100), at=before).usd == old


def test_an_hourly_price_uses_the_highest_that_can_apply_to_the_call() -> None:
    quiet, dear = (
        bound("deepseek", "deepseek-flash", 1000, 100, datetime(2026, 11, 30, hour, 30, tzinfo=UTC)) for hour in (0, 2)
    )
    assert dear == 2 * quiet
    midnight = datetime(2026, 11, 30, 0, 30, tzinfo=UTC)
    assert bound("deepseek", "deepseek-flash", 1000, 100, midnight, minutes=240) == dear
    assert bound("deepseek", "deepseek-flash", 1000, 100, midnight, minutes=20) == quiet


def test_parts_larger_than_their_total_have_no_price() -> None:
    with pytest.raises(UnclearUsageError):
        prices.cost("openai", "gpt-audio", Tokens(10, output=5, output_audio=50), at=AT)
