"""F1: the effect of the person's own imperative, both ways by content."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manifest.constitution import shipped
from organs.bundles import Effect
from organs.floors.f01_amanah import classify_imperative, destructive_score, measure

ROWS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parents[3] / "bench" / "data" / "amanah.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_the_scenario_table(row: dict[str, Any]) -> None:
    reading = classify_imperative(row["text"])
    assert (reading.effect.value, reading.destroys) == (row["effect"], row["destroys"]), reading.reason


def test_half_of_the_table_are_near_misses() -> None:
    assert len(ROWS) >= 40
    assert sum(row["near_miss"] for row in ROWS) >= 0.4 * len(ROWS)


def test_a_quotation_or_a_fence_never_raises_the_effect() -> None:
    assert classify_imperative("drop the users table in production").effect is Effect.IRREVERSIBLE
    assert classify_imperative("What did he mean with “drop the users table in production”?").effect is Effect.NONE
    assert classify_imperative("```\ndrop table users;\n```").effect is Effect.NONE


def test_the_score_orders_destruction_above_change_above_talk() -> None:
    gone = destructive_score("delete all customer records")
    changed = destructive_score("book a room for Thursday")
    asked = destructive_score("how do I delete all customer records?")
    assert gone > 0.5 > changed > asked


def test_the_floor_passes_what_can_be_undone_and_holds_the_rest() -> None:
    rule = shipped()["F1"]
    assert measure(Effect.REVERSIBLE, rule).passed is True
    held = measure(Effect.IRREVERSIBLE, rule, reason="It cannot be taken back.")
    assert held.passed is False
    assert held.reason == "It cannot be taken back."
    assert measure(Effect.IRREVERSIBLE, rule, mandate=True).passed is True


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gets_a_reading(text: str) -> None:
    assert classify_imperative(text).effect in Effect
