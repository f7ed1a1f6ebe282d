"""What tokens cost, from genai-prices. A model without a price is refused, not free."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_UP, Decimal
from typing import Any

from genai_prices import Usage, calc_price
from genai_prices.types import ModelPrice, PriceCalculation, TieredPrices

from usage.tokens import Tokens

EXACT = Decimal("0.0000000001")
CLASSES = ("input_mtok", "cache_read_mtok", "cache_write_mtok", "output_mtok")


class UnknownPriceError(LookupError):
    """There is no price for this model, so it cannot be budgeted."""

    def __init__(self, provider: str, model: str) -> None:
        super().__init__(f"There is no price for {model} of {provider}: choose a model that has one.")


@dataclass(frozen=True)
class Cost:
    """USD for one call, and the prices that it was reckoned with (USD per million tokens, by token class)."""

    usd: Decimal
    price: dict[str, Any]


def cost(provider: str, model: str, tokens: Tokens, *, at: datetime) -> Cost:
    """What these tokens cost at that time, rounded up. Raises UnknownPriceError."""
    usage = Usage(
        input_tokens=tokens.total_input,
        cache_read_tokens=tokens.cached_read,
        cache_write_tokens=tokens.cache_write,
        output_tokens=tokens.output,
    )
    found = _calculation(provider, model, usage, at)
    return Cost(found.total_price.quantize(EXACT, ROUND_UP), snapshot(found.model_price))


def upper_bound(provider: str, model: str, *, input_tokens: int, output_tokens: int, at: datetime) -> Cost:
    """The most that a call can cost: every input token at the dearest input class. Raises UnknownPriceError."""
    spread = (
        Tokens(input=input_tokens, output=output_tokens),
        Tokens(cache_write=input_tokens, output=output_tokens),
    )
    return max((cost(provider, model, tokens, at=at) for tokens in spread), key=lambda each: each.usd)


def _calculation(provider: str, model: str, usage: Usage, at: datetime) -> PriceCalculation:
    try:
        found = calc_price(usage, model, provider_id=provider, genai_request_timestamp=at)
    except LookupError as error:
        raise UnknownPriceError(provider, model) from error
    if found.model_price.input_mtok is None or found.model_price.output_mtok is None:
        raise UnknownPriceError(provider, model)
    return found


def snapshot(price: ModelPrice) -> dict[str, Any]:
    """The prices as they are kept beside a record: strings, tiers as lists."""
    return {name: _plain(getattr(price, name)) for name in CLASSES if getattr(price, name, None) is not None}


def _plain(price: Decimal | TieredPrices) -> Any:
    if isinstance(price, TieredPrices):
        return {"base": str(price.base), "tiers": [[tier.start, str(tier.price)] for tier in price.tiers]}
    return str(price)
