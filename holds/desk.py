"""Where humans decide: opens holds, takes clicks, lets holds run out, and hands decided ones to the conversation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Protocol

import structlog
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from holds import rows
from holds.checks import (
    Choice,
    Click,
    acknowledge_refusal,
    already,
    counting,
    refusal,
    thanks,
    waiting_for,
)
from holds.policy import Policy, WhoMay
from holds.reading import HoldReader
from holds.record import (
    DECIDED,
    Decision,
    HoldRecord,
    HoldRequest,
    HoldState,
    NobodyMayDecide,
    arguments_of,
    content_hash,
)
from holds.sealing import OnEvent, Sealer
from organs.bundles import Actor, Role
from store.engine import Database
from store.errors import StoreUnavailable
from store.ids import new_id
from store.people import People, kin_of
from store.sql import insert_once
from store.tables import holds
from store.times import Clock, utcnow
from store.types import storable

log = structlog.get_logger(__name__)

OnHold = Callable[[HoldRecord], Awaitable[None]]


class StepUp(Protocol):
    """Checks a code from the person's authenticator app, once (`holds.stepup`)."""

    async def enrolled(self, person: str) -> bool: ...

    async def verify(self, person: str, code: str) -> bool: ...


class HoldDesk(HoldReader):
    """The desk. Every step is a committed row first, then sealed; refusals are values, never exceptions."""

    def __init__(
        self,
        database: Database,
        policy: Policy,
        people: People,
        *,
        on_event: OnEvent | None = None,
        decided: OnHold | None = None,
        changed: OnHold | None = None,
        step_up: StepUp | None = None,
        clock: Clock = utcnow,
    ) -> None:
        """`on_event` seals, `decided` lets the exchange go on, `changed` refreshes what people see."""
        super().__init__(database, policy, people)
        self._clock = clock
        self.decided, self.changed, self.step_up = decided, changed, step_up
        self._sealer = Sealer(database, on_event)

    # -- asking -----------------------------------------------------------------------------------------------------

    async def open(self, request: HoldRequest) -> HoldRecord:
        """Make a hold, or give back the one that this exchange already has for this exact content.

        Raises:
            NobodyMayDecide: policy names nobody who could allow it to this requester; nothing was written.
            StoreUnavailable: it could not be kept.
        """
        content = storable(request.content)
        sha = content_hash(content)
        known = await self._find(holds.c.exchange_id == request.exchange_id, holds.c.content_sha256 == sha)
        if known is not None:
            return known
        who = await self.policy.who_may(request.action_class, request.effect, request.requester, arguments_of(content))
        # A crisis is kept even where nobody is named: it must be in the record, and its reply claims nothing.
        if who.nobody and request.kind != "crisis":
            raise NobodyMayDecide(who.why)
        now = self._clock()
        hold_id = new_id("hold")
        async with self._db.begin() as conn:
            values = self._values(request, hold_id, content, sha, who, now)
            if await insert_once(conn, holds, values):
                await rows.add_event(conn, hold_id, "hold.opened", now, state="open", content_sha256=sha)
        await self.seal_pending()
        record = await self._find(holds.c.exchange_id == request.exchange_id, holds.c.content_sha256 == sha)
        if record is None:  # pragma: no cover - the row was committed just above
            raise StoreUnavailable("a hold that was written is not there")
        await self._call(self.changed, record)
        return record

    @staticmethod
    def _values(
        request: HoldRequest,
        hold_id: str,
        content: str,
        sha: str,
        who: WhoMay,
        now: datetime,
    ) -> dict[str, Any]:
        rule = who.rule
        expires = None if request.kind == "crisis" else rule.expires
        return {
            "id": hold_id,
            "exchange_id": request.exchange_id,
            "kind": request.kind,
            "action": request.action,
            "action_class": request.action_class,
            "summary": request.summary,
            "plan": request.plan,
            "content": content,
            "content_sha256": sha,
            "effect": request.effect.value,
            "requester": request.requester,
            "channel": request.channel,
            "thread": request.thread,
            "risk": rule.risk,
            "rule": rule.to_json(),
            "who_may": who.words,
            "needed": rule.needed,
            "state": "open",
            "created_at": now,
            "deadline": None if expires is None else now + expires,
            "reminded": 0,
        }

    # -- deciding ---------------------------------------------------------------------------------------------------

    async def decide(
        self,
        hold_id: str,
        *,
        by: Actor,
        decision: Choice,
        reason: str = "",
        content_sha256: str,
        typed_action: str | None = None,
        step_up: str | None = None,
        weak: bool = False,
        proof: str | None = None,
        step_up_checked: bool = False,
    ) -> Decision:
        """Take one click. The first valid decision wins; every other click is answered and sealed, and changes nothing.

        `step_up_checked` is for `holds.editing` alone, which looks at the code before it changes the content.

        Raises:
            StoreUnavailable: nothing was decided.
        """
        click = Click(by, decision, content_sha256, reason, typed_action, step_up, weak, proof)
        seen = await self.get(hold_id)
        if seen is None:
            return Decision(False, "There is no such hold.", None)
        facts = await self.facts(seen, by)
        why = refusal(seen, click, facts, self._clock())
        if why is None and decision == "approve" and facts.who.rule.step_up and not step_up_checked:
            why = await self.step_up_refusal(by, step_up)
        async with self._db.begin() as conn:
            record = await rows.one(conn, hold_id, lock=True)
            if record is None:  # pragma: no cover - holds are never deleted
                return Decision(False, "There is no such hold.", None)
            now = self._clock()
            why = why or refusal(record, click, facts, now)
            if why is not None:
                await self._refuse(conn, record, click, why, now)
            else:
                # One human is one voice, under however many ids.
                voices = {await kin_of(conn, p) for p in counting(record, facts.who)} | {facts.kin}
                await self._accept(conn, record, click, facts.who, len(voices), now)
        after = await self.settled(hold_id, tell=why is None)
        if why is not None:
            return Decision(False, why, after)
        if after.state == "open":
            return Decision(True, f"Your approval is noted. {waiting_for(after, facts.who)}", after)
        return Decision(True, thanks(after), after)

    async def _accept(
        self, conn: AsyncConnection, record: HoldRecord, click: Click, who: WhoMay, voices: int, now: datetime
    ) -> None:
        state: HoldState = record.state
        if click.choice == "deny":
            state = "denied"
        elif voices >= who.rule.needed:
            state = "approved"
        if state != "open":
            await rows.set_state(conn, record.id, state, decided_at=now)
        await rows.add_event(
            conn,
            record.id,
            "hold.decision",
            now,
            state=state,
            by=click.by,
            decision=click.choice,
            reason=click.reason,
            content_sha256=record.content_sha256,
            self_ratified=who.self_ratify and click.choice == "approve",
            proof=click.proof,
        )

    async def _refuse(self, conn: AsyncConnection, record: HoldRecord, click: Click, why: str, now: datetime) -> None:
        await rows.add_event(
            conn,
            record.id,
            "hold.refused",
            now,
            state=record.state,
            by=click.by,
            decision=click.choice,
            reason=why,
            content_sha256=click.content_sha256,
            proof=click.proof,
        )

    async def step_up_refusal(self, by: Actor, code: str | None) -> str | None:
        """Why this code does not prove enough, None where it does; a right one is used up by asking."""
        if self.step_up is None or not await self.step_up.enrolled(by.person):
            return (
                "This needs a code from your authenticator app, and none is set up: click your name on the bridge "
                "page, or run `trinity people step-up`."
            )
        if not code:
            return "This needs a code from your authenticator app."
        if not await self.step_up.verify(by.person, code):
            return "That code is wrong, used up or too old. Wait for the next one and try again."
        return None

    async def acknowledge(self, hold_id: str, *, by: Actor, content_sha256: str, reason: str = "") -> Decision:
        """Say that a human has taken on a crisis: anybody who may see it, never the writer."""
        seen = await self.get(hold_id)
        if seen is None:
            return Decision(False, "There is no such hold.", None)
        facts = await self.facts(seen, by)
        click = Click(by, "approve", content_sha256, reason)
        async with self._db.begin() as conn:
            record = await rows.one(conn, hold_id, lock=True)
            if record is None:  # pragma: no cover - holds are never deleted
                return Decision(False, "There is no such hold.", None)
            now = self._clock()
            why = acknowledge_refusal(record, click, facts)
            if why is not None:
                await self._refuse(conn, record, click, why, now)
            else:
                await rows.set_state(conn, record.id, "acknowledged", decided_at=now, continued_at=now)
                await rows.add_event(
                    conn,
                    record.id,
                    "hold.acknowledged",
                    now,
                    state="acknowledged",
                    by=by,
                    reason=reason,
                    content_sha256=record.content_sha256,
                )
        after = await self.settled(hold_id, tell=why is None)
        if why is not None:
            return Decision(False, why, after)
        return Decision(True, "Thank you. It is noted that you are looking after this.", after)

    async def cancel(self, hold_id: str, *, by: Actor, reason: str = "") -> Decision:
        """Withdraw a hold: the one who asked for it, or a commander."""
        seen = await self.get(hold_id)
        if seen is None:
            return Decision(False, "There is no such hold.", None)
        facts = await self.facts(seen, by)
        own = bool(facts.kin & facts.requester_kin)
        commander = facts.person is not None and facts.person.active and facts.person.role == Role.COMMANDER.value
        async with self._db.begin() as conn:
            record = await rows.one(conn, hold_id, lock=True)
            if record is None or record.kind == "crisis" or not (own or commander):
                return Decision(False, "You cannot withdraw this.", record if own or commander else None)
            if record.state != "open":
                return Decision(False, already(record), record)
            now = self._clock()
            await rows.set_state(conn, record.id, "cancelled", decided_at=now)
            await rows.add_event(
                conn,
                record.id,
                "hold.cancelled",
                now,
                state="cancelled",
                by=by,
                reason=reason,
                content_sha256=record.content_sha256,
            )
        return Decision(True, "Withdrawn. Nothing is done.", await self.settled(hold_id))

    # -- time and going on ------------------------------------------------------------------------------------------

    async def expire_due(self, now: datetime | None = None) -> tuple[HoldRecord, ...]:
        """Let what ran out of time expire: not done, and said so. A crisis never expires."""
        moment = now or self._clock()
        async with self._db.begin() as conn:
            due = await rows.load(
                conn, holds.c.state == "open", holds.c.deadline <= moment, holds.c.kind != "crisis", lock=True
            )
            for record in due:
                await rows.set_state(conn, record.id, "expired", decided_at=moment)
                await rows.add_event(
                    conn,
                    record.id,
                    "hold.expired",
                    moment,
                    state="expired",
                    reason="Nobody decided in time; it was not done.",
                    content_sha256=record.content_sha256,
                )
        return tuple([await self.settled(record.id) for record in due])

    async def continued(self, hold_id: str) -> bool:
        """Record that the exchange went on to its end; False when that was recorded before."""
        async with self._db.begin() as conn:
            changed = await conn.execute(
                update(holds)
                .where(holds.c.id == hold_id, holds.c.continued_at.is_(None))
                .values(continued_at=self._clock())
            )
        return changed.rowcount == 1

    async def seal_pending(self) -> int:
        """Seal every step that is not in the ledger yet, in order; how many went in."""
        return await self._sealer.seal_pending()

    @property
    def on_event(self) -> OnEvent | None:
        """What seals one step."""
        return self._sealer.on_event

    @on_event.setter
    def on_event(self, seal: OnEvent | None) -> None:
        self._sealer.on_event = seal

    async def settled(self, hold_id: str, *, tell: bool = True) -> HoldRecord:
        """After a commit: seal, tell those who have to go on (where this step changed something), give the record."""
        await self.seal_pending()
        record = await self.get(hold_id)
        if record is None:  # pragma: no cover - holds are never deleted
            raise StoreUnavailable("a hold that was written is not there")
        if tell:
            await self._call(self.changed, record)
            if record.state in DECIDED and not record.continued:
                await self._call(self.decided, record)
        return record

    @staticmethod
    async def _call(callback: OnHold | None, record: HoldRecord) -> None:
        """A listener that fails must not undo a decision; `decided_not_continued` finds it again."""
        if callback is None:
            return
        try:
            await callback(record)
        except Exception as error:  # noqa: BLE001 - see above; the class is logged, the text may hold a person's words
            log.error("hold.listener_failed", hold=record.id, error=type(error).__name__)
