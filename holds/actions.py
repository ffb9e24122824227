"""What Trinity can do in the world: a registry of actions, each run once under its key, and undone where it can be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import select, update

from holds import undone
from holds.runs import UNKNOWN, ActionContext, ActionOutcome, begun, finish, outcome_of, start_row
from holds.undone import OnUndone
from organs.bundles import Actor, Effect, Role
from store.engine import Database
from store.flags import Flags
from store.people import People
from store.replicas import Replicas
from store.sql import insert_once
from store.tables import action_runs
from store.times import Clock, utcnow

log = structlog.get_logger(__name__)


class ActionFailed(Exception):
    """The action is certain not to have happened; the message is a sentence for the person who asked."""


class ActionUnclear(Exception):
    """Nobody can say whether it happened; the message is what is known, for the person who looks."""


@dataclass(frozen=True, slots=True)
class Done:
    """What an action says of itself. `undo` is all that its undoing needs; None where it cannot be undone."""

    text: str
    undo: str | None = None


Run = Callable[[Mapping[str, str], ActionContext], Awaitable[Done]]
Undo = Callable[[str, ActionContext], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done.

    `once` says that running it again under the same key does nothing more (its effect and its key are one
    commit); only such an action is taken up again after a crash in the middle of it.
    """

    name: str
    summary: str  # plain words, for the person who decides
    effect: Effect
    run: Run
    action_class: str | None = None  # a table of holds.toml; None: by its effect
    own: bool = False  # touches only what belongs to the asker
    undo: Undo | None = None
    once: bool = False
    timeout_s: float = 60.0
    required: tuple[str, ...] = ()  # arguments it cannot do without

    @property
    def free(self) -> bool:
        """Whether it may run without a human's word: it only reads, or is the asker's own and can be taken back."""
        return self.effect.weight <= Effect.READ.weight or (self.own and self.effect is Effect.REVERSIBLE)


