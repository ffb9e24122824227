"""Comparing models: a judge counts only where it says the same with the places swapped."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from router.comparing import compare, standings
from router.words import AllFailed, Answer, ModelCall, ModelUse


class Models:
    """`good` says right things, `bad` wrong ones, `gone` nothing; the judge likes `good`, or always the first place."""

    def __init__(self, *, fair: bool = True) -> None:
        self.fair = fair

    async def ask(self, call: ModelCall) -> Answer:
        name = call.override or "none"
        if name == "gone":
            raise AllFailed("gone")
        text = f"{name} answer"
        if call.purpose == "judge":
            first = call.messages[0].content.split("ANSWER A\n")[1]
            text = "A" if not self.fair or first.startswith("good") else "B"
        return Answer(text, ModelUse(name, "local", "why", Decimal("0.5"), 1, 1, 10.0), "end")


async def letters(texts: Sequence[str]) -> list[list[bool]]:
    return [[a[0] == b[0] for b in texts] for a in texts]


async def test_the_better_one_is_preferred() -> None:
    trials = await compare(Models(), ["q1", "q2"], ["bad", "good", "gone"], letters, judge="judge")
    bad, good, gone = standings(trials, ["bad", "good", "gone"])
    assert (good.preferred, bad.preferred, gone.preferred) == (1.0, 0.0, None)
    assert (good.agreement, good.answered, gone.failed) == (0.0, 2, 2)
    assert good.cost_usd == Decimal(1)
    assert good.mean_ms == pytest.approx(10.0)


async def test_a_judge_that_always_takes_the_first_prefers_nobody() -> None:
    trials = await compare(Models(fair=False), ["q"], ["bad", "good"], letters, judge="judge")
    assert [line.preferred for line in standings(trials, ["bad", "good"])] == [0.5, 0.5]


async def test_without_a_judge_nothing_is_preferred() -> None:
    trials = await compare(Models(), ["q"], ["good", "great"], letters)
    lines = standings(trials, ["good", "great"])
    assert [line.agreement for line in lines] == [1.0, 1.0]
    assert [line.preferred for line in lines] == [None, None]
