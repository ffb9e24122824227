"""The durable inbox: a message is a committed row before it is acknowledged, and its answer is committed with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from store import outbox as outbox_store
from store import threads
from store.engine import Database
from store.ids import new_id
from store.outbox import OutboxDraft
from store.sql import insert_once
from store.tables import inbox
from store.threads import TurnDraft
from store.times import Clock, utcnow

InboxState = Literal["received", "running", "waiting", "done"]


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One exchange as the inbox knows it. `waiting` means that a human's decision is outstanding."""

    exchange_id: str
    channel: str
    event_id: str
    thread: str
    person: str
    payload: str = field(repr=False)  # JSON of the inbound message; opaque here, never in a log
    state: InboxState
    received_at: datetime
    attempts: int
    prepared: str | None = field(repr=False)  # the verdict on its way to the ledger; opaque here
    outcome: str | None = field(repr=False)
    seal_index: int | None
    cancel_requested: bool


def _row(row: Any) -> InboxRow:
    return InboxRow(
        exchange_id=row.exchange_id,
        channel=row.channel,
        event_id=row.event_id,
        thread=row.thread,
        person=row.person,
        payload=row.payload,
        state=row.state,
        received_at=row.received_at,
        attempts=row.attempts,
        prepared=row.prepared,
        outcome=row.outcome,
        seal_index=row.seal_index,
        cancel_requested=row.cancel_at is not None,
    )


def _left(now: datetime) -> ColumnElement[bool]:
    return and_(inbox.c.state == "running", or_(inbox.c.lease_until.is_(None), inbox.c.lease_until < now))


