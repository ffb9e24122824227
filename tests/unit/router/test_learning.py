"""Beliefs: they follow a model that changes, survive a restart, can be frozen and forgotten, and explore in bounds."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.models.base import Usage
from router.budget import Booking, DatabaseSpendBook, Outcome
from router.learning import DECAY, EXPLORE_SHARE, Belief, Learner, Signal, kind_of
from store.engine import Database

KIND = "factual/none/other"


async def answered(database: Database, exchange: str, model: str = "llama3.1", purpose: str = "hypothesis") -> None:
    booking = Booking(exchange, "ana", "console", "FACTUAL", purpose, None, model, "local", kind=KIND)
    await DatabaseSpendBook(database).record(booking, Outcome(0, Usage(1, 1), 5))


async def test_bad_outcomes_send_a_kind_online_and_good_ones_bring_it_back(database: Database) -> None:
    learner = Learner(database)
    await answered(database, "x1")
    for n in range(30):
        assert await learner.note("x1", Signal.THUMB, 0.0, about=f"bad {n}")
    bad = learner.need(KIND, "llama3.1", 0.1, may_explore=False).value
    for n in range(60):
        await learner.note("x1", Signal.THUMB, 1.0, about=f"good {n}")
    good = learner.need(KIND, "llama3.1", 0.1, may_explore=False).value
    assert bad > 0.6
    assert good < 0.25
    assert learner.need(KIND, "another", 0.1, may_explore=False).value == 0.1


async def test_beliefs_survive_a_restart_and_can_be_frozen_and_reset(database: Database) -> None:
    learner = Learner(database)
    await answered(database, "x1")
    await learner.note("x1", Signal.THUMB, 0.0)
    again = Learner(database)
    await again.load()
    assert again.explain() == learner.explain()
    assert await again.freeze(KIND) == 1
    await again.note("x1", Signal.EDIT, 0.0)
    assert [(b.bad, b.frozen) for b in again.explain()] == [(1.0, True)]
    assert await again.reset() == 1
    assert again.explain() == []


async def test_what_was_not_asked_fades_too(database: Database) -> None:
    learner = Learner(database)
    await answered(database, "x1", "old")
    await answered(database, "x2", "new")
    await learner.note("x1", Signal.THUMB, 0.0)
    for n in range(20):
        await learner.note("x2", Signal.THUMB, 1.0, about=str(n))
    held = {b.model: b.bad for b in learner.explain()}
    assert held["old"] == pytest.approx(DECAY**20)
    again = Learner(database)
    await again.load()
    assert {b.model: round(b.bad, 9) for b in again.explain()} == {m: round(v, 9) for m, v in held.items()}


async def test_clicking_often_weighs_no_more_than_clicking_once_and_a_changed_mind_replaces(database: Database) -> None:
    learner = Learner(database)
    await answered(database, "x1")
    for _ in range(5):
        assert await learner.note("x1", Signal.THUMB, 1.0)
    assert [(b.good, b.bad) for b in learner.explain()] == [(1.0, 0.0)]
    assert await learner.note("x1", Signal.THUMB, 0.0)
    assert [(b.good, b.bad) for b in learner.explain()] == [(0.0, 1.0)]


async def test_a_retry_judges_the_first_answer_and_not_the_stronger_model_that_followed(database: Database) -> None:
    learner = Learner(database)
    await answered(database, "x1", "small")
    await answered(database, "x1", "strong", purpose="retry")
    assert await learner.note("x1", Signal.RETRY, 0.0, of="hypothesis")
    assert await learner.note("x1", Signal.FLOORS, 1.0)
    assert {b.model: (b.good, b.bad > 0) for b in learner.explain()} == {"small": (0.0, True), "strong": (0.3, False)}


async def test_only_answers_of_a_known_exchange_teach(database: Database) -> None:
    learner = Learner(database)
    await answered(database, "x1", purpose="rewrite")
    assert not await learner.note("x1", Signal.THUMB, 0.0)
    assert not await learner.note("unknown", Signal.THUMB, 0.0)
    with pytest.raises(ValueError, match="between"):
        await learner.note("x1", Signal.THUMB, 2.0)


async def test_exploring_stays_within_its_share(database: Database) -> None:
    learner = Learner(database, draw=random.Random(1))
    await answered(database, "x1")
    await learner.note("x1", Signal.THUMB, 0.0)
    drawn = sum(learner.need(KIND, "llama3.1", 0.3, may_explore=True).explored for _ in range(500))
    assert 0 < drawn <= EXPLORE_SHARE * 500 + 1
    assert not any(learner.need(KIND, "llama3.1", 0.3, may_explore=False).explored for _ in range(100))


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from([s.value for s in Signal])), max_size=200), st.floats(0, 1))
def test_a_belief_stays_a_probability_and_never_grows_without_bound(
    seen: list[tuple[float, float]], prior: float
) -> None:
    belief = Belief(KIND, "m")
    for value, weight in seen:
        belief = belief.seen(value, weight)
    short, enough = belief.falls_short(prior)
    assert 0.0 <= short / (short + enough) <= 1.0
    assert belief.good + belief.bad <= 1.0 / (1.0 - DECAY) + 1e-9


def test_signals_are_all_their_own() -> None:
    assert len({s.value for s in Signal}) == len(Signal) == 6


def test_kinds_are_coarse() -> None:
    assert kind_of("FACTUAL", None, "what is a noun?") == KIND
    assert kind_of("FACTUAL", "c1", "what is a noun?") == "factual/c1/other"
