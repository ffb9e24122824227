"""Need of fresh facts: moves both ways by what is asked."""

import pytest

from router.freshness import FreshnessJudge

JUDGE = FreshnessJudge()


@pytest.mark.parametrize(
    "text",
    [
        "What is the weather in Oslo today?",
        "Who is the current prime minister of Italy?",
        "Wie hat Bayern gestern gespielt?",
        "¿A cuánto está el dólar hoy?",
    ],
)
def test_what_changes_needs_fresh_facts(text: str) -> None:
    assert JUDGE.needs_fresh(text)


@pytest.mark.parametrize(
    "text",
    [
        "What is the capital of Mongolia?",
        "what is 17 * 23?",
        "Who wrote Faust?",
        "How do I remove a comment in Python?",
        "Wann endete der Zweite Weltkrieg?",
        "",
    ],
)
def test_what_stays_does_not(text: str) -> None:
    assert not JUDGE.needs_fresh(text)
