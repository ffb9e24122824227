"""Clusters of meaning: same answers together, contradictions apart, entropy in nats."""

import math

import pytest

from adapters.embeddings import make_embedder
from adapters.meaning import MAX_TEXTS, Meaning

JUDGE = Meaning(make_embedder("minilm"))
CAPITAL = "what is the capital of Mongolia?"


async def test_answers_that_say_the_same_form_one_cluster() -> None:
    found = await JUDGE.clusters(
        ["The capital of Mongolia is Ulaanbaatar.", "Mongolia's capital is Ulaanbaatar."], question=CAPITAL
    )
    assert found.labels == (0, 0)
    assert found.entropy == 0.0
    assert found.agreement == 1.0


async def test_contradictions_are_kept_apart() -> None:
    found = await JUDGE.clusters(
        ["The meeting is on Tuesday at 3 pm.", "The meeting is on Thursday at 3 pm."], question="when is the meeting?"
    )
    assert found.labels == (0, 1)
    assert found.entropy == pytest.approx(math.log(2))
    assert found.agreement == 0.5


async def test_identical_texts_always_agree() -> None:
    assert (await JUDGE.clusters(["??", "??"])).labels == (0, 0)


async def test_numbers_decide() -> None:
    same, other = await JUDGE.same(
        [
            ("The API allows 100 requests per minute.", "The rate limit is 100 requests a minute."),
            ("The API allows 100 requests per minute.", "The API allows 1000 requests per minute."),
        ]
    )
    assert same > other


async def test_nothing_and_too_much() -> None:
    assert (await JUDGE.clusters([])).labels == ()
    with pytest.raises(ValueError, match="at most"):
        await JUDGE.clusters(["a"] * (MAX_TEXTS + 1))