class Actions:
    """The registry and its runs."""

    def __init__(
        self, database: Database, people: People, flags: Flags, replicas: Replicas, *, clock: Clock = utcnow
    ) -> None:
        self._db, self._people, self._flags, self._replicas, self._clock = database, people, flags, replicas, clock
        self.on_undone: OnUndone | None = None
        self._known: dict[str, Action] = {}
        self._under_way: set[asyncio.Task[ActionOutcome]] = set()

    def register(self, action: Action) -> None:
        """Add an action.

        Raises:
            ValueError: the name is taken, or reserved.
        """
        if action.name in self._known or action.name == "unknown":
            raise ValueError(f"there is already an action called {action.name}")
        self._known[action.name] = action

    def graver(self, action: Action) -> None:
        """Put a graver form in place of an action: what its server says of itself can raise it, never lower it.

        Raises:
            KeyError: there is no such action.
            ValueError: it would be milder than before.
        """
        if action.effect.weight < self._known[action.name].effect.weight:
            raise ValueError(f"{action.name} would become milder")
        self._known[action.name] = action

    def get(self, name: str) -> Action | None:
        """The action of that name; None means that no tool exists for it."""
        return self._known.get(name)

    def names(self) -> tuple[str, ...]:
        """Every action there is."""
        return tuple(sorted(self._known))

    async def run(
        self,
        name: str,
        arguments: Mapping[str, str],
        *,
        key: str,
        exchange_id: str,
        person: str,
        channel: str,
        thread: str,
    ) -> ActionOutcome:
        """Run an action that needs no human's word, once per key: a second call with the key gives the first outcome.

        Whatever the caller believes, an action that is declared to need a human's word does not run here.

        Raises:
            StoreUnavailable: before anything was done.
        """
        action = self._known.get(name)
        if action is None:
            return ActionOutcome("no_tool", f"No tool exists here for “{name}”.", key)
        if not action.free:
            log.error("action.no_mandate", action=name)
            return ActionOutcome("failed", "Not done: this needs a human's word for exactly this content.", key)
        stopped = await self.stopped()
        if stopped is not None:
            return ActionOutcome("paused", stopped, key)
        context = ActionContext(key, exchange_id, person, channel, thread, self._clock(), action.effect)
        row = start_row(context, name, arguments, owner=self._replicas.id, hold_id=None)
        async with self._db.begin() as conn:
            fresh = await insert_once(conn, action_runs, row)
        if not fresh:
            return await self._earlier(key)
        return await self.unbroken(self._perform_and_record(action, arguments, context))

    async def _earlier(self, key: str) -> ActionOutcome:
        """What became of the first run under a key; one that a dead process left in the middle is settled now."""
        alive = await self._replicas.alive()
        async with self._db.read() as conn:
            row = (await conn.execute(select(action_runs).where(action_runs.c.key == key))).one()
        if row.state == "running" and row.owner not in alive:
            return await self._settle(row)
        return outcome_of(row)

    async def _perform_and_record(
        self, action: Action, arguments: Mapping[str, str], context: ActionContext
    ) -> ActionOutcome:
        return await self.record(await self.perform(action, arguments, context))

    async def unbroken(self, work: Coroutine[Any, Any, ActionOutcome]) -> ActionOutcome:
        """Let begun work reach its end although the caller is cancelled: “stop” ends an answer, not half an action."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def drain(self, seconds: float) -> bool:
        """At the end of the process: wait for what is under way; False when something did not end in time.

        What did not is found `running` by the next start.
        """
        if not self._under_way:
            return True
        _, left = await asyncio.wait(set(self._under_way), timeout=seconds)
        return not left

    async def stopped(self) -> str | None:
        """The sentence that says that all actions are stopped; None where they are not."""
        pause = await self._flags.paused()
        return (
            None if pause is None else f"All actions are stopped since {pause.at:%Y-%m-%d %H:%M} UTC. Nothing was done."
        )

    async def perform(self, action: Action, arguments: Mapping[str, str], context: ActionContext) -> ActionOutcome:
        """Call the action and say what is certain: done, certainly not done, or not known."""
        missing = [name for name in action.required if not arguments.get(name)]
        if missing:
            return ActionOutcome("failed", f"Not done: {', '.join(missing)} is missing.", context.key)
        try:
            async with asyncio.timeout(action.timeout_s):
                done = await action.run(arguments, context)
        except ActionFailed as error:
            return ActionOutcome("failed", str(error), context.key)
        except ActionUnclear as error:
            return ActionOutcome("unknown", f"{error} {UNKNOWN}", context.key)
        except Exception as error:  # noqa: BLE001 - whatever it was, nobody knows whether the world changed
            log.error("action.unknown", action=action.name, error=type(error).__name__)
            return ActionOutcome("unknown", UNKNOWN, context.key)
        return ActionOutcome("executed", done.text, context.key, done.undo)

    async def record(self, done: ActionOutcome) -> ActionOutcome:
        """Write what became of a run this process holds; the first word stands."""
        async with self._db.begin() as conn:
            await conn.execute(finish(done, self._replicas.id, self._clock()))
        return await self.outcome(done.key) or done

    async def outcome(self, key: str) -> ActionOutcome | None:
        """What is known of a run."""
        async with self._db.read() as conn:
            row = (await conn.execute(select(action_runs).where(action_runs.c.key == key))).first()
        return None if row is None else outcome_of(row)

    async def runs_of(self, exchange_id: str) -> tuple[ActionOutcome, ...]:
        """Every run of an exchange, oldest first."""
        query = select(action_runs).where(action_runs.c.exchange_id == exchange_id).order_by(action_runs.c.started_at)
        async with self._db.read() as conn:
            return tuple(outcome_of(row) for row in await conn.execute(query))

    async def undo(self, key: str, *, by: Actor) -> ActionOutcome:
        """Take a run back: its own asker, or a commander. What cannot be taken back is said so, and nothing changes."""
        async with self._db.read() as conn:
            row = (await conn.execute(select(action_runs).where(action_runs.c.key == key))).first()
        if row is None:
            return ActionOutcome("failed", "There is nothing to take back.", key)
        own = by.person in await self._people.kin_of(row.actor)
        if not own and by.role is not Role.COMMANDER:
            return ActionOutcome("failed", "Only the one who asked for it can take it back.", key)
        if row.state == "undone":
            return ActionOutcome("undone", "It was taken back before.", key)
        stopped = await self.stopped()
        if stopped is not None:
            return ActionOutcome("paused", stopped, key)
        action = self._known.get(row.action)
        if row.state != "executed" or row.undo is None or action is None or action.undo is None:
            return ActionOutcome("failed", "This cannot be taken back.", key)
        context = ActionContext(key, row.exchange_id, row.actor, by.channel, "", self._clock())
        try:
            async with asyncio.timeout(action.timeout_s):
                text = await action.undo(row.undo, context)
        except ActionFailed as error:
            return ActionOutcome("failed", str(error), key)
        except TimeoutError:
            return ActionOutcome("unknown", "Taking it back did not finish; look at it before you try again.", key)
        async with self._db.begin() as conn:
            await conn.execute(
                update(action_runs)
                .where(action_runs.c.key == key, action_runs.c.state == "executed")
                .values(state="undone", outcome=text, undone_by=by.person, undone_at=self._clock())
            )
        await self.seal_undone()
        return ActionOutcome("undone", text, key)

    async def seal_undone(self) -> int:
        """Seal what was taken back and is not in the ledger yet; how many. What fails waits for the next call."""
        if self.on_undone is None:
            return 0
        async with self._db.read() as conn:
            left = await undone.unsealed(conn)
        for number, one in enumerate(left):
            try:
                index = await self.on_undone(one)
            except Exception as error:  # noqa: BLE001 - whatever the ledger raised, the row stays unsealed
                log.warning("undo.seal_waits", error=type(error).__name__, waiting=len(left) - number)
                return number
            async with self._db.begin() as conn:
                await undone.mark_sealed(conn, one.run, index)
        return len(left)

    async def recover(self) -> tuple[ActionOutcome, ...]:
        """Settle the runs without a hold that a dead process left in the middle: again where safe, else unknown."""
        await self.seal_undone()
        alive = await self._replicas.alive()
        query = select(action_runs).where(
            action_runs.c.state == "running", action_runs.c.hold_id.is_(None), action_runs.c.owner.not_in(alive)
        )
        async with self._db.read() as conn:
            left = (await conn.execute(query)).all()
        return tuple([await self._settle(row) for row in left])

    async def _settle(self, row: Any) -> ActionOutcome:
        action = self._known.get(row.action)
        async with self._db.begin() as conn:
            taken = await conn.execute(
                update(action_runs)
                .where(action_runs.c.key == row.key, action_runs.c.state == "running", action_runs.c.owner == row.owner)
                .values(owner=self._replicas.id)
            )
        if taken.rowcount != 1:  # another process was quicker
            return await self.outcome(row.key) or ActionOutcome("unknown", UNKNOWN, row.key)
        done = ActionOutcome("unknown", UNKNOWN, row.key)
        if action is not None and action.once:
            context, arguments = begun(row, self._clock())
            done = await self.perform(action, arguments, context)
        return await self.record(done)
