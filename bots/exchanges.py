"""Carries one exchange from its inbox row to its stored answer, in steps that can each be repeated.

row → pipeline (000-888) → prepared verdict stored → hold opened → sealed (999) → answer, reply and turns in one
transaction. Killed between any two steps, the next life goes on from the last stored one.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from bots import attachments
from bots.analyze import Analysis, wanted
from bots.inbound import Inbound
from bots.progress import Progress, ProgressHub
from bots.second_look import owed
from holds.desk import HoldDesk
from holds.record import HoldRecord, HoldRequest, NobodyMayDecide
from manifest.agents import Agents
from manifest.replies import Replies
from organs import _4_vault
from organs._0_init import Arrival
from organs.bundles import Effect, Piece, Proposal, Provenance, StageTime, Turn
from organs.outcome import HoldView, Outcome, stage_views
from organs.pipeline import Pipeline
from organs.ports import ActionsPaused, HumanWord
from organs.prepared import Prepared
from organs.reexamine import Reexamination
from organs.stages import Observe
from store.inbox import Inbox, InboxRow
from store.outbox import OutboxDraft
from store.threads import Threads, TurnDraft
from vault.errors import VaultError

log = structlog.get_logger("exchanges")

_LEASE = timedelta(minutes=5)
_HISTORY_TURNS = 20
_RECENT_TURNS = 4
_TRIES = 5  # takings of one exchange that a fault of ours ended; after them the person is told
_WHOLE_S = 240.0  # an exchange that takes longer ends as SABAR

Observed = Callable[[Outcome], None]
Stopped = Callable[[HoldRecord], Awaitable[str | None]]
After = Callable[[InboxRow, Inbound, Outcome], Awaitable[None]]


class Secrets(Protocol):
    """Finds passwords and keys in a text (`router.sensitivity`)."""

    def secret(self, text: str) -> bool: ...

    def mask(self, text: str) -> str: ...


@dataclass(frozen=True, slots=True)
class ExchangeParts:
    """What carrying an exchange needs."""

    inbox: Inbox
    threads: Threads
    pipeline: Pipeline
    ledger: _4_vault.Ledger
    desk: HoldDesk
    hub: ProgressHub
    agents: Agents
    zone_of: Callable[[str], Awaitable[ZoneInfo]]
    class_of: Callable[[Proposal], str]
    replies: Replies
    owner: str  # this process, in leases
    on_outcome: Observed
    reexamination: Reexamination
    stopped: Stopped  # why an approved hold waits although it was decided
    say: Callable[[OutboxDraft], Awaitable[object]]  # writes something unasked into the outbox
    after: After | None = None  # told of each finished exchange once it is stored
    owe: Callable[[str, str], Awaitable[object]] | None = None  # keeps what is to be asked again online
    secrets: Secrets | None = None  # finds and masks passwords and keys
    analysis: Analysis | None = None  # what an archive with the word "analyze" goes through


class _NotOurs(Exception):
    """Another process took the exchange up while this one slept; nothing more is written here."""


class Exchanges:
    """`carry` does one exchange's next steps; safe to call again for the same exchange at any time."""

    def __init__(self, parts: ExchangeParts) -> None:
        self._parts = parts

    async def carry(self, exchange_id: str, *, decided: HoldRecord | None = None) -> Outcome | None:
        """Take the exchange if nobody else has it, and bring it to its next resting place.

        Returns the outcome now stored, or None when it is not ours to carry. Raises StoreUnavailable or
        VaultError when it could not be stored or sealed: it stays in the inbox and is taken up again.
        """
        p = self._parts
        if decided is not None and await p.stopped(decided) is not None:
            await self._say_that_it_waits(decided)
            return None
        row = await p.inbox.claim(exchange_id, p.owner, _LEASE)
        if row is None:
            if decided is not None:
                there = await p.inbox.get(exchange_id)
                if there is not None and there.state == "done":
                    await p.desk.continued(decided.id)
            return None
        try:
            return await self._through(row, decided)
        except ActionsPaused:  # stopped between the look above and the action
            await p.inbox.mark(exchange_id, "waiting")
        except _NotOurs:
            log.warning("exchange.taken_over", exchange=exchange_id)
        p.hub.end(exchange_id)
        return None

    async def _through(self, row: InboxRow, decided: HoldRecord | None) -> Outcome:
        """The steps of a claimed exchange, to its next resting place."""
        p, exchange_id = self._parts, row.exchange_id
        p.hub.begin(exchange_id)
        inbound = Inbound.from_json(row.payload)
        try:
            if row.attempts > _TRIES:
                outcome = await self._given_up(row, inbound, "fault")
            else:
                prepared = await self._prepared(row, inbound, decided)
                outcome = await self._conclude(row, inbound, prepared)
        except asyncio.CancelledError:
            if not await p.inbox.cancel_requested(exchange_id):
                raise
            outcome = await self._given_up(row, inbound, "stopped")
        if decided is not None:
            await p.desk.continued(decided.id)
        p.on_outcome(outcome)
        p.hub.end(exchange_id)
        if p.after is not None:
            await p.after(row, inbound, outcome)
        return outcome

    async def _prepared(self, row: InboxRow, inbound: Inbound, decided: HoldRecord | None) -> Prepared:
        p = self._parts
        stored = None if row.prepared is None else Prepared.model_validate_json(row.prepared)
        if stored is not None and (decided is None or stored.phase == "decided"):
            return stored
        observe = self._observer(row.exchange_id)
        arrival = await self._arrival(row, inbound)
        if decided is not None and stored is not None:
            prepared = await self._decided(stored, arrival, decided, observe)
        else:
            try:
                async with asyncio.timeout(_WHOLE_S):
                    if p.analysis is not None and wanted(inbound):
                        prepared = await p.analysis.run(inbound, arrival, observe)
                    else:
                        prepared = await p.pipeline.run(arrival, observe)
            except TimeoutError:
                prepared = p.pipeline.gave_up(arrival, "timeout")
            prepared = await self._told_to_rotate(prepared, inbound)
        await self._keep(row, prepared)
        return prepared

    async def _decided(self, stored: Prepared, arrival: Arrival, record: HoldRecord, observe: Observe) -> Prepared:
        """888 on a human's word; where the content was edited, on the measures of what was approved."""
        if record.parent is not None and record.state not in ("denied", "expired", "cancelled"):
            again = await self._parts.reexamination.judge(stored, arrival, record.content, record.summary)
            if again.why is not None:  # a stricter constitution came into force after the approval
                outcome = again.prepared.outcome.model_copy(update={"verdict": "VOID", "reply": again.why})
                return again.prepared.model_copy(update={"outcome": outcome, "phase": "decided"})
            stored = again.prepared
        return await self._parts.pipeline.decided(stored, arrival, _word(record), observe)

    async def _keep(self, row: InboxRow, prepared: Prepared) -> None:
        if not await self._parts.inbox.prepare(row.exchange_id, prepared.model_dump_json(), owner=self._parts.owner):
            raise _NotOurs

    async def reexamine(self, record: HoldRecord, content: str) -> str | None:
        """555 to 888 on a hold's edited content: None where it may be approved, else the sentence that refuses it."""
        row = await self._parts.inbox.get(record.exchange_id)
        if row is None or row.prepared is None or not row.payload:
            return "What was asked for is no longer there to judge it by. Deny it and let it be asked for again."
        arrival = await self._arrival(row, Inbound.from_json(row.payload))
        try:
            stored = Prepared.model_validate_json(row.prepared)
            return (await self._parts.reexamination.judge(stored, arrival, content, record.summary)).why
        except Exception as error:  # noqa: BLE001 - whatever could not be measured must not pass
            log.error("edit.unmeasured", hold=record.id, error=type(error).__name__)
            return f"It could not be judged ({type(error).__name__}), so nothing was changed. Please try again."

    async def _conclude(self, row: InboxRow, inbound: Inbound, prepared: Prepared) -> Outcome:
        p = self._parts
        outcome = prepared.outcome
        if prepared.hold is not None and prepared.phase == "first":
            try:
                outcome = await self._waiting(prepared, await p.desk.open(self._ask(prepared, row)))
            except NobodyMayDecide as nobody:  # who could decide when it was judged no longer may
                prepared = self._nobody(prepared, nobody.why)
                await self._keep(row, prepared)
                outcome = prepared.outcome
        started = time.perf_counter()
        p.hub.step(Progress(row.exchange_id, "999", "started"))
        try:
            outcome = await _4_vault.seal(p.ledger, outcome, self.context(prepared))
        except VaultError:
            if outcome.lane != "CRISIS":
                raise
            # Help is not withheld because a disk is full; the row keeps `prepared`, so it is sealed later.
            log.error("crisis.unsealed", exchange=row.exchange_id)
            p.on_outcome(outcome)
            p.hub.end(row.exchange_id)
            raise
        ms = (time.perf_counter() - started) * 1000
        outcome = outcome.model_copy(update={"stages": (*outcome.stages, *stage_views((StageTime("999", ms),)))})
        p.hub.step(Progress(row.exchange_id, "999", "done", ms))
        await self._store(row, inbound, prepared, outcome)
        return outcome

    async def _store(self, row: InboxRow, inbound: Inbound, prepared: Prepared, outcome: Outcome) -> None:
        p = self._parts
        waits = outcome.hold is not None and prepared.phase == "first" and outcome.lane != "CRISIS"
        said = () if prepared.phase == "decided" else (TurnDraft("user", inbound.text, prepared.request),)
        reply = OutboxDraft(
            key=f"reply:{row.exchange_id}:{prepared.phase}",
            channel=row.channel,
            thread=row.thread,
            body=outcome.model_dump_json(),
            recipient=row.person,
            exchange_id=row.exchange_id,
        )
        online = owed(outcome)
        if online is not None and p.owe is not None and prepared.phase == "first":
            await p.owe(row.exchange_id, online)  # before the end: a crash in between comes here again
        close = p.inbox.park if waits else p.inbox.finish
        index = outcome.receipt.index if outcome.receipt else None
        if not await close(
            row.exchange_id,
            outcome.model_dump_json(),
            reply,
            (*said, TurnDraft("assistant", outcome.reply)),
            seal_index=index,
            owner=p.owner,
        ):
            raise _NotOurs

    async def _given_up(self, row: InboxRow, inbound: Inbound, why: str) -> Outcome:
        """A person pressed stop, or the same fault came again and again: that is an outcome, too, and it is sealed."""
        arrival = await self._arrival(row, inbound)
        prepared = self._parts.pipeline.gave_up(arrival, why)
        await self._keep(row, prepared)
        return await self._conclude(row, inbound, prepared)

    async def _told_to_rotate(self, prepared: Prepared, inbound: Inbound) -> Prepared:
        """A password or key that somebody typed is known to the house now: they are told to change it."""
        secrets = self._parts.secrets
        if secrets is None or prepared.outcome.lane == "CRISIS":
            return prepared
        if not await asyncio.to_thread(secrets.secret, inbound.text):
            return prepared
        line = self._parts.replies.get("secret.rotate", prepared.language)
        outcome = prepared.outcome.model_copy(update={"reply": f"{prepared.outcome.reply}\n\n{line}".strip()})
        return prepared.model_copy(update={"outcome": outcome})

    async def again(self, row: InboxRow) -> Arrival:
        """The exchange as it stood when it came in, for a second look."""
        return await self._arrival(row, Inbound.from_json(row.payload), before=row.exchange_id)

    async def _arrival(self, row: InboxRow, inbound: Inbound, before: str | None = None) -> Arrival:
        p = self._parts
        found = await p.threads.last(row.channel, row.thread, _HISTORY_TURNS, before=before)
        turns = [t for t in found if t.exchange_id != row.exchange_id]
        pieces, notes = attachments.read(inbound.attachments)
        quoted = tuple(Piece(q, Provenance.QUOTED, "quoted message") for q in inbound.quoted)
        agent, text = p.agents.addressed(inbound.text, inbound.agent)
        zone = await p.zone_of(row.person)
        return Arrival(
            exchange_id=row.exchange_id,
            channel=row.channel,
            thread=row.thread,
            actor=inbound.actor,
            text=text,
            received_at=row.received_at.astimezone(zone),
            attached=(*quoted, *pieces),
            history=tuple(Turn(t.role, t.text, t.person, t.request) for t in turns),
            recent=tuple(t.text for t in turns if t.role == "user" and t.person == row.person)[-_RECENT_TURNS:],
            agent=agent,
            locale=inbound.locale,
            notes=notes,
            route=inbound.route,
        )

    def context(self, prepared: Prepared) -> _4_vault.SealContext:
        """What the seal says besides the outcome; secrets are masked in it."""
        secrets = self._parts.secrets
        return _4_vault.SealContext(
            channel=prepared.channel,
            person=prepared.person,
            role=prepared.role,
            received_at=prepared.received_at,
            message=prepared.message,
            constitution=prepared.constitution,
            phase=prepared.phase,
            mask=None if secrets is None else secrets.mask,
        )

    def _ask(self, prepared: Prepared, row: InboxRow) -> HoldRequest:
        ask = prepared.hold
        assert ask is not None
        proposal = ask.proposals[0].proposal() if ask.proposals else None
        return HoldRequest(
            exchange_id=row.exchange_id,
            kind=ask.kind,
            action="crisis" if proposal is None else proposal.action,
            action_class="crisis" if proposal is None else self._parts.class_of(proposal),
            summary=ask.summary,
            content=ask.content,
            effect=Effect.IRREVERSIBLE if proposal is None else proposal.effect,
            requester=row.person,
            channel=row.channel,
            thread=row.thread,
            plan="" if proposal is None else proposal.plan,
        )

    async def _waiting(self, prepared: Prepared, record: HoldRecord) -> Outcome:
        """The outcome with its hold, and for everything but a crisis the line that says who is asked until when."""
        outcome = prepared.outcome.model_copy(update={"hold": HoldView(id=record.id)})
        if record.kind == "crisis":
            return outcome
        words = {"summary": record.summary, "who": record.who_may}
        if record.deadline is None:
            line = self._parts.replies.get("hold.waiting_open", prepared.language, **words)
        else:
            local = record.deadline.astimezone(await self._parts.zone_of(record.requester))
            until = f"{local:%Y-%m-%d %H:%M} {local.tzname() or 'UTC'}"
            line = self._parts.replies.get("hold.waiting", prepared.language, until=until, **words)
        return outcome.model_copy(update={"reply": line})

    def _nobody(self, prepared: Prepared, why: str) -> Prepared:
        """VOID with its sentence: a hold that nobody could decide would wait for ever (F1)."""
        assert prepared.hold is not None
        reply = self._parts.replies.get("void.nobody", prepared.language, what=prepared.hold.summary, why=why)
        outcome = prepared.outcome.model_copy(update={"verdict": "VOID", "reply": reply, "reason": why})
        return prepared.model_copy(update={"outcome": outcome, "hold": None})

    async def _say_that_it_waits(self, record: HoldRecord) -> None:
        """Once per hold: it was approved, all actions are stopped, and it goes on by itself afterwards."""
        row = await self._parts.inbox.get(record.exchange_id)
        language = "en"
        if row is not None and row.prepared is not None:
            language = Prepared.model_validate_json(row.prepared).language
        text = self._parts.replies.get("hold.paused", language, summary=record.summary)
        await self._parts.say(
            OutboxDraft(
                key=f"hold-paused:{record.id}",
                channel=record.channel,
                thread=record.thread,
                recipient=record.requester,
                kind="hold",
                body=json.dumps({"text": text}, ensure_ascii=False),
                exchange_id=record.exchange_id,
            )
        )

    def _observer(self, exchange_id: str) -> Callable[[str, str, float | None, str], None]:
        hub = self._parts.hub

        def observe(stage: str, state: str, ms: float | None, note: str) -> None:
            hub.step(Progress(exchange_id, stage, "done" if state == "done" else "started", ms, note))

        return observe


def _word(record: HoldRecord) -> HumanWord:
    """The decision as the pipeline goes on with it. What was begun already counts as approved."""
    last = record.decisions[-1] if record.decisions else None
    state = record.state if record.state in ("denied", "expired", "cancelled") else "approved"
    names = dict.fromkeys(e.person_name or e.person or "somebody" for e in record.decisions)
    return HumanWord(
        state=state,
        by=" and ".join(names) or "nobody",
        reason=last.reason if last else "",
        self_ratified=record.self_ratified,
        content_sha256=record.content_sha256,
        hold_id=record.id,
    )
