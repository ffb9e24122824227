"""The constitution can be tightened and never loosened."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifest.constitution import FLOORS, HARD, load, shipped
from manifest.errors import ConfigError


def test_all_thirteen_floors_are_declared() -> None:
    rules = shipped()
    assert tuple(rules.floors) == FLOORS
    assert {"F1", "F5", "F9", "F10", "F11", "F12", "F13"} == HARD


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[F2]\nthreshold = 0.5", "[F2].threshold"),
        ("[F9]\nthreshold = 0.9", "[F9].threshold"),
        ("[F6]\nstrict_threshold = 0.8", "[F6].strict_threshold"),
        ("[F3]\nstrict_threshold = 0.99", "[F3].strict_threshold"),
        ("[F14]\nthreshold = 1.0", "[F14]"),
        ("[F2]\ndirection = '<='", "[F2].direction"),
        ("[F2]\nthreshold = nan", "[F2].threshold"),
        ("[F2]\nthreshold = true", "[F2].threshold"),
        ("not toml [", "TOML"),
    ],
)
def test_what_loosens_or_is_unknown_is_refused_by_name(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "constitution.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        load(path)
    assert place in str(error.value)


def test_a_tightened_threshold_is_in_force_and_changes_the_hash(tmp_path: Path) -> None:
    path = tmp_path / "constitution.toml"
    path.write_text("[F2]\nthreshold = 0.95\n[F12]\nthreshold = 0.7\nstrict_threshold = 0.4\n")
    rules = load(path)
    assert rules["F2"].threshold == 0.95
    assert rules["F12"].strict_threshold == 0.4
    assert rules.sha256 != shipped().sha256
    assert load(tmp_path / "none.toml").sha256 == shipped().sha256


@given(st.sampled_from(FLOORS), st.floats(allow_nan=True, allow_infinity=True))
def test_no_value_ever_loosens(floor: str, value: float) -> None:
    rule = shipped()[floor]
    if rule.tighter_or_equal(value):
        looser = value < rule.threshold if rule.direction == ">=" else value > rule.threshold
        assert not looser


def test_not_a_number_never_passes() -> None:
    assert not any(rule.holds(float("nan")) for rule in shipped().floors.values())
