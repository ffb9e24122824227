"""The constitution: every floor's threshold and direction, checked to be only ever tightened.

The shipped values are the loosest allowed; a home's `constitution.toml` may move a threshold towards the
stricter side and nowhere else. Its SHA-256 goes into every seal.
"""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from manifest.errors import ConfigError

Direction = Literal[">=", "<=", "<"]

FLOORS = tuple(f"F{n}" for n in range(1, 14))
HARD = frozenset({"F1", "F5", "F9", "F10", "F11", "F12", "F13"})


@dataclass(frozen=True, slots=True)
class FloorRule:
    """One floor as declared: a score must stand in `direction` to `threshold`."""

    floor: str
    name: str
    threshold: float
    direction: Direction
    strict_threshold: float | None = None  # high stakes (F2), a person in distress (F6), caution from (F12)
    source: str = ""

    def holds(self, score: float, *, strict: bool = False) -> bool:
        """Whether a score passes; NaN never does."""
        limit = self.strict_threshold if strict and self.strict_threshold is not None else self.threshold
        if math.isnan(score):
            return False
        if self.direction == ">=":
            return score >= limit
        return score <= limit if self.direction == "<=" else score < limit

    def tighter_or_equal(self, threshold: float) -> bool:
        """Whether a new threshold is at least as strict as this one."""
        if math.isnan(threshold):
            return False
        return threshold >= self.threshold if self.direction == ">=" else threshold <= self.threshold


@dataclass(frozen=True, slots=True)
class Constitution:
    """All thirteen floors and the hash that seals carry."""

    floors: Mapping[str, FloorRule]

    def __getitem__(self, floor: str) -> FloorRule:
        return self.floors[floor]

    @property
    def sha256(self) -> str:
        """Hash over the canonical form: sorted keys, no white space."""
        canon = {f: [r.threshold, r.strict_threshold, r.direction, r.name] for f, r in sorted(self.floors.items())}
        return hashlib.sha256(json.dumps(canon, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _read(text: str, place: str) -> dict[str, dict[str, object]]:
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(place, f"not readable as TOML: {error}", "a table [F1] … [F13] per floor") from error
    tables: dict[str, dict[str, object]] = {}
    for name, table in raw.items():
        if name not in FLOORS or not isinstance(table, dict):
            raise ConfigError(f"{place}: [{name}]", "no such floor", "tables [F1] … [F13]")
        tables[name] = table
    return tables


def _number(table: Mapping[str, object], key: str, place: str) -> float | None:
    value = table.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ConfigError(f"{place}.{key}", f"{value!r} is not a number", "a finite number")
    return float(value)


def shipped() -> Constitution:
    """The constitution as released: the loosest that any home may use."""
    place = "manifest/constitution.toml"
    tables = _read(files("manifest").joinpath("constitution.toml").read_text(encoding="utf-8"), place)
    floors: dict[str, FloorRule] = {}
    for floor in FLOORS:
        table = tables[floor]
        threshold = _number(table, "threshold", f"{place}: [{floor}]")
        direction = table["direction"]
        if threshold is None or direction not in (">=", "<=", "<"):
            raise ConfigError(f"{place}: [{floor}]", "threshold or direction is missing", "both")
        floors[floor] = FloorRule(
            floor=floor,
            name=str(table["name"]),
            threshold=threshold,
            direction=direction,
            strict_threshold=_number(table, "strict_threshold", f"{place}: [{floor}]"),
            source=str(table.get("source", "")),
        )
    return Constitution(MappingProxyType(floors))


def load(path: Path | None = None) -> Constitution:
    """The constitution in force: the shipped one, tightened by a home's file if there is one.

    Raises ConfigError when the file loosens anything or names what does not exist.
    """
    base = shipped()
    if path is None or not path.exists():
        return base
    floors = dict(base.floors)
    for floor, table in _read(path.read_text(encoding="utf-8"), str(path)).items():
        rule = floors[floor]
        place = f"{path}: [{floor}]"
        unknown = set(table) - {"threshold", "strict_threshold"}
        if unknown:
            raise ConfigError(f"{place}.{sorted(unknown)[0]}", "cannot be set here", "threshold, strict_threshold")
        threshold = _number(table, "threshold", place)
        strict = _number(table, "strict_threshold", place)
        new = rule.threshold if threshold is None else threshold
        if not rule.tighter_or_equal(new):
            raise ConfigError(
                f"{place}.threshold",
                f"{new:g} is looser than the shipped {rule.threshold:g}",
                f"{'at least' if rule.direction == '>=' else 'at most'} {rule.threshold:g}",
            )
        new_strict = rule.strict_threshold
        if strict is not None:
            if rule.strict_threshold is None:
                raise ConfigError(f"{place}.strict_threshold", "this floor has none", "threshold only")
            looser = strict < rule.strict_threshold if rule.direction == ">=" else strict > rule.strict_threshold
            if looser:
                raise ConfigError(
                    f"{place}.strict_threshold",
                    f"{strict:g} is looser than the shipped {rule.strict_threshold:g}",
                    f"the strict side of {rule.strict_threshold:g}",
                )
            new_strict = strict
        floors[floor] = FloorRule(floor, rule.name, new, rule.direction, new_strict, rule.source)
    return Constitution(MappingProxyType(floors))
