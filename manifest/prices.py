"""The price table: what a model's tokens cost, exactly, in nanodollars.

Prices stand in dollars per million tokens; a token of the cheapest tier costs 10 nanodollars, so whole numbers of
nanodollars hold every price of up to three decimals without rounding.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from manifest.errors import ConfigError

NANO = 1_000_000_000  # nanodollars in a dollar
_NANO_PER_MILLION = 1_000  # one dollar per million tokens is 1000 nanodollars per token
_DATED = re.compile(r"-\d{8}$")
_TIERS = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """Tokens of one call by price tier."""

    fresh_in: int
    out: int
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0


@dataclass(frozen=True, slots=True)
class Price:
    """One model's prices, in nanodollars per token."""

    model: str
    input: int
    output: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    long_above: int | None = None
    long_factor: Decimal = Decimal(1)

    def cost(self, tokens: TokenCounts) -> int:
        """Nanodollars for one call; past `long_above` input tokens the whole call costs `long_factor` as much."""
        plain = (
            tokens.fresh_in * self.input
            + tokens.out * self.output
            + tokens.cache_read * self.cache_read
            + tokens.cache_write_5m * self.cache_write_5m
            + tokens.cache_write_1h * self.cache_write_1h
        )
        read = tokens.fresh_in + tokens.cache_read + tokens.cache_write_5m + tokens.cache_write_1h
        if self.long_above is not None and read > self.long_above:
            return int(plain * self.long_factor)
        return plain

    def worst(self, most_in: int, most_out: int) -> int:
        """The most that a call with at most so many tokens can cost: all input at the dearest tier Trinity uses.

        Trinity writes five-minute cache entries only, so the one-hour tier does not enter.
        """
        dearest = max(self.input, self.cache_write_5m)
        plain = most_in * dearest + most_out * self.output
        long = self.long_above is not None and most_in > self.long_above
        return int(plain * self.long_factor) if long else plain


@dataclass(frozen=True, slots=True)
class PriceTable:
    """All prices, with the date and the source they were read at."""

    date: date
    source: str
    models: Mapping[str, Price]
    search: int | None = None  # nanodollars of one web search; None: not named, so no search is paid for

    def of(self, model: str) -> Price | None:
        """The price of a model; a dated name (`…-20251001`) costs what the name without its date costs."""
        return self.models.get(model) or self.models.get(_DATED.sub("", model))


def dollars(nano: int) -> Decimal:
    """Nanodollars as exact dollars."""
    return Decimal(nano) / NANO


def nanodollars(amount: Decimal) -> int:
    """Dollars as nanodollars, rounded down: a limit is never widened by rounding."""
    return int(amount * NANO)


def load_prices(home: Path | None = None) -> PriceTable:
    """The shipped table, with the home's own entries laid over it. Raises ConfigError naming the place."""
    shipped = files("manifest").joinpath("prices.toml").read_text(encoding="utf-8")
    table = _table(tomllib.loads(shipped), "manifest/prices.toml")
    own = home / "prices.toml" if home is not None else None
    if own is None or not own.exists():
        return table
    try:
        raw = tomllib.loads(own.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(own), f"not readable as TOML: {error}", "the form of the shipped prices.toml") from error
    over = _table({"date": table.date.isoformat(), "source": str(own)} | raw, str(own))
    both = MappingProxyType({**table.models, **over.models})
    search = table.search if over.search is None else over.search
    return PriceTable(over.date, f"{table.source}; {over.source}", both, search)


def _table(raw: dict[str, Any], place: str) -> PriceTable:
    try:
        when = date.fromisoformat(str(raw["date"]))
    except (KeyError, ValueError) as error:
        raise ConfigError(f"{place}: date", "missing or not a date", "YYYY-MM-DD") from error
    models = raw.get("models", {})
    if not isinstance(models, dict):
        raise ConfigError(f"{place}: models", "not a table", '[models."NAME"] sections')
    prices = {name: _price(name, entry, f"{place}: models.{name}") for name, entry in models.items()}
    return PriceTable(when, str(raw.get("source", "")), MappingProxyType(prices), _search(raw.get("search"), place))


def _search(entry: Any, place: str) -> int | None:
    if entry is None:
        return None
    if not isinstance(entry, dict) or set(entry) != {"per_request"}:
        raise ConfigError(f"{place}: search", "not a table with one price", 'per_request = "0.005"')
    return int(_decimal(entry["per_request"], f"{place}: search.per_request") * NANO)


def _price(name: str, entry: Any, place: str) -> Price:
    if not isinstance(entry, dict):
        raise ConfigError(place, "not a table", ", ".join(_TIERS))
    unknown = set(entry) - {*_TIERS, "long_above", "long_factor"}
    if unknown:
        raise ConfigError(f"{place}.{sorted(unknown)[0]}", "no such price", ", ".join((*_TIERS, "long_above")))
    tiers = {tier: _per_token(entry, tier, place) for tier in _TIERS}
    above = entry.get("long_above")
    if above is not None and (not isinstance(above, int) or above <= 0):
        raise ConfigError(f"{place}.long_above", "not a number of tokens", "a whole number above 0")
    factor = _decimal(entry.get("long_factor", "1"), f"{place}.long_factor")
    if factor < 1:
        raise ConfigError(f"{place}.long_factor", "below 1", "1 or more")
    return Price(name, **tiers, long_above=above, long_factor=factor)


def _per_token(entry: dict[str, Any], tier: str, place: str) -> int:
    if tier not in entry:
        raise ConfigError(f"{place}.{tier}", "missing", "dollars per million tokens")
    nano = _decimal(entry[tier], f"{place}.{tier}") * _NANO_PER_MILLION
    if nano != int(nano):
        raise ConfigError(f"{place}.{tier}", "finer than a thousandth of a dollar", "at most three decimals")
    return int(nano)


def _decimal(value: Any, place: str) -> Decimal:
    try:
        found = Decimal(str(value))
    except InvalidOperation as error:
        raise ConfigError(place, "not an amount", 'dollars, such as "2.50"') from error
    if not found.is_finite() or found < 0:
        raise ConfigError(place, "not an amount", "0 or more")
    return found
