"""The second look: what is owed, what becomes of it, and that each step survives being taken twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from adapters.models.base import Usage
from bots.inbound import Inbound
from bots.second_look import Again, LookParts, owed
from manifest.replies import Replies
from organs._0_init import Arrival
from organs._4_vault import SealContext
from organs.bundles import Actor, Proof, Role
from organs.outcome import HoldView as Held
from organs.outcome import ModelView, Outcome
from organs.prepared import Prepared
from router.budget import Booking, DatabaseSpendBook
from router.budget import Outcome as Paid
from router.learning import Learner, Signal
from store.engine import Database
from store.erasure import erase_texts
from store.inbox import Inbox, InboxRow
from store.outbox import Outbox
from store.second_looks import MOST_WAITING, SecondLooks
from vault.entry import NewEntry, SealReceipt

ANA = Actor("ana", "Ana", Role.MEMBER, Proof.LINKED, "bridge")
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def use(where: str = "local", wanted: str | None = "claude-x", why: str = "answered offline: …") -> ModelView:
    return ModelView(name=where, where=where, why=why, cost_usd=0, tokens_in=1, tokens_out=1, stands_in_for=wanted)


def outcome(exchange: str, reply: str = "Paris.", **more: object) -> Outcome:
    values = {"verdict": "PARTIAL", "lane": "FACTUAL", "model": use(), "floors": {}} | more
    return Outcome.model_validate({"exchange_id": exchange, "reply": reply, **values})


@dataclass
class Fakes:
    """The pipeline, the ledger and the measure of meaning, as far as a second look sees them."""

    reply: str = "Lyon."
    model: ModelView = field(default_factory=lambda: use("online", None))
    up: bool = True
    ran: int = 0
    sealed: list[NewEntry] = field(default_factory=list)
    crash: bool = False

    async def run(self, arrival: Arrival, observe: object) -> Prepared:
        self.ran += 1
        assert arrival.exchange_id.endswith(":again")
        return Prepared(
            outcome=outcome(arrival.exchange_id, self.reply, model=self.model), message="capital of France?",
            person="ana", role="member", channel="bridge", received_at=NOW, constitution="c",
        )  # fmt: skip

    async def append(self, entry: NewEntry) -> SealReceipt:
        if self.crash:
            raise RuntimeError("killed here")
        if entry.key not in [e.key for e in self.sealed]:
            self.sealed.append(entry)
        return SealReceipt(len(self.sealed), "00", "o", 1, NOW, entry.key)

    async def same(self, pairs: Sequence[tuple[str, str]], *, question: str = "") -> list[float]:
        return [1.0 if a == b else 0.0 for a, b in pairs]

    def online_again(self) -> bool:
        return self.up

    def to_spare(self) -> bool:
        return True


@dataclass
class Case:
    fakes: Fakes
    again: Again
    looks: SecondLooks
    outbox: Outbox
    learner: Learner
    clock: Clock
    exchange: str

    async def results(self) -> dict[str, int]:
        return await self.looks.results()


@pytest.fixture
async def case(database: Database) -> Case:
    fakes, clock = Fakes(), Clock()
    inbox, looks, learner = Inbox(database, clock), SecondLooks(database, clock), Learner(database)
    inbound = Inbound("bridge", "e1", "ana/t", ANA, "capital of France?")
    exchange, _ = await inbox.receive("bridge", "e1", "ana/t", "ana", inbound.to_json())
    booking = Booking(exchange, "ana", "bridge", "FACTUAL", "hypothesis", None, "llama", "local", kind="factual")
    await DatabaseSpendBook(database).record(booking, Paid(0, Usage(1, 1), 5))
    await inbox.finish(exchange, outcome(exchange).model_dump_json())
    await looks.owe(exchange, "claude-x")

    async def arrival(row: InboxRow) -> Arrival:
        return Arrival(row.exchange_id, "bridge", "ana/t", ANA, "capital of France?", NOW)

    def context(p: Prepared) -> SealContext:
        return SealContext(p.channel, p.person, p.role, p.received_at, p.message, p.constitution)

    parts = LookParts(
        looks, inbox, arrival, fakes, fakes, fakes, fakes, learner, Replies.load(), "me", context, lambda: None,  # type: ignore[arg-type]
    )  # fmt: skip
    return Case(fakes, Again(parts, clock), looks, Outbox(database), learner, clock, exchange)


async def test_what_differs_is_offered_once_and_sealed_beside_the_first(case: Case) -> None:
    assert await case.again.sweep() == 1
    assert await case.again.sweep() == 0
    assert await case.results() == {"offered": 1}
    said = await case.outbox.get(f"again:{case.exchange}")
    assert said is not None
    assert "Lyon." in said.body
    assert "capital of France?" in said.body
    assert (said.kind, said.thread, said.recipient) == ("notice", "ana/t", "ana")
    assert [entry.key for entry in case.fakes.sealed] == [f"exchange:{case.exchange}:again"]
    assert await case.learner.note(case.exchange, Signal.AGREEMENT, 0.0, about="again", of="hypothesis")
    assert [(b.model, b.good) for b in case.learner.explain()] == [("llama", 0.0)]


async def test_what_says_the_same_bothers_nobody_and_speaks_for_the_local_model(case: Case) -> None:
    case.fakes.reply = "Paris."
    assert await case.again.sweep() == 1
    assert await case.results() == {"same": 1}
    assert await case.outbox.get(f"again:{case.exchange}") is None
    assert [(b.model, b.bad) for b in case.learner.explain()] == [("llama", 0.0)]


async def test_while_the_model_is_away_nothing_is_asked(case: Case) -> None:
    case.fakes.up = False
    assert await case.again.sweep() == 0
    assert case.fakes.ran == 0


async def test_gone_again_in_the_middle_it_is_tried_later_and_not_for_ever(case: Case) -> None:
    case.fakes.model = use("local", "claude-x")
    for _ in range(6):
        await case.again.sweep()
        case.clock.now += timedelta(hours=1)
    assert case.fakes.ran == 3
    assert await case.results() == {"unanswered": 1}


async def test_what_reads_as_private_by_now_is_dropped(case: Case) -> None:
    case.fakes.model = use("local", None, "offline: contains a phone number")
    assert await case.again.sweep() == 1
    assert await case.results() == {"private": 1}


async def test_a_day_late_it_is_not_said(case: Case) -> None:
    case.clock.now += timedelta(hours=25)
    assert await case.again.sweep() == 1
    assert case.fakes.ran == 0
    assert await case.results() == {"too_late": 1}


async def test_killed_before_the_seal_the_same_words_are_sealed_and_said_without_asking_again(case: Case) -> None:
    case.fakes.crash = True
    with pytest.raises(RuntimeError):
        await case.again.sweep()
    case.fakes.crash, case.fakes.reply = False, "Marseille."
    await case.looks.release()
    assert await case.again.sweep() == 1
    said = await case.outbox.get(f"again:{case.exchange}")
    assert said is not None
    assert "Lyon." in said.body
    assert case.fakes.ran == 1


async def test_erased_words_are_not_asked_again(case: Case, database: Database) -> None:
    await erase_texts(database, "ana")
    assert await case.again.sweep() == 1
    assert await case.results() == {"gone": 1}


async def test_owed_once_and_never_without_end(database: Database) -> None:
    looks = SecondLooks(database)
    assert await looks.owe("x", "m")
    assert not await looks.owe("x", "m")
    for n in range(MOST_WAITING):
        await looks.owe(f"y{n}", "m")
    assert await looks.due() == MOST_WAITING


def test_only_words_that_stood_in_for_an_online_model_are_owed() -> None:
    assert owed(outcome("x")) == "claude-x"
    assert owed(outcome("x", model=use("local", None))) is None
    assert owed(outcome("x", model=None)) is None
    assert owed(outcome("x", lane="ACTION")) is None
    assert owed(outcome("x", verdict="SABAR")) is None
    assert owed(outcome("x", hold=Held(id="h"))) is None
    assert owed(outcome("x", undo="run")) is None
