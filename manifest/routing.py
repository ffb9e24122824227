"""The declared routing policy: models by weight, thresholds, timeouts, limits, agents' and channels' preferences."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, cast

from manifest.errors import ConfigError

Effort = Literal["low", "medium", "high"]
Mode = Literal["online", "offline", "hybrid"]

_MODES = ("online", "offline", "hybrid")
_EFFORTS = ("low", "medium", "high")
_KEYS: dict[str, frozenset[str]] = {
    "online": frozenset({"light", "main", "heavy"}),
    "thresholds": frozenset({"hard", "very_hard"}),
    "timeouts": frozenset({"connect", "first_token", "whole"}),
    "breaker": frozenset({"failures", "window"}),
    "limits": frozenset({"per_month", "per_person_per_day", "per_channel_per_day", "notice_at"}),
}
_AGENT_KEYS = frozenset({"online", "local", "effort", "temperature"})
_CHANNEL_KEYS = frozenset({"mode", "agent"})


@dataclass(frozen=True, slots=True)
class AgentChoice:
    """What one agent prefers."""

    online: str | None = None
    local: str | None = None
    effort: Effort | None = None
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class ChannelChoice:
    """What one channel prefers."""

    mode: Mode | None = None
    agent: str | None = None


@dataclass(frozen=True, slots=True)
class Routing:
    """The policy as declared. Seconds, dollars, probabilities."""

    light: str
    main: str
    heavy: str
    hard: float
    very_hard: float
    connect: float
    first_token: float
    whole: float
    failures: int
    window: float
    per_month: Decimal | None
    per_person_per_day: Decimal | None
    per_channel_per_day: Decimal | None
    notice_at: float
    agents: Mapping[str, AgentChoice]
    channels: Mapping[str, ChannelChoice]


def load_routing(home: Path | None = None) -> Routing:
    """The shipped policy with the home's laid over it. Raises ConfigError naming the place."""
    raw = tomllib.loads(files("manifest").joinpath("routing.toml").read_text(encoding="utf-8"))
    place = "manifest/routing.toml"
    own = home / "routing.toml" if home is not None else None
    if own is not None and own.exists():
        place = str(own)
        try:
            over = tomllib.loads(own.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(place, f"not readable as TOML: {error}", "the form of the shipped file") from error
        for table, values in over.items():
            if not isinstance(values, dict):
                raise ConfigError(f"{place}: {table}", "not a table", ", ".join([*_KEYS, "agents", "channels"]))
            raw[table] = {**raw.get(table, {}), **values}
    return _routing(raw, place)


def _routing(raw: dict[str, Any], place: str) -> Routing:
    unknown = set(raw) - {*_KEYS, "agents", "channels"}
    if unknown:
        raise ConfigError(f"{place}: [{sorted(unknown)[0]}]", "no such table", ", ".join([*_KEYS, "agents"]))
    for table, keys in _KEYS.items():
        _only(raw.get(table, {}), keys, f"{place}: {table}")

    def number(table: str, key: str, low: float, high: float) -> float:
        return _number(raw[table].get(key), f"{place}: {table}.{key}", low, high)

    def money(key: str) -> Decimal | None:
        value = raw["limits"].get(key)
        return None if value is None else _money(value, f"{place}: limits.{key}")

    return Routing(
        light=_name(raw["online"]["light"], f"{place}: online.light"),
        main=_name(raw["online"]["main"], f"{place}: online.main"),
        heavy=_name(raw["online"]["heavy"], f"{place}: online.heavy"),
        hard=number("thresholds", "hard", 0, 1),
        very_hard=number("thresholds", "very_hard", 0, 1),
        connect=number("timeouts", "connect", 0.01, 60),
        first_token=number("timeouts", "first_token", 0.01, 600),
        whole=number("timeouts", "whole", 0.01, 3600),
        failures=int(number("breaker", "failures", 1, 100)),
        window=number("breaker", "window", 0.01, 3600),
        per_month=money("per_month"),
        per_person_per_day=money("per_person_per_day"),
        per_channel_per_day=money("per_channel_per_day"),
        notice_at=number("limits", "notice_at", 0, 1),
        agents=MappingProxyType(
            {key: _agent(table, f"{place}: agents.{key}") for key, table in raw.get("agents", {}).items()}
        ),
        channels=MappingProxyType(
            {key: _channel(table, f"{place}: channels.{key}") for key, table in raw.get("channels", {}).items()}
        ),
    )


def _agent(table: Any, place: str) -> AgentChoice:
    _only(table, _AGENT_KEYS, place)
    effort, temperature = table.get("effort"), table.get("temperature")
    if effort is not None and effort not in _EFFORTS:
        raise ConfigError(f"{place}.effort", "no such effort", ", ".join(_EFFORTS))
    return AgentChoice(
        online=None if "online" not in table else _name(table["online"], f"{place}.online"),
        local=None if "local" not in table else _name(table["local"], f"{place}.local"),
        effort=cast("Effort | None", effort),
        temperature=None if temperature is None else _number(temperature, f"{place}.temperature", 0, 2),
    )


def _channel(table: Any, place: str) -> ChannelChoice:
    _only(table, _CHANNEL_KEYS, place)
    mode = table.get("mode")
    if mode is not None and mode not in _MODES:
        raise ConfigError(f"{place}.mode", "no such mode", ", ".join(_MODES))
    agent = table.get("agent")
    return ChannelChoice(cast("Mode | None", mode), None if agent is None else _name(agent, f"{place}.agent"))


def _only(table: Any, keys: frozenset[str], place: str) -> None:
    if not isinstance(table, dict):
        raise ConfigError(place, "not a table", ", ".join(sorted(keys)))
    for key in table:
        if key not in keys:
            raise ConfigError(f"{place}.{key}", "no such setting", ", ".join(sorted(keys)))


def _name(value: Any, place: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(place, "not a name", "a name in quotes")
    return value.strip()


def _number(value: Any, place: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ConfigError(place, "not a number", f"{low:g} to {high:g}")
    if not low <= value <= high:
        raise ConfigError(place, "out of range", f"{low:g} to {high:g}")
    return float(value)


def _money(value: Any, place: str) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation as error:
        raise ConfigError(place, "not an amount", 'dollars, such as "5.00"') from error
    if not amount.is_finite() or amount < 0:
        raise ConfigError(place, "not an amount", "0 or more")
    return amount
