"""Readable amounts, counts and initials."""

from decimal import Decimal

import pytest

from tenants.templatetags.portal import compact, initials, share, usd


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (Decimal(0), "$0.00"),
        (Decimal("0.00123"), "$0.0012"),
        (Decimal("0.00001"), "less than $0.0001"),
        (Decimal("0.01"), "$0.01"),
        (Decimal("1234.5"), "$1,234.50"),
        (None, ""),
    ],
)
def test_money_has_its_currency_and_only_useful_decimals(amount: Decimal | None, shown: str) -> None:
    assert usd(amount) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (10_400, "10.4K"),
        (999_949, "999.9K"),
        (999_950, "1M"),
        (12_000_000, "12M"),
        (999_950_000, "1B"),
        (17_300_000_000, "17.3B"),
    ],
)
def test_counts_have_at_most_four_figures(count: int, shown: str) -> None:
    assert compact(count) == shown


def test_a_hard_cap_never_shows_more_than_it_allows() -> None:
    assert share(Decimal("5.5"), Decimal(5)) == 100.0


def test_an_amount_that_is_not_used_up_never_looks_used_up() -> None:
    assert share(Decimal("4.99999"), Decimal(5)) < 100


def test_a_cap_of_zero_is_used_up() -> None:
    assert share(Decimal(0), Decimal(0)) == 100.0


@pytest.mark.parametrize(("name", "shown"), [("rosa", "RO"), ("Émile", "ÉM"), ("Q", "Q"), ("", ""), (None, "")])
def test_whoever_has_no_picture_is_shown_by_two_letters(name: str | None, shown: str) -> None:
    assert initials(name) == shown