class Inbox:
    """The inbox table. `received → running → (waiting → running)* → done`; done is final."""

    def __init__(self, database: Database, clock: Clock = utcnow) -> None:
        self._db, self._clock = database, clock

    async def receive(self, channel: str, event_id: str, thread: str, person: str, payload: str) -> tuple[str, bool]:
        """Keep an inbound message; acknowledge it only after this returned.

        Returns:
            The exchange's id, and whether it is new: an event that the platform delivers twice gets the same id.

        Raises:
            StoreUnavailable: it was not kept and must not be acknowledged.
        """
        exchange_id = new_id("ex")
        async with self._db.begin() as conn:
            fresh = await insert_once(
                conn,
                inbox,
                {
                    "exchange_id": exchange_id,
                    "channel": channel,
                    "event_id": event_id,
                    "thread": thread,
                    "person": person,
                    "payload": payload,
                    "state": "received",
                    "received_at": self._clock(),
                    "attempts": 0,
                },
            )
            if not fresh:
                query = select(inbox.c.exchange_id).where(inbox.c.channel == channel, inbox.c.event_id == event_id)
                exchange_id = (await conn.execute(query)).scalar_one()
        return exchange_id, fresh

    async def claim(self, exchange_id: str, owner: str, lease: timedelta) -> InboxRow | None:
        """Take an exchange to work on; None when it is done or another worker has it.

        A row whose worker died can be taken once its lease has run out, or after `release`.
        """
        now = self._clock()
        free = or_(inbox.c.state.in_(("received", "waiting")), _left(now))
        async with self._db.begin() as conn:
            taken = await conn.execute(
                update(inbox)
                .where(inbox.c.exchange_id == exchange_id, free)
                .values(state="running", owner=owner, lease_until=now + lease, attempts=inbox.c.attempts + 1)
            )
            if taken.rowcount != 1:
                return None
            return _row((await conn.execute(select(inbox).where(inbox.c.exchange_id == exchange_id))).one())

    async def extend(self, exchange_id: str, owner: str, lease: timedelta) -> bool:
        """Keep a claimed exchange for longer; False when it is no longer this owner's."""
        async with self._db.begin() as conn:
            kept = await conn.execute(
                update(inbox)
                .where(inbox.c.exchange_id == exchange_id, inbox.c.owner == owner, inbox.c.state == "running")
                .values(lease_until=self._clock() + lease)
            )
        return kept.rowcount == 1

    async def unfinished(self) -> list[InboxRow]:
        """Every exchange that is neither done nor waiting for a human, oldest first."""
        query = select(inbox).where(inbox.c.state.in_(("received", "running"))).order_by(inbox.c.received_at)
        async with self._db.read() as conn:
            return [_row(row) for row in await conn.execute(query)]

    async def abandoned(self) -> list[InboxRow]:
        """Of the unfinished, those that nobody alive works on: never begun, or their lease ran out. Oldest first."""
        query = (
            select(inbox).where(or_(inbox.c.state == "received", _left(self._clock()))).order_by(inbox.c.received_at)
        )
        async with self._db.read() as conn:
            return [_row(row) for row in await conn.execute(query)]

    async def release(self, owner: str | None = None) -> int:
        """At start: give back what a former life of this owner was working on (None: of every owner, where the home's
        lock says that there is no other). Returns how many."""
        whose = [] if owner is None else [inbox.c.owner == owner]
        async with self._db.begin() as conn:
            given = await conn.execute(update(inbox).where(inbox.c.state == "running", *whose).values(lease_until=None))
        return given.rowcount

    async def release_silent(self, alive: Iterable[str]) -> int:
        """Give back what processes were working on that no longer beat; how many. Their leases are not waited for."""
        async with self._db.begin() as conn:
            given = await conn.execute(
                update(inbox)
                .where(inbox.c.state == "running", inbox.c.owner.not_in(list(alive)), inbox.c.lease_until.is_not(None))
                .values(lease_until=None)
            )
        return given.rowcount

    async def get(self, exchange_id: str) -> InboxRow | None:
        """One exchange."""
        async with self._db.read() as conn:
            row = (await conn.execute(select(inbox).where(inbox.c.exchange_id == exchange_id))).first()
        return None if row is None else _row(row)

    async def of_event(self, channel: str, event_id: str) -> InboxRow | None:
        """The exchange that a platform's event became."""
        query = select(inbox).where(inbox.c.channel == channel, inbox.c.event_id == event_id)
        async with self._db.read() as conn:
            row = (await conn.execute(query)).first()
        return None if row is None else _row(row)

    async def of_message(self, channel: str, message: str) -> list[InboxRow]:
        """Every exchange that a platform's message became: itself, and `message:…` for each edit that asked again."""
        mine = or_(inbox.c.event_id == message, inbox.c.event_id.startswith(f"{message}:", autoescape=True))
        query = select(inbox).where(inbox.c.channel == channel, mine).order_by(inbox.c.exchange_id)
        async with self._db.read() as conn:
            return [_row(row) for row in await conn.execute(query)]

    async def last_received(self, channel: str) -> datetime | None:
        """When a channel last brought something; None where it never did."""
        query = select(func.max(inbox.c.received_at)).where(inbox.c.channel == channel)
        async with self._db.read() as conn:
            found: datetime | None = (await conn.execute(query)).scalar()
        return found

    async def latest_threads(self, channel: str, limit: int) -> list[str]:
        """The threads of a channel that moved last, latest first."""
        moved = func.max(inbox.c.received_at)
        query = select(inbox.c.thread).where(inbox.c.channel == channel).group_by(inbox.c.thread)
        async with self._db.read() as conn:
            return list((await conn.execute(query.order_by(moved.desc()).limit(limit))).scalars())

    async def of_thread(self, channel: str, thread: str, person: str, limit: int = 200) -> list[InboxRow]:
        """A person's exchanges in one thread, oldest first, the last `limit` of them."""
        query = (
            select(inbox)
            .where(inbox.c.channel == channel, inbox.c.thread == thread, inbox.c.person == person)
            .order_by(inbox.c.received_at.desc(), inbox.c.exchange_id.desc())
            .limit(limit)
        )
        async with self._db.read() as conn:
            return [_row(row) for row in reversed((await conn.execute(query)).all())]

    async def threads_of(self, channel: str, person: str, limit: int = 50) -> list[tuple[InboxRow, datetime]]:
        """The first exchange of each of a person's threads and when the thread last moved, latest first."""
        spans = (
            select(
                func.min(inbox.c.exchange_id).label("first"),  # ids sort by the time they were made
                func.max(inbox.c.received_at).label("moved"),
            )
            .where(inbox.c.channel == channel, inbox.c.person == person)
            .group_by(inbox.c.thread)
            .order_by(func.max(inbox.c.received_at).desc())
            .limit(limit)
            .subquery()
        )
        query = (
            select(inbox, spans.c.moved)
            .join(spans, inbox.c.exchange_id == spans.c.first)
            .order_by(spans.c.moved.desc())
        )
        async with self._db.read() as conn:
            return [(_row(row), row.moved) for row in await conn.execute(query)]

    async def last_place(self, person: str, *, not_on: tuple[str, ...] = ()) -> tuple[str, str] | None:
        """The channel and thread where a person wrote last, some channels left out; None where there is none."""
        query = (
            select(inbox.c.channel, inbox.c.thread)
            .where(inbox.c.person == person, inbox.c.channel.not_in(not_on))
            .order_by(inbox.c.received_at.desc(), inbox.c.exchange_id.desc())
            .limit(1)
        )
        async with self._db.read() as conn:
            row = (await conn.execute(query)).first()
        return None if row is None else (row.channel, row.thread)

    async def mark(self, exchange_id: str, state: InboxState) -> bool:
        """Set a state by hand; False when the exchange is done already (done is final) or unknown."""
        async with self._db.begin() as conn:
            changed = await conn.execute(
                update(inbox).where(inbox.c.exchange_id == exchange_id, inbox.c.state != "done").values(state=state)
            )
        return changed.rowcount == 1

    async def finish(
        self,
        exchange_id: str,
        outcome: str,
        reply: OutboxDraft | None = None,
        turns: Sequence[TurnDraft] = (),
        *,
        seal_index: int | None = None,
        owner: str | None = None,
    ) -> bool:
        """End an exchange: its outcome, its reply in the outbox and the thread's turns, in one transaction.

        Returns:
            False when it was done already, or is no longer this owner's (who slept too long); then nothing at all
            was written, so nothing is said twice.
        """
        return await self._close(exchange_id, "done", outcome, reply, turns, seal_index, owner)

    async def park(
        self,
        exchange_id: str,
        outcome: str,
        reply: OutboxDraft | None = None,
        turns: Sequence[TurnDraft] = (),
        *,
        seal_index: int | None = None,
        owner: str | None = None,
    ) -> bool:
        """Let an exchange wait for a human's decision, saying so; as `finish`, but the exchange goes on later."""
        return await self._close(exchange_id, "waiting", outcome, reply, turns, seal_index, owner)

    async def _close(
        self,
        exchange_id: str,
        state: InboxState,
        outcome: str,
        reply: OutboxDraft | None,
        drafts: Sequence[TurnDraft],
        seal_index: int | None,
        owner: str | None,
    ) -> bool:
        now = self._clock()
        open_states = ("received", "running", "waiting") if state == "done" else ("received", "running")
        async with self._db.begin() as conn:
            query = select(inbox).where(inbox.c.exchange_id == exchange_id).with_for_update()
            row = (await conn.execute(query)).first()
            if row is None:
                raise KeyError(exchange_id)
            if row.state not in open_states or (owner is not None and row.owner != owner):
                return False
            await conn.execute(
                update(inbox)
                .where(inbox.c.exchange_id == exchange_id)
                .values(
                    state=state,
                    outcome=outcome,
                    seal_index=seal_index if seal_index is not None else row.seal_index,
                    finished_at=now if state == "done" else None,
                    lease_until=None,
                )
            )
            if reply is None or await outbox_store.put(conn, reply, now):  # a reply that stands has its turns, too
                await threads.add(
                    conn,
                    exchange_id=exchange_id,
                    channel=row.channel,
                    thread=row.thread,
                    person=row.person,
                    drafts=drafts,
                    now=now,
                )
        return True

    async def prepare(self, exchange_id: str, prepared: str | None, *, owner: str | None = None) -> bool:
        """Keep a verdict before it is sealed, so that work taken up again seals the same one (None forgets it).

        Returns:
            False when the exchange is done, or another process took it up while this owner slept.
        """
        whose = [] if owner is None else [inbox.c.owner == owner]
        async with self._db.begin() as conn:
            kept = await conn.execute(
                update(inbox)
                .where(inbox.c.exchange_id == exchange_id, inbox.c.state != "done", *whose)
                .values(prepared=prepared)
            )
        return kept.rowcount == 1

    async def request_cancel(self, exchange_id: str) -> bool:
        """Ask for a running answer to be stopped; False when it is done already."""
        async with self._db.begin() as conn:
            asked = await conn.execute(
                update(inbox)
                .where(inbox.c.exchange_id == exchange_id, inbox.c.state != "done", inbox.c.cancel_at.is_(None))
                .values(cancel_at=self._clock())
            )
        return asked.rowcount == 1

    async def cancel_requested(self, exchange_id: str) -> bool:
        """Whether somebody asked for this exchange to be stopped."""
        query = select(inbox.c.cancel_at).where(inbox.c.exchange_id == exchange_id)
        async with self._db.read() as conn:
            return (await conn.execute(query)).scalar() is not None

    async def counts(self) -> dict[str, int]:
        """How many exchanges stand in each state."""
        async with self._db.read() as conn:
            rows = await conn.execute(select(inbox.c.state, func.count()).group_by(inbox.c.state))
            return {row[0]: row[1] for row in rows}
