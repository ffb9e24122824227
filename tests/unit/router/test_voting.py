"""A vote counts answers by meaning and keeps the dissent."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.models.base import ChatMessage
from router.voting import clustered, vote
from router.words import AllFailed, Answer, ModelCall, ModelUse

CALL = ModelCall("x", "ana", "console", "hypothesis", "", (ChatMessage("user", "?"),), "FACTUAL")


class Says:
    def __init__(self, *texts: str | None) -> None:
        self.texts = texts
        self.seen: list[tuple[str | None, int]] = []

    async def ask(self, call: ModelCall) -> Answer:
        self.seen.append((call.override, call.variant))
        text = self.texts[call.variant]
        if text is None:
            raise AllFailed("gone")
        return Answer(text, ModelUse(call.override or "m", "local", "why", Decimal(0), 1, 1, 1.0), "end")


async def first_letter(texts: Sequence[str]) -> list[list[bool]]:
    return [[a[:1] == b[:1] for b in texts] for a in texts]


async def test_the_larger_side_wins_and_the_other_is_quoted() -> None:
    result = await vote(Says("yes", "no,\n rather not", "yes indeed"), CALL, first_letter)
    assert result.consensus.text == "yes"
    assert result.share == pytest.approx(2 / 3)
    assert result.dissent == "no, rather not"


async def test_named_models_are_asked_once_each() -> None:
    router = Says("a", "a", "a")
    result = await vote(router, CALL, first_letter, models=("claude-opus-5-5", "llama3.1", "qwen"))
    assert router.seen == [("claude-opus-5-5", 0), ("llama3.1", 1), ("qwen", 2)]
    assert (result.share, result.dissent, result.failed) == (1.0, None, 0)


async def test_one_that_fails_is_counted_and_not_guessed() -> None:
    result = await vote(Says("a", None, "b"), CALL, first_letter)
    assert (result.failed, result.share, len(result.answers)) == (1, 0.5, 2)


async def test_when_all_fail_the_reason_is_passed_on() -> None:
    with pytest.raises(AllFailed):
        await vote(Says(None, None, None), CALL, first_letter)


def test_a_chain_of_small_differences_joins_no_opposites() -> None:
    chain = [[True, True, False], [True, True, True], [False, True, True]]
    assert clustered(chain) == [[0, 1], [2]]


@given(
    st.integers(0, 6).flatmap(
        lambda n: st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=n, max_size=n)
    )
)
def test_everybody_is_in_exactly_one_cluster(same: list[list[bool]]) -> None:
    found = clustered(same)
    assert sorted(i for c in found for i in c) == list(range(len(same)))
    assert [len(c) for c in found] == sorted((len(c) for c in found), reverse=True)
