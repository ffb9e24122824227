"""The turns of a conversation: what was said and answered in a thread, for the next exchange to understand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engine import Database
from store.tables import turns
from store.times import Clock, utcnow

TurnRole = Literal["user", "assistant"]
NOTICE = "notice:"  # begins the exchange id of a turn that answers nobody


@dataclass(frozen=True, slots=True)
class TurnDraft:
    """One utterance to be kept."""

    role: TurnRole
    text: str = field(repr=False)
    request: str | None = field(default=None, repr=False)  # the stand-alone form of a user's turn


@dataclass(frozen=True, slots=True)
class TurnRow:
    """One utterance as kept. `person` is whose exchange it belongs to, for a reply too."""

    exchange_id: str
    channel: str
    thread: str
    person: str
    role: TurnRole
    text: str = field(repr=False)
    request: str | None = field(repr=False)
    at: datetime


def _turn(row: Any) -> TurnRow:
    return TurnRow(row.exchange_id, row.channel, row.thread, row.person, row.role, row.text, row.request, row.at)


async def add(
    conn: AsyncConnection,
    *,
    exchange_id: str,
    channel: str,
    thread: str,
    person: str,
    drafts: Sequence[TurnDraft],
    now: datetime,
) -> None:
    """Write turns inside the caller's transaction, in the order given."""
    if drafts:
        rows = [
            {
                "exchange_id": exchange_id,
                "channel": channel,
                "thread": thread,
                "person": person,
                "role": draft.role,
                "text": draft.text,
                "request": draft.request,
                "at": now,
            }
            for draft in drafts
        ]
        await conn.execute(insert(turns), rows)


class Threads:
    """The turns table."""

    def __init__(self, database: Database, clock: Clock = utcnow) -> None:
        self._db, self._clock = database, clock

    async def last(self, channel: str, thread: str, n: int, *, before: str | None = None) -> list[TurnRow]:
        """The last `n` turns of a thread, oldest first; `before` an exchange, those of earlier exchanges only."""
        earlier = [] if before is None else [turns.c.exchange_id < before]  # ids sort by the time they were made
        query = (
            select(turns)
            .where(turns.c.channel == channel, turns.c.thread == thread, *earlier)
            .order_by(turns.c.id.desc())
            .limit(n)
        )
        async with self._db.read() as conn:
            rows = (await conn.execute(query)).all()
        return [_turn(row) for row in reversed(rows)]

    async def add_notice(self, channel: str, thread: str, person: str, key: str, text: str) -> bool:
        """Keep something said in a thread unasked (a reminder); False where the same key is there already."""
        notice = f"{NOTICE}{key}"
        async with self._db.begin() as conn:
            there = await conn.execute(select(turns.c.id).where(turns.c.exchange_id == notice))
            if there.first() is not None:
                return False
            draft = TurnDraft("assistant", text)
            await add(
                conn,
                exchange_id=notice,
                channel=channel,
                thread=thread,
                person=person,
                drafts=[draft],
                now=self._clock(),
            )
        return True

    async def notices(self, channel: str, thread: str, person: str) -> list[TurnRow]:
        """What was said unasked to a person in a thread, oldest first."""
        query = (
            select(turns)
            .where(
                turns.c.channel == channel,
                turns.c.thread == thread,
                turns.c.person == person,
                turns.c.exchange_id.startswith(NOTICE, autoescape=True),
            )
            .order_by(turns.c.id)
        )
        async with self._db.read() as conn:
            return [_turn(row) for row in await conn.execute(query)]

    async def of_person(self, person: str) -> list[TurnRow]:
        """Everything kept from a person's exchanges, oldest first (for their own copy of it)."""
        async with self._db.read() as conn:
            return [
                _turn(r) for r in await conn.execute(select(turns).where(turns.c.person == person).order_by(turns.c.id))
            ]

    async def forget(self, exchange_id: str) -> int:
        """Delete an exchange's turns: its message was taken back where it was written; how many went."""
        async with self._db.begin() as conn:
            return (await conn.execute(delete(turns).where(turns.c.exchange_id == exchange_id))).rowcount

    async def erase(self, person: str) -> int:
        """Delete every turn of a person's exchanges, replies too; how many went. See `store.erasure` for the rest."""
        async with self._db.begin() as conn:
            return (await conn.execute(delete(turns).where(turns.c.person == person))).rowcount
