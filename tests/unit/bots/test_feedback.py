"""Thumbs are sealed and learned from once; repeats and corrections judge the answer before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from adapters.models.base import Usage
from bots.feedback import Feedback, is_correction, is_repeat
from bots.inbound import Inbound
from organs.bundles import Actor, Proof, Role
from organs.outcome import FloorView, ModelView, Outcome
from router.budget import Booking, DatabaseSpendBook
from router.budget import Outcome as Paid
from router.learning import Learner
from store.engine import Database
from store.inbox import Inbox, InboxRow
from store.threads import Threads, TurnDraft
from vault.entry import NewEntry

ANA = Actor("ana", "Ana", Role.MEMBER, Proof.LINKED, "bridge")
BEN = Actor("ben", "Ben", Role.MEMBER, Proof.LINKED, "bridge")
Answered = Callable[[str], Awaitable[tuple[InboxRow, Inbound, Outcome]]]


def floor(passed: bool | None) -> FloorView:
    return FloorView(score=None, threshold=0.8, direction=">=", passed=passed, reason="")


@pytest.fixture
def sealed() -> list[NewEntry]:
    return []


@pytest.fixture
async def feedback(database: Database, sealed: list[NewEntry]) -> Feedback:
    async def seal(entry: NewEntry) -> None:
        sealed.append(entry)

    return Feedback(Learner(database), Inbox(database), Threads(database), seal)


@pytest.fixture
def answered(database: Database) -> Answered:
    """An exchange in the thread `t`, answered by a local model."""

    async def work(text: str, verdict_floor: bool | None = True) -> tuple[InboxRow, Inbound, Outcome]:
        inbox = Inbox(database)
        inbound = Inbound("bridge", text + str(len(text)), "t", ANA, text)
        key = f"{text}/{id(inbound)}"
        exchange, _ = await inbox.receive("bridge", key, "t", "ana", inbound.to_json())
        booking = Booking(exchange, "ana", "bridge", "FACTUAL", "hypothesis", None, "llama", "local", kind="factual")
        await DatabaseSpendBook(database).record(booking, Paid(0, Usage(1, 1), 5))
        outcome = Outcome(
            exchange_id=exchange,
            verdict="PARTIAL",
            lane="FACTUAL",
            reply="So.",
            floors={"F2": floor(False), "F8": floor(verdict_floor)},
            model=ModelView(name="llama", where="local", why="", cost_usd=0, tokens_in=1, tokens_out=1),
        )
        turns = (TurnDraft("user", text), TurnDraft("assistant", "So."))
        await inbox.finish(exchange, outcome.model_dump_json(), None, turns)
        row = await inbox.get(exchange)
        assert row is not None
        return row, inbound, outcome

    return work


async def test_a_thumb_is_sealed_once_and_the_last_word_counts(
    feedback: Feedback, answered: Answered, sealed: list[NewEntry], database: Database
) -> None:
    row, _, _ = await answered("what is a noun?")
    for up in (True, True, False):
        assert (await feedback.thumb(row.exchange_id, ANA, up=up)).startswith("Noted")
    assert [entry.body["up"] for entry in sealed] == [True, False]
    learner = Learner(database)
    await learner.load()
    assert [(b.good, b.bad) for b in learner.explain()] == [(0.0, 1.0)]


async def test_nobody_rates_another_persons_answer(
    feedback: Feedback, answered: Answered, sealed: list[NewEntry]
) -> None:
    row, _, _ = await answered("what is a noun?")
    assert "no answer" in await feedback.thumb(row.exchange_id, BEN, up=False)
    assert "no answer" in await feedback.thumb("ex_unknown", ANA, up=False)
    assert sealed == []


async def test_a_missing_source_is_not_the_models_fault(
    feedback: Feedback, answered: Answered, database: Database
) -> None:
    await feedback.after(*await answered("what is a noun?"))
    learner = Learner(database)
    await learner.load()
    assert [(b.good, b.bad) for b in learner.explain()] == [(0.3, 0.0)]  # F8 held; F2 fell short and does not count


async def test_a_correction_and_a_repeat_judge_the_answer_before(
    feedback: Feedback, answered: Answered, database: Database
) -> None:
    first, *_ = await answered("what is a noun?")
    again = await answered("What is a noun")
    await feedback.after(*again)
    wrong = await answered("No, that is not right: nouns are names.")
    await feedback.after(*wrong)
    await feedback.after(*wrong)  # taken up again after a crash: nothing twice
    learner = Learner(database)
    from router.learning import Signal

    assert await learner.outcome(first.exchange_id, Signal.RETRY) == 0.0
    assert await learner.outcome(again[0].exchange_id, Signal.CORRECTION) == 0.0
    assert await learner.outcome(wrong[0].exchange_id, Signal.CORRECTION) is None


@pytest.mark.parametrize(
    "text",
    [
        "no, that's wrong", "That is not correct.", "Wrong. It was 1991", "you're mistaken", "not what I asked",
        "Nein, das stimmt nicht", "Das ist falsch", "Eso no es correcto", "C'est faux", "non è corretto", "itu salah",
    ],
)  # fmt: skip
def test_corrections_are_seen(text: str) -> None:
    assert is_correction(text)


@pytest.mark.parametrize(
    "text",
    [
        "no", "No, thanks", "what is wrong with my code?", "is that not right?", "it is raining", "the wrong trousers",
        "not now", "nein danke", "this is what I meant: a list", "no problem, and what about France?",
    ],
)  # fmt: skip
def test_other_messages_are_no_corrections(text: str) -> None:
    assert not is_correction(text)


def test_a_repeat_is_the_same_question() -> None:
    assert is_repeat("What is a noun?", "what is  a noun")
    assert not is_repeat("what is a noun?", "what is a verb?")
    assert not is_repeat("ok", "ok")
