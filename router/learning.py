"""Learns from outcomes which side is good enough for which kind of question.

For each kind (lane, agent, form of the question) and model a belief counts good and bad outcomes, older ones fading by
`DECAY` with each new one (discounted Beta, Raj and Kalyani 2017, arXiv 1707.09727), so that a model that changes is
noticed. The trained prior enters as so many outcomes seen before the first. Exploration is a draw from the belief
instead of its mean, only where the stakes are low and money is left, and never more often than `EXPLORE_SHARE`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from router.prior import form_of
from store.engine import Database
from store.sql import insert_once
from store.tables import beliefs, outcomes, spend
from store.times import Clock, utcnow

DECAY = 0.98  # one outcome counts for half after 34 newer ones of its kind; bench.router shows why not more or less
PRIOR_WEIGHT = 8.0  # the trained prior counts like so many outcomes
EXPLORE_SHARE = 0.1
EXPLORE_MONEY = 0.3  # of the daily limit must be left
Purpose = Literal["hypothesis", "retry"]
_FRESH_S = 30.0  # how stale beliefs may be that another process changed


class Signal(Enum):
    """What can be learned from, and how much one of it counts against a thumb."""

    THUMB = 1.0
    EDIT = 0.8
    CORRECTION = 0.9
    RETRY = 0.7
    AGREEMENT = 0.4
    FLOORS = 0.3


@dataclass(frozen=True, slots=True)
class Belief:
    """How well one model does at one kind of question: faded counts of good and bad outcomes."""

    kind: str
    model: str
    good: float = 0.0
    bad: float = 0.0
    frozen: bool = False

    def seen(self, value: float, weight: float = 1.0, decay: float = DECAY) -> Belief:
        """With one more outcome, `value` in [0, 1], 1 good. A frozen belief stays as it is."""
        if self.frozen:
            return self
        good = self.good * decay + weight * value
        return replace(self, good=good, bad=self.bad * decay + weight * (1 - value))

    def corrected(self, by: float, weight: float) -> Belief:
        """With an outcome that was counted already changed by `by` in [-1, 1]: somebody thought better of it."""
        if self.frozen:
            return self
        return replace(self, good=max(0.0, self.good + weight * by), bad=max(0.0, self.bad - weight * by))

    def falls_short(self, prior: float) -> tuple[float, float]:
        """Beta's two parameters of "falls short of the question", the prior's probability counted in."""
        return PRIOR_WEIGHT * prior + self.bad + 1e-6, PRIOR_WEIGHT * (1 - prior) + self.good + 1e-6


@dataclass(frozen=True, slots=True)
class Need:
    """The chance that the local model falls short, and whether it was drawn to explore."""

    value: float
    explored: bool
    outcomes: float  # how many (faded) stand behind it


def kind_of(lane: str, agent: str | None, question: str) -> str:
    """The kind of a question, coarse on purpose: what is learned must be seen often enough."""
    return f"{lane.lower()}/{agent or 'none'}/{form_of(question)}"


class Learner:
    """Beliefs in memory, written through to the database, so that they survive a restart."""

    def __init__(self, database: Database, clock: Clock = utcnow, draw: random.Random | None = None) -> None:
        self._db, self._clock = database, clock
        self._draw = draw or random.Random()
        self._held: dict[tuple[str, str], Belief] = {}
        self._asked = self._explored = 0
        self._loaded = float("-inf")

    async def keep_fresh(self) -> None:
        """Read the beliefs again when they were last read a while ago: another process may have changed them."""
        if time.monotonic() - self._loaded >= _FRESH_S:
            await self.load()

    async def load(self) -> None:
        """Read all beliefs."""
        self._loaded = time.monotonic()
        async with self._db.read() as conn:
            rows = (await conn.execute(select(beliefs))).all()
        self._held = {(r.kind, r.model): Belief(r.kind, r.model, r.good, r.bad, r.frozen) for r in rows}

    def need(self, kind: str, model: str | None, prior: float, *, may_explore: bool) -> Need:
        """The prior corrected by what was learned of the local model; a draw instead of the mean where it explores."""
        belief = self._held.get((kind, model or ""))
        if belief is None:
            return Need(prior, False, 0.0)
        short, enough = belief.falls_short(prior)
        outcomes = belief.good + belief.bad
        self._asked += 1
        if may_explore and self._explored < EXPLORE_SHARE * self._asked:
            self._explored += 1
            return Need(self._draw.betavariate(short, enough), True, outcomes)
        return Need(short / (short + enough), False, outcomes)

    async def note(
        self, exchange_id: str, signal: Signal, value: float, *, about: str = "", of: Purpose | None = None
    ) -> bool:
        """Learn from one outcome of an exchange, `value` in [0, 1]; False where no answer of it is known.

        The answer judged is the exchange's last one (the last of purpose `of`, where given); its kind was written
        down when it was paid for. An answer has one outcome per signal, or per signal and `about`: the same again
        changes nothing, another value replaces the first, so that clicking often weighs no more than clicking once.
        """
        if not 0.0 <= value <= 1.0:
            raise ValueError("an outcome lies between 0 and 1")
        key = f"{signal.name.lower()}:{about}" if about else signal.name.lower()
        async with self._db.begin() as conn:
            judged = (
                select(spend)
                .where(spend.c.exchange_id == exchange_id, spend.c.state == "settled", spend.c.kind.is_not(None))
                .where(spend.c.purpose.in_(("hypothesis", "retry") if of is None else (of,)))
                .order_by(spend.c.settled_at.desc())
                .limit(1)
            )
            answer = (await conn.execute(judged)).first()
            if answer is None:
                return False
            row = {
                "exchange_id": exchange_id, "key": key, "signal": signal.name.lower(), "value": value,
                "weight": signal.value, "day": answer.day, "person": answer.person, "channel": answer.channel,
                "lane": answer.lane, "agent": answer.agent, "model": answer.model, "place": answer.place,
                "at": self._clock(),
            }  # fmt: skip
            before = None
            if not await insert_once(conn, outcomes, row):
                same = (outcomes.c.exchange_id == exchange_id) & (outcomes.c.key == key)
                before = float((await conn.execute(select(outcomes.c.value).where(same))).scalar_one())
                if before == value:
                    return True
                await conn.execute(update(outcomes).where(same).values(value=value, at=row["at"]))
            await self._believe(conn, str(answer.kind), str(answer.model), signal.value, value, before)
        return True

    async def _believe(
        self, conn: AsyncConnection, kind: str, model: str, weight: float, value: float, before: float | None
    ) -> None:
        """Move the belief; `before` is what the same outcome counted as until now, None where it is new."""
        where = (beliefs.c.kind == kind) & (beliefs.c.model == model)
        row = (await conn.execute(select(beliefs).where(where))).first()
        held = Belief(kind, model) if row is None else Belief(kind, model, row.good, row.bad, row.frozen)
        after = held.seen(value, weight) if before is None else held.corrected(value - before, weight)
        values = {"good": after.good, "bad": after.bad, "updated_at": self._clock()}
        if row is None:
            await conn.execute(insert(beliefs).values(kind=kind, model=model, frozen=False, **values))
        else:
            await conn.execute(update(beliefs).where(where).values(**values))
        if before is None:
            # What was not asked fades too, so that an old verdict on it does not stand for ever.
            others = (beliefs.c.kind == kind) & (beliefs.c.model != model) & beliefs.c.frozen.is_(False)
            faded = {"good": beliefs.c.good * DECAY, "bad": beliefs.c.bad * DECAY}
            await conn.execute(update(beliefs).where(others).values(**faded))
            for other in [b for b in self._held.values() if b.kind == kind and b.model != model]:
                self._held[other.kind, other.model] = other.seen(0.0, 0.0)
        self._held[kind, model] = after

    async def outcome(self, exchange_id: str, signal: Signal) -> float | None:
        """What this signal said of an exchange so far; None where it said nothing."""
        key = (outcomes.c.exchange_id == exchange_id) & (outcomes.c.key == signal.name.lower())
        async with self._db.read() as conn:
            found = (await conn.execute(select(outcomes.c.value).where(key))).scalar()
        return None if found is None else float(found)

    async def was_retried(self, exchange_id: str) -> bool:
        """Whether a stronger model was asked because the first answer was not good enough."""
        query = select(spend.c.id).where(
            spend.c.exchange_id == exchange_id, spend.c.purpose == "retry", spend.c.state == "settled"
        )
        async with self._db.read() as conn:
            return (await conn.execute(query.limit(1))).first() is not None

    def explain(self) -> Sequence[Belief]:
        """Every belief, by kind."""
        return sorted(self._held.values(), key=lambda b: (b.kind, b.model))

    async def freeze(self, kind: str, *, frozen: bool = True) -> int:
        """Stop (or resume) learning about a kind; how many beliefs that touched."""
        async with self._db.begin() as conn:
            changed = (await conn.execute(update(beliefs).where(beliefs.c.kind == kind).values(frozen=frozen))).rowcount
        await self.load()
        return changed

    async def reset(self, kind: str | None = None) -> int:
        """Forget what was learned, of one kind or of all; how many beliefs that was."""
        query = delete(beliefs) if kind is None else delete(beliefs).where(beliefs.c.kind == kind)
        async with self._db.begin() as conn:
            gone = (await conn.execute(query)).rowcount
        await self.load()
        return gone
