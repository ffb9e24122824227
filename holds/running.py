"""Carries out an approved hold, once: the row says `running` before the call, and what became of it after."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from holds import rows
from holds.actions import Action, Actions
from holds.desk import HoldDesk
from holds.record import Decision, HoldRecord, HoldState, arguments_of
from holds.runs import UNKNOWN, ActionContext, ActionOutcome, begun, finish, outcome_of, start_row
from organs.bundles import Actor
from store.engine import Database
from store.replicas import Replicas
from store.sql import insert_once
from store.tables import action_runs, holds
from store.times import Clock, utcnow

NO_TOOL = "No tool exists for this here, so nothing was run. This is the plan that was approved:"


class Runner:
    """Runs what was approved: `approved → running → executed | failed | unknown`, each step an event to be sealed."""

    def __init__(
        self, database: Database, desk: HoldDesk, actions: Actions, replicas: Replicas, *, clock: Clock = utcnow
    ) -> None:
        self._db, self._desk, self._actions, self._replicas, self._clock = database, desk, actions, replicas, clock

    async def run(self, hold_id: str) -> ActionOutcome:
        """Carry out an approved hold. Whoever calls again, here or in another process, gets the first outcome.

        Raises:
            KeyError: no such hold.
            ValueError: the hold is not approved.
            StoreUnavailable: nothing was begun.
        """
        key = f"hold:{hold_id}"
        record = await self._desk.get(hold_id)
        if record is None:
            raise KeyError(hold_id)
        action = self._actions.get(record.action)
        if action is None and record.state == "approved":
            return ActionOutcome("no_tool", f"{NO_TOOL}\n\n{record.plan or record.content}", key)
        stopped = await self.stopped(record)
        if stopped is not None:
            return ActionOutcome("paused", stopped, key)
        context = ActionContext(
            key, record.exchange_id, record.requester, record.channel, record.thread, self._clock(), record.effect
        )
        async with self._db.begin() as conn:
            record = await rows.one(conn, hold_id, lock=True) or record
            if record.state != "approved" or action is None:
                return await self._earlier(conn, record, key)
            arguments = arguments_of(record.content)
            row = start_row(context, record.action, arguments, owner=self._replicas.id, hold_id=hold_id)
            await insert_once(conn, action_runs, row)
            await self._step(conn, record, "running", "begun")
        await self._desk.seal_pending()
        return await self._actions.unbroken(self._call(action, record, context))

    async def stopped(self, record: HoldRecord) -> str | None:
        """Why an approved hold waits although it was decided: all actions are stopped. None where it may go on.

        A written plan without a tool is handed over even then, because nothing runs.
        """
        if record.state != "approved" or self._actions.get(record.action) is None:
            return None
        return await self._actions.stopped()

    async def _earlier(self, conn: AsyncConnection, record: HoldRecord, key: str) -> ActionOutcome:
        if record.state not in ("running", "executed", "failed", "unknown"):
            raise ValueError(f"hold {record.id} is {record.state}, not approved")
        row = (await conn.execute(select(action_runs).where(action_runs.c.key == key))).first()
        return ActionOutcome("unknown", UNKNOWN, key) if row is None else outcome_of(row)

    async def _call(self, action: Action, record: HoldRecord, context: ActionContext) -> ActionOutcome:
        outcome = await self._actions.perform(action, arguments_of(record.content), context)
        return await self._end(record, outcome)

    async def _end(self, record: HoldRecord, outcome: ActionOutcome) -> ActionOutcome:
        async with self._db.begin() as conn:
            ended = await conn.execute(finish(outcome, self._replicas.id, self._clock()))
            locked = await rows.one(conn, record.id, lock=True)
            if ended.rowcount == 1 and locked is not None and locked.state == "running":
                await self._step(conn, locked, _AFTER[outcome.state], outcome.state)
        await self._desk.seal_pending()
        return await self._actions.outcome(outcome.key) or outcome

    async def _step(self, conn: AsyncConnection, record: HoldRecord, state: HoldState, what: str) -> None:
        await rows.set_state(conn, record.id, state)
        await rows.add_event(
            conn,
            record.id,
            "hold.run",
            self._clock(),
            state=state,
            decision=what,
            content_sha256=record.content_sha256,
        )

    async def recover(self) -> tuple[HoldRecord, ...]:
        """Settle what a dead process left in the middle, and give the holds whose exchange must go on.

        An action whose effect and key are one commit is run again; of every other one nobody can know, so it
        becomes `unknown` and a human is asked.
        """
        alive = await self._replicas.alive()
        query = select(action_runs).where(
            action_runs.c.state == "running", action_runs.c.hold_id.is_not(None), action_runs.c.owner.not_in(alive)
        )
        async with self._db.read() as conn:
            left = (await conn.execute(query)).all()
        settled: list[HoldRecord] = []
        for row in left:
            async with self._db.begin() as conn:
                taken = await conn.execute(
                    update(action_runs)
                    .where(
                        action_runs.c.key == row.key,
                        action_runs.c.state == "running",
                        action_runs.c.owner == row.owner,
                    )
                    .values(owner=self._replicas.id)
                )
            record = await self._desk.get(row.hold_id)
            if taken.rowcount != 1 or record is None:
                continue  # another process was quicker
            action = self._actions.get(row.action)
            if action is not None and action.once:
                await self._call(action, record, begun(row, self._clock())[0])
            else:
                await self._end(record, ActionOutcome("unknown", UNKNOWN, row.key))
            after = await self._desk.get(row.hold_id)
            if after is not None:
                settled.append(after)
        return tuple(settled)

    async def resolve(self, hold_id: str, *, by: Actor, happened: bool, reason: str = "") -> Decision:
        """A human says what became of an `unknown` run, having looked. Those who could decide the hold may say it."""
        record = await self._desk.get(hold_id)
        if record is None:
            return Decision(False, "There is no such hold.", None)
        who = await self._desk.who_may(record)
        if by.person not in {person.id for person in who.people}:
            return Decision(False, f"You may not settle this; {who.words} may.", record)
        if record.state != "unknown":
            return Decision(False, "There is nothing to settle here.", record)
        state: HoldState = "executed" if happened else "failed"
        async with self._db.begin() as conn:
            changed = await conn.execute(
                update(holds).where(holds.c.id == hold_id, holds.c.state == "unknown").values(state=state)
            )
            if changed.rowcount == 1:
                await conn.execute(
                    update(action_runs)
                    .where(action_runs.c.hold_id == hold_id, action_runs.c.state == "unknown")
                    .values(state=state, finished_at=self._clock())
                )
                await rows.add_event(
                    conn,
                    hold_id,
                    "hold.resolved",
                    self._clock(),
                    state=state,
                    by=by,
                    decision=state,
                    reason=reason,
                    content_sha256=record.content_sha256,
                )
        await self._desk.seal_pending()
        words = "Noted: it happened." if happened else "Noted: it did not happen. Ask for it again if it still should."
        return Decision(True, words, await self._desk.get(hold_id))


_AFTER: dict[str, HoldState] = {"executed": "executed", "failed": "failed", "unknown": "unknown"}
