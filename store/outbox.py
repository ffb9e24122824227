"""What Trinity has to say, as rows: written with the change that causes them, delivered later, never lost.

Delivery itself is `notifications/outbox.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engine import Database
from store.sql import insert_once
from store.tables import outbox
from store.times import Clock, utcnow

OutboxState = Literal["pending", "sending", "sent", "failed"]


@dataclass(frozen=True, slots=True)
class OutboxDraft:
    """A message to be said. `key` makes saying it once possible: the same key is the same message."""

    key: str
    channel: str  # which `Sender` delivers it
    thread: str  # where it belongs on that channel
    body: str = field(repr=False)  # JSON or text; opaque here, never in a log
    recipient: str | None = None  # a person, where it goes to somebody rather than to a thread
    kind: str = "reply"
    exchange_id: str | None = None


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message as it stands in the table."""

    id: int
    key: str
    channel: str
    thread: str
    recipient: str | None
    kind: str
    body: str = field(repr=False)
    exchange_id: str | None
    state: OutboxState
    attempts: int
    platform_id: str | None
    error: str | None
    created_at: datetime
    sent_at: datetime | None


def _message(row: Any) -> OutboxMessage:
    return OutboxMessage(
        id=row.id,
        key=row.key,
        channel=row.channel,
        thread=row.thread,
        recipient=row.recipient,
        kind=row.kind,
        body=row.body,
        exchange_id=row.exchange_id,
        state=row.state,
        attempts=row.attempts,
        platform_id=row.platform_id,
        error=row.error,
        created_at=row.created_at,
        sent_at=row.sent_at,
    )


async def put(conn: AsyncConnection, draft: OutboxDraft, now: datetime) -> bool:
    """Write a message inside the caller's transaction; False when its key is already there."""
    return await insert_once(
        conn,
        outbox,
        {
            "key": draft.key,
            "exchange_id": draft.exchange_id,
            "channel": draft.channel,
            "thread": draft.thread,
            "recipient": draft.recipient,
            "kind": draft.kind,
            "body": draft.body,
            "state": "pending",
            "attempts": 0,
            "next_at": now,
            "created_at": now,
        },
    )


class Outbox:
    """The outbox table. One message of a thread is under way at a time, so that replies arrive in order."""

    def __init__(self, database: Database, clock: Clock = utcnow) -> None:
        self._db, self._clock = database, clock

    async def put(self, draft: OutboxDraft) -> bool:
        """Write a message in a transaction of its own; False when its key is already there."""
        async with self._db.begin() as conn:
            return await put(conn, draft, self._clock())

    async def get(self, key: str) -> OutboxMessage | None:
        """The message with that key."""
        async with self._db.read() as conn:
            row = (await conn.execute(select(outbox).where(outbox.c.key == key))).first()
        return None if row is None else _message(row)

    async def of_exchange(self, exchange_id: str) -> list[OutboxMessage]:
        """Everything said for one exchange, oldest first."""
        query = select(outbox).where(outbox.c.exchange_id == exchange_id).order_by(outbox.c.id)
        async with self._db.read() as conn:
            return [_message(row) for row in await conn.execute(query)]

    async def sent_with_key(self, beginning: str, channel: str) -> list[OutboxMessage]:
        """What a channel has said under keys with this beginning, oldest first: to be brought up to date there."""
        query = (
            select(outbox)
            .where(
                outbox.c.channel == channel,
                outbox.c.state == "sent",
                outbox.c.key.startswith(beginning, autoescape=True),
            )
            .order_by(outbox.c.id)
        )
        async with self._db.read() as conn:
            return [_message(row) for row in await conn.execute(query)]

    async def claim(
        self, owner: str, *, channels: tuple[str, ...], limit: int, lease: timedelta
    ) -> list[OutboxMessage]:
        """Take messages that are due: the oldest unsent one of each thread, on these channels.

        A message whose sender died holding it is due again when its lease has run out; `attempts` > 1 then tells the
        delivery that it may have been sent already.
        """
        now = self._clock()
        earlier = outbox.alias("earlier")
        due = or_(
            and_(outbox.c.state == "pending", outbox.c.next_at <= now),
            and_(outbox.c.state == "sending", outbox.c.lease_until < now),
        )
        first_of_thread = ~(
            select(earlier.c.id)
            .where(
                earlier.c.channel == outbox.c.channel,
                earlier.c.thread == outbox.c.thread,
                earlier.c.state.in_(("pending", "sending")),
                earlier.c.id < outbox.c.id,
            )
            .exists()
        )
        async with self._db.read() as conn:
            waiting = (
                await conn.execute(select(outbox.c.id).where(due, outbox.c.channel.in_(channels)).limit(1))
            ).first()
        if waiting is None:
            return []  # no write transaction while there is nothing to do
        async with self._db.begin() as conn:
            query = (
                select(outbox)
                .where(due, first_of_thread, outbox.c.channel.in_(channels))
                .order_by(outbox.c.id)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
            rows = (await conn.execute(query)).all()
            if rows:
                await conn.execute(
                    update(outbox)
                    .where(outbox.c.id.in_([row.id for row in rows]))
                    .values(state="sending", owner=owner, lease_until=now + lease, attempts=outbox.c.attempts + 1)
                )
        return [replace(_message(row), state="sending", attempts=row.attempts + 1) for row in rows]

    async def sent(self, message_id: int, platform_id: str) -> None:
        """Record that the platform has it."""
        now = self._clock()
        async with self._db.begin() as conn:
            await conn.execute(
                update(outbox)
                .where(outbox.c.id == message_id, outbox.c.state != "sent")
                .values(state="sent", platform_id=platform_id, sent_at=now, error=None, lease_until=None)
            )

    async def retry(self, message_id: int, *, error: str, at: datetime) -> None:
        """Record a failed try and when to try again."""
        await self._back(message_id, "pending", error, at)

    async def give_up(self, message_id: int, *, error: str) -> None:
        """Record that it will not be tried again; it stays visible in `trinity doctor`."""
        await self._back(message_id, "failed", error, self._clock())

    async def _back(self, message_id: int, state: OutboxState, error: str, at: datetime) -> None:
        async with self._db.begin() as conn:
            await conn.execute(
                update(outbox)
                .where(outbox.c.id == message_id, outbox.c.state == "sending")
                .values(state=state, error=error[:200], next_at=at, lease_until=None)
            )

    async def release(self, owner: str | None = None) -> int:
        """At start: make due again what a former life of this owner held (None: of every owner). Returns how many."""
        whose = [] if owner is None else [outbox.c.owner == owner]
        async with self._db.begin() as conn:
            given = await conn.execute(
                update(outbox)
                .where(outbox.c.state == "sending", *whose)
                .values(lease_until=self._clock() - timedelta(seconds=1))
            )
        return given.rowcount

    async def next_at(self, channels: tuple[str, ...]) -> datetime | None:
        """When the next message becomes due; None when nothing waits."""
        moment = func.min(func.coalesce(outbox.c.lease_until, outbox.c.next_at)).label("moment")
        query = select(moment).where(outbox.c.state.in_(("pending", "sending")), outbox.c.channel.in_(channels))
        async with self._db.read() as conn:
            found: datetime | None = (await conn.execute(query)).scalar()
        return found

    async def counts(self) -> dict[str, int]:
        """How many messages stand in each state."""
        async with self._db.read() as conn:
            rows = await conn.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state))
            return {row[0]: row[1] for row in rows}
