"""The answers that are to be asked again: given offline while the online model that should have answered was away."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from store import outbox as outbox_store
from store.engine import Database
from store.outbox import OutboxDraft
from store.sql import insert_once
from store.tables import second_looks
from store.times import Clock, utcnow

MOST_WAITING = 500  # a long outage must not become a long bill: what comes later is not asked again


@dataclass(frozen=True, slots=True)
class SecondLook:
    """One answer to be asked again. `prepared` is the new verdict where one was reached already."""

    exchange_id: str
    wanted: str  # the online model that policy would have asked
    attempts: int
    prepared: str | None = field(repr=False)
    created_at: datetime


class SecondLooks:
    """The table. `waiting → asking → (waiting → asking)* → done`; done is final."""

    def __init__(self, database: Database, clock: Clock = utcnow) -> None:
        self._db, self._clock = database, clock

    async def owe(self, exchange_id: str, wanted: str) -> bool:
        """Ask this exchange again later; False where it is owed already or too many wait. Raises StoreUnavailable."""
        now = self._clock()
        async with self._db.begin() as conn:
            open_ = select(func.count()).select_from(second_looks).where(second_looks.c.state != "done")
            if (await conn.execute(open_)).scalar_one() >= MOST_WAITING:
                return False
            row = {"exchange_id": exchange_id, "wanted": wanted, "state": "waiting", "attempts": 0}
            return await insert_once(conn, second_looks, {**row, "next_at": now, "created_at": now})

    async def due(self) -> int:
        """How many could be asked now."""
        async with self._db.read() as conn:
            return int((await conn.execute(select(func.count()).where(self._free()))).scalar_one())

    async def claim(self, owner: str, limit: int, lease: timedelta) -> list[SecondLook]:
        """Take what is due, oldest first. One whose worker died is due again once its lease has run out."""
        async with self._db.begin() as conn:
            query = (
                select(second_looks)
                .where(self._free())
                .order_by(second_looks.c.created_at, second_looks.c.exchange_id)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
            rows = (await conn.execute(query)).all()
            if rows:
                await conn.execute(
                    update(second_looks)
                    .where(second_looks.c.exchange_id.in_([row.exchange_id for row in rows]))
                    .values(
                        state="asking",
                        owner=owner,
                        lease_until=self._clock() + lease,
                        attempts=second_looks.c.attempts + 1,
                    )
                )
        return [SecondLook(r.exchange_id, r.wanted, r.attempts + 1, r.prepared, r.created_at) for r in rows]

    async def keep(self, exchange_id: str, prepared: str) -> None:
        """Keep the new verdict before it is sealed, so that work taken up again seals and says the same."""
        await self._set(exchange_id, prepared=prepared)

    async def later(self, exchange_id: str, at: datetime) -> None:
        """Put it back until `at`."""
        await self._set(exchange_id, state="waiting", next_at=at, lease_until=None)

    async def close(self, exchange_id: str, result: str, notice: OutboxDraft | None = None) -> bool:
        """End it, with what is to be said in the same transaction; False where it was done already."""
        async with self._db.begin() as conn:
            done = await conn.execute(
                update(second_looks)
                .where(second_looks.c.exchange_id == exchange_id, second_looks.c.state != "done")
                .values(state="done", result=result, prepared=None, lease_until=None)
            )
            if done.rowcount != 1:
                return False
            if notice is not None:
                await outbox_store.put(conn, notice, self._clock())
        return True

    async def release(self, owner: str | None = None) -> None:
        """At start: give back what a former life of this owner held (None: of every owner)."""
        whose = [] if owner is None else [second_looks.c.owner == owner]
        async with self._db.begin() as conn:
            held = update(second_looks).where(second_looks.c.state == "asking", *whose)
            await conn.execute(held.values(state="waiting", lease_until=None))

    async def results(self) -> dict[str, int]:
        """How many ended how, and how many are open."""
        name = func.coalesce(second_looks.c.result, "open")
        async with self._db.read() as conn:
            rows = await conn.execute(select(name, func.count()).group_by(second_looks.c.result))
            return {str(row[0]): int(row[1]) for row in rows}

    def _free(self) -> ColumnElement[bool]:
        now = self._clock()
        return or_(
            and_(second_looks.c.state == "waiting", second_looks.c.next_at <= now),
            and_(second_looks.c.state == "asking", second_looks.c.lease_until < now),
        )

    async def _set(self, exchange_id: str, **values: object) -> None:
        async with self._db.begin() as conn:
            await conn.execute(
                update(second_looks)
                .where(second_looks.c.exchange_id == exchange_id, second_looks.c.state != "done")
                .values(**values)
            )
