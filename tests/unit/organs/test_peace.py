"""F5: Peace² moves with harm and with the effect; clear harm stops, near misses pass."""

import json
from pathlib import Path

import pytest

from adapters.embeddings import make_embedder
from manifest.constitution import shipped
from organs.bundles import Effect, HeartBundle, Lane
from organs.floors.f05_peace import HarmJudge, measure, peace, stakeholders, windows

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parents[3] / "bench" / "data" / "peace.jsonl").read_text("utf-8").splitlines()
]
RULE = shipped()["F5"]


def heart(harm: float, *, clear: bool = False, value: float | None = None) -> HeartBundle:
    return HeartBundle(
        lane=Lane.CARE,
        distress=0.1,
        harm=harm,
        harm_is_clear=clear,
        stakeholders=("customers",),
        effect=Effect.NONE,
        effect_reason="",
        peace=peace(harm, Effect.NONE) if value is None else value,
    )


async def test_the_scenario_table() -> None:
    judge = HarmJudge(make_embedder("minilm"))
    right = [(peace(await judge.score(row["text"]), Effect.NONE) >= 1.0) == row["passes"] for row in ROWS]
    assert len(ROWS) >= 40
    assert sum(not row["passes"] for row in ROWS) >= 0.4 * len(ROWS)
    assert sum(right) / len(right) >= 0.85


async def test_hardly_any_near_miss_counts_as_clear_harm() -> None:
    judge = HarmJudge(make_embedder("minilm"))
    scores = [await judge.score(row["text"]) for row in ROWS if row["passes"]]
    assert sum(judge.clear(score) for score in scores) == 0


def test_even_odds_of_harm_stand_at_the_threshold() -> None:
    assert peace(0.5, Effect.NONE) == pytest.approx(1.0)
    assert peace(0.2, Effect.NONE) > 1 > peace(0.8, Effect.NONE)


def test_a_graver_effect_lowers_peace_and_a_guard_keeps_harmless_ones_above_it() -> None:
    harmless = [peace(0.05, effect) for effect in (Effect.NONE, Effect.COMPENSABLE, Effect.IRREVERSIBLE)]
    assert harmless == sorted(harmless, reverse=True)
    assert harmless[-1] >= 1.0
    assert peace(0.05, Effect.IRREVERSIBLE, ("children",)) < harmless[-1]


def test_the_floor_binds_clear_harm_in_every_lane() -> None:
    assert measure(heart(0.99, clear=True), RULE, binds=False).passed is False
    assert measure(heart(0.8), RULE, binds=False).passed is None
    assert measure(heart(0.8), RULE, binds=True).passed is False
    assert measure(heart(0.1), RULE, binds=True).passed is True


def test_those_affected_are_named() -> None:
    assert "customers" in stakeholders("tell all customers that the price goes up")
    assert "children" in stakeholders("photos of the pupils")
    assert stakeholders("what is 17 * 23?") == ()


def test_a_long_text_is_read_from_start_to_end() -> None:
    parts = windows("a" * 5_000 + "END")
    assert parts[-1].endswith("END")
    assert len(parts) <= 8
