"""What tokens cost, from the catalogue of genai-prices. A model without a price is refused, not free.

The catalogue matches names by prefix and providers by substring, so models that do not exist would get a price. Here a
provider has to be one of its ids, and a model the id that was found or a dated release of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_UP, Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from genai_prices import Usage
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, ModelPrice, Provider, StartDateConstraint, TieredPrices, TimeOfDateConstraint

from tenants.wordings import ReasonError, Wording
from usage.tokens import Tokens

NO_PRICE = Wording(
    "usage.no_price", _("There is no price for %(model)s from %(provider)s: choose a model that has one.")
)
UNCLEAR = Wording("usage.unclear", _("The usage that %(provider)s reports cannot be priced: %(problem)s"))
EXACT = Decimal("0.0000000001")
INPUT_CLASSES = (
    "input_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok", "input_audio_mtok",
    "cache_audio_read_mtok", "input_image_mtok",
)  # fmt: skip
OUTPUT_CLASSES = ("output_mtok", "output_audio_mtok", "output_reasoning_mtok")
CLASSES = (*INPUT_CLASSES, *OUTPUT_CLASSES)
PER_REQUEST = "requests_kcount"
MONTH, DAY = "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"
YEAR = "20[0-9]{2}"
RELEASE = re.compile(
    rf"(?:-preview)?(?:-(?:{YEAR}-{MONTH}-{DAY}|{YEAR}{MONTH}{DAY}|{MONTH}-{YEAR}|{MONTH}-{DAY}|{MONTH}{DAY}))?"
)
"""What may follow a model's id without making it another model: a date as providers write it, `-preview`, or both."""


class UnknownPriceError(ReasonError):
    """There is no price for this model, so it cannot be budgeted."""

    def __init__(self, provider: str, model: str) -> None:
        super().__init__(NO_PRICE(provider=provider, model=model))


class UnclearUsageError(ReasonError):
    """A provider's counts contradict each other, so no price can be calculated from them."""

    def __init__(self, provider: str, problem: str) -> None:
        super().__init__(UNCLEAR(provider=provider, problem=problem))


@dataclass(frozen=True)
class Cost:
    """USD for one call, and the prices that it was calculated with (USD per million tokens, by token class)."""

    usd: Decimal
    price: dict[str, Any]


def cost(provider: str, model: str, tokens: Tokens, *, at: datetime) -> Cost:
    """What these tokens cost at that time, rounded up. Raises UnknownPriceError and UnclearUsageError."""
    seller, found = _find(provider, model)
    try:
        total = found.calc_price(_usage(tokens), seller, genai_request_timestamp=at).total_price
    except (ValueError, TypeError, ArithmeticError) as error:
        raise UnclearUsageError(provider, str(error)) from error
    return Cost(total.quantize(EXACT, ROUND_UP), snapshot(found.get_prices(at)))


def upper_bound(
    provider: str, model: str, *, input_tokens: int, output_tokens: int, at: datetime, until: datetime | None = None
) -> Cost:
    """The most that a call can cost if it begins between `at` and `until`. Raises UnknownPriceError.

    Every token counts in its most expensive class (one-hour cache writes and audio among them), at the most expensive
    tier that this much input can reach, at the highest price in force in that time.
    """
    _, found = _find(provider, model)
    prices = [found.get_prices(moment) for moment in _moments(found, at, until or at)]
    bounds = [Cost(_most(price, input_tokens, output_tokens), snapshot(price)) for price in prices]
    return max(bounds, key=lambda each: each.usd)


def _find(provider: str, model: str) -> tuple[Provider, ModelInfo]:
    seller = next((each for each in get_snapshot().providers if each.id == provider), None)
    found = seller.find_model(model) if seller else None
    if seller is None or found is None or not _is_release_of(found.id, model) or not _has_price(found):
        raise UnknownPriceError(provider, model)
    return seller, found


def _is_release_of(known: str, model: str) -> bool:
    known, model = known.lower(), model.lower()
    return model.startswith(known) and RELEASE.fullmatch(model[len(known) :]) is not None


def _has_price(found: ModelInfo) -> bool:
    """An empty price would count as 0, and so would a free tier's: neither can be told from a mistake."""
    prices = [found.prices] if isinstance(found.prices, ModelPrice) else [each.prices for each in found.prices]
    complete = all(price.input_mtok is not None and price.output_mtok is not None for price in prices)
    return complete and all(_most(price, 1, 1) > 0 for price in prices)


def _usage(tokens: Tokens) -> Usage:
    """The catalogue counts parts inside their whole. Leave out what is not there: a 0 would count as reported."""
    counts = {
        "input_tokens": tokens.total_input,
        "cache_read_tokens": tokens.cached_read,
        "cache_write_tokens": tokens.cache_write,
        "cache_write_1h_tokens": tokens.cache_write_1h,
        "input_audio_tokens": tokens.input_audio,
        "output_tokens": tokens.output,
        "output_audio_tokens": tokens.output_audio,
        "output_reasoning_tokens": tokens.reasoning,
    }
    return Usage(**{name: count for name, count in counts.items() if count})


def _most(price: ModelPrice, input_tokens: int, output_tokens: int) -> Decimal:
    tokens = _dearest(price, INPUT_CLASSES, input_tokens) * input_tokens
    tokens += _dearest(price, OUTPUT_CLASSES, input_tokens) * output_tokens
    return (tokens / 1_000_000 + _dearest(price, (PER_REQUEST,), input_tokens) / 1_000).quantize(EXACT, ROUND_UP)


def _dearest(price: ModelPrice, classes: tuple[str, ...], input_tokens: int) -> Decimal:
    found = [each for name in classes for each in _reachable(getattr(price, name, None), input_tokens)]
    return max(found, default=Decimal(0))


def _reachable(price: Decimal | TieredPrices | None, input_tokens: int) -> Iterator[Decimal]:
    """A tier is a cliff: beyond its start it applies to the whole call."""
    if isinstance(price, TieredPrices):
        yield price.base
        yield from (tier.price for tier in price.tiers if input_tokens > tier.start)
    elif price is not None:
        yield price


def _moments(found: ModelInfo, at: datetime, until: datetime) -> list[datetime]:
    """The beginning, the end, and every moment in between when another price may take effect."""
    conditional = [] if isinstance(found.prices, ModelPrice) else found.prices
    times: set[time] = set()
    for each in conditional:
        if isinstance(each.constraint, StartDateConstraint):
            times.add(time(0, tzinfo=UTC))
        elif isinstance(each.constraint, TimeOfDateConstraint):
            times |= {_utc(each.constraint.start_time), _utc(each.constraint.end_time)}
    at, until = at.astimezone(UTC), until.astimezone(UTC)
    days = [at.date() + timedelta(days=number) for number in range(-1, (until.date() - at.date()).days + 2)]
    changes = [datetime.combine(day, moment) for day in days for moment in times]
    return [at, until, *(change for change in changes if at < change < until)]


def _utc(moment: time) -> time:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def snapshot(price: ModelPrice) -> dict[str, Any]:
    """The prices as a record keeps them: strings, tiers as lists."""
    return {name: _plain(getattr(price, name)) for name in CLASSES if getattr(price, name, None) is not None}


def _plain(price: Decimal | TieredPrices) -> Any:
    if isinstance(price, TieredPrices):
        return {"base": str(price.base), "tiers": [[tier.start, str(tier.price)] for tier in price.tiers]}
    return str(price)
