"""The price table: exact to the nanodollar, tiers included; a wrong entry is named with its place."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifest.errors import ConfigError
from manifest.prices import TokenCounts, dollars, load_prices, nanodollars

TABLE = load_prices()
TOKENS = st.integers(0, 90_000)


def test_every_tier_is_counted_at_its_price() -> None:
    price = TABLE.of("claude-sonnet-5-5")
    assert price is not None
    million = 1_000_000
    assert dollars(price.cost(TokenCounts(million, 0))) == Decimal("2")
    assert dollars(price.cost(TokenCounts(0, million))) == Decimal("10")
    assert dollars(price.cost(TokenCounts(0, 0, cache_read=million))) == Decimal("0.1")
    assert dollars(price.cost(TokenCounts(0, 0, cache_write_5m=million))) == Decimal("2.5")
    assert dollars(price.cost(TokenCounts(0, 0, cache_write_1h=million))) == Decimal("4")


def test_a_dated_name_costs_the_same() -> None:
    assert TABLE.of("claude-haiku-4-5-20251001") == TABLE.of("claude-haiku-4-5")
    assert TABLE.of("claude-3-5-sonnet") is None


def test_long_requests_of_the_small_model_cost_five_times_as_much() -> None:
    price = TABLE.of("claude-haiku-5-5")
    assert price is not None
    assert price.cost(TokenCounts(100_000, 10)) == 100_000 * 100 + 10 * 500
    assert price.cost(TokenCounts(60_000, 10, cache_read=40_001)) == 5 * (60_000 * 100 + 10 * 500 + 40_001 * 10)


@given(st.sampled_from(sorted(TABLE.models)), TOKENS, TOKENS, TOKENS, TOKENS, st.integers(0, 10_000))
def test_the_worst_case_is_never_too_low(model: str, fresh: int, out: int, read: int, written: int, spare: int) -> None:
    price = TABLE.models[model]
    counts = TokenCounts(fresh, out, cache_read=read, cache_write_5m=written)
    assert price.cost(counts) <= price.worst(fresh + read + written + spare, out)


def test_a_limit_is_rounded_down() -> None:
    assert nanodollars(Decimal("5.0000000009")) == 5_000_000_000


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[models."m"]\ninput = "1"', "models.m.output"),
        ('[models."m"]\ninput = "x"\noutput="1"\ncache_read="1"\ncache_write_5m="1"\ncache_write_1h="1"', ".input"),
        ('[models."m"]\ninput = "-1"\noutput="1"\ncache_read="1"\ncache_write_5m="1"\ncache_write_1h="1"', ".input"),
        ('[models."m"]\nprice = "1"', "models.m.price"),
        ("models = 3", "models"),
        ("[", "prices.toml"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "prices.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as wrong:
        load_prices(tmp_path)
    assert place in wrong.value.place
    assert wrong.value.allowed


def test_a_home_lays_its_own_prices_over_the_shipped_ones(tmp_path: Path) -> None:
    own = '[models."x"]\ninput="1"\noutput="2"\ncache_read="0.1"\ncache_write_5m="1.25"\ncache_write_1h="2"\n'
    (tmp_path / "prices.toml").write_text(own, encoding="utf-8")
    table = load_prices(tmp_path)
    assert table.of("x") is not None
    assert table.of("claude-sonnet-5-5") is not None
