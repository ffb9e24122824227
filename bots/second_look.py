"""Asks again, once the online model is back, what was answered offline in its absence ("sync back").

The new answer goes through the whole pipeline and is sealed beside the first. Where the two differ in meaning it is
offered in the same thread; where they agree, nobody is bothered, and the router has learned that the local model was
good enough. Nothing acts a second time: this pipeline has no hands. Nothing private is here: policy never wanted
that online, and the router looks again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

import structlog

from adapters.meaning import Meaning
from bots.inbound import Inbound
from manifest.replies import Replies
from organs import _4_vault
from organs._0_init import Arrival
from organs.bundles import Actor, Proposal
from organs.outcome import Outcome
from organs.pipeline import Pipeline
from organs.ports import Deed
from organs.prepared import Prepared
from router.learning import Learner, Signal
from store.erasure import ERASED
from store.inbox import Inbox, InboxRow
from store.outbox import OutboxDraft
from store.second_looks import SecondLook, SecondLooks
from store.times import Clock, utcnow

log = structlog.get_logger("second_look")

_LANES = ("FACTUAL", "SOCIAL", "CARE")
_SAID = ("SEAL", "PARTIAL")
_AT_A_TIME = 4
_LEASE = timedelta(minutes=10)
_WHOLE_S = 240.0
_TRIES = 3
_FIRST_WAIT = timedelta(minutes=1)
_TOO_LATE = timedelta(hours=24)  # a better answer to yesterday's question is an interruption
_SAME = 0.5
_QUOTED = 80  # characters of the question that a notice repeats


class Online(Protocol):
    """The router, as far as it says whether this is the moment."""

    def online_again(self) -> bool:
        """Whether the online model would be asked now; starts a probe where one is due."""
        ...

    def to_spare(self) -> bool:
        """Whether there is money for what nobody waits for."""
        ...


class NoHands:
    """Runs nothing: a second look is words."""

    async def run(
        self, proposal: Proposal, *, actor: Actor, key: str, channel: str, thread: str, hold_id: str | None = None
    ) -> Deed:
        return Deed("failed", "Nothing was done: this was only a second look.")


def owed(outcome: Outcome) -> str | None:
    """The online model that is to be asked again about this outcome; None where nothing is owed."""
    use = outcome.model
    if use is None or use.stands_in_for is None or outcome.lane not in _LANES or outcome.verdict not in _SAID:
        return None
    return None if outcome.hold is not None or outcome.undo is not None else use.stands_in_for


@dataclass(frozen=True, slots=True)
class LookParts:
    """What a second look needs."""

    looks: SecondLooks
    inbox: Inbox
    arrival: Callable[[InboxRow], Awaitable[Arrival]]  # the exchange as it stood when it came in
    pipeline: Pipeline  # with NoHands
    router: Online
    meaning: Meaning
    ledger: _4_vault.Ledger
    learner: Learner
    replies: Replies
    owner: str
    context: Callable[[Prepared], _4_vault.SealContext]
    wake: Callable[[], None]  # the delivery


class Again:
    """The job. Safe to run at any time and after any crash: each step is kept before the next begins."""

    def __init__(self, parts: LookParts, clock: Clock = utcnow) -> None:
        self._parts, self._clock = parts, clock

    async def sweep(self) -> int:
        """Take a few that are due; how many were brought to an end. Raises StoreUnavailable or VaultError."""
        p = self._parts
        if not await p.looks.due() or not p.router.online_again() or not p.router.to_spare():
            return 0
        ended = 0
        for look in await p.looks.claim(p.owner, _AT_A_TIME, _LEASE):
            ended += await self._look(look)
        p.wake()
        return ended

    async def _look(self, look: SecondLook) -> bool:
        p = self._parts
        row = await p.inbox.get(look.exchange_id)
        if row is None or row.outcome is None or row.payload == ERASED:
            return await p.looks.close(look.exchange_id, "gone")
        if self._clock() - look.created_at > _TOO_LATE:
            return await p.looks.close(look.exchange_id, "too_late")
        first = Outcome.model_validate_json(row.outcome)
        if look.prepared is not None:
            return await self._conclude(row, first, Prepared.model_validate_json(look.prepared))
        arrival = replace(await p.arrival(row), exchange_id=f"{row.exchange_id}:again")
        try:
            async with asyncio.timeout(_WHOLE_S):
                prepared = await p.pipeline.run(arrival, lambda *_: None)
        except TimeoutError:
            return await self._not_now(look)
        use = prepared.outcome.model
        if use is None or use.where != "online":
            if use is not None and use.stands_in_for is None and use.why.startswith("offline: contains"):
                return await p.looks.close(look.exchange_id, "private")
            return await self._not_now(look)
        outcome = prepared.outcome.model_copy(update={"exchange_id": row.exchange_id})
        prepared = prepared.model_copy(update={"outcome": outcome})
        await p.looks.keep(row.exchange_id, prepared.model_dump_json())
        return await self._conclude(row, first, prepared)

    async def _not_now(self, look: SecondLook) -> bool:
        if look.attempts >= _TRIES:
            return await self._parts.looks.close(look.exchange_id, "unanswered")
        await self._parts.looks.later(look.exchange_id, self._clock() + _FIRST_WAIT * 4 ** (look.attempts - 1))
        return False

    async def _conclude(self, row: InboxRow, first: Outcome, prepared: Prepared) -> bool:
        """Seal it, learn from it, and offer it where it says something else."""
        p = self._parts
        again = await _4_vault.seal(p.ledger, prepared.outcome, replace(p.context(prepared), phase="again"))
        if again.verdict not in _SAID:
            return await p.looks.close(row.exchange_id, "no_better")
        question = prepared.request or prepared.message
        same = (await p.meaning.same([(first.reply, again.reply)], question=question))[0] >= _SAME
        await p.learner.note(row.exchange_id, Signal.AGREEMENT, float(same), about="again", of="hypothesis")
        log.info("second_look", exchange=row.exchange_id, same=same)
        if same:
            return await p.looks.close(row.exchange_id, "same")
        return await p.looks.close(row.exchange_id, "offered", self._notice(row, again, prepared.language))

    def _notice(self, row: InboxRow, again: Outcome, language: str) -> OutboxDraft:
        asked = " ".join(Inbound.from_json(row.payload).text.split())
        asked = asked if len(asked) <= _QUOTED else asked[: _QUOTED - 1].rstrip() + "…"
        model = again.model.name if again.model else ""
        text = self._parts.replies.get("again.better", language, question=asked, model=model, reply=again.reply)
        return OutboxDraft(
            key=f"again:{row.exchange_id}",
            channel=row.channel,
            thread=row.thread,
            body=json.dumps({"text": text}, ensure_ascii=False),
            recipient=row.person,
            kind="notice",
            exchange_id=row.exchange_id,
        )
