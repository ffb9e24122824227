"""What each floor's measurement was last found to be worth: figures made by `python -m bench.floors --write`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure of a floor; `low` and `high` bound it with 95 % confidence where that was worked out."""

    name: str
    value: float
    n: int
    low: float | None = None
    high: float | None = None

    @property
    def words(self) -> str:
        """As shown to a person: "recall 0.91 (n 240)"."""
        return f"{self.name} {self.value:.3g} (n {self.n})"


@dataclass(frozen=True, slots=True)
class Measured:
    """All figures, and the day they were taken."""

    date: str  # ISO 8601
    floors: dict[str, tuple[Figure, ...]]


def measured() -> Measured:
    """The figures of this version. A floor that is a rule and no classifier has none."""
    raw = json.loads(files("manifest").joinpath("measured.json").read_text(encoding="utf-8"))
    return Measured(
        raw["date"], {floor: tuple(Figure(**one) for one in figures) for floor, figures in raw["floors"].items()}
    )
