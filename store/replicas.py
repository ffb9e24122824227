"""Which processes are alive: each beats a row, and only the work of a silent one may be taken up by another."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from store.engine import Database
from store.ids import new_id
from store.sql import upsert
from store.tables import replicas
from store.times import Clock, utcnow

BEAT = timedelta(seconds=3)
SILENT = timedelta(seconds=12)  # four beats missed


class Replicas:
    """This process's heartbeat, and the others'."""

    def __init__(self, database: Database, clock: Clock = utcnow, *, silent: timedelta = SILENT) -> None:
        self._db, self._clock, self._silent = database, clock, silent
        self.id = new_id("replica")  # of this life of the process: a restart is another one
        self._started = clock()

    async def beat(self) -> None:
        """Say that this process is alive."""
        row = {"id": self.id, "started_at": self._started, "beat_at": self._clock()}
        async with self._db.begin() as conn:
            await upsert(conn, replicas, ["id"], row)

    async def alive(self) -> frozenset[str]:
        """Every process that beat lately, this one included."""
        query = select(replicas.c.id).where(replicas.c.beat_at > self._clock() - self._silent)
        async with self._db.read() as conn:
            return frozenset((await conn.execute(query)).scalars()) | {self.id}

    async def leave(self) -> None:
        """Say that this process ends, so that nobody waits for it."""
        async with self._db.begin() as conn:
            await conn.execute(delete(replicas).where(replicas.c.id == self.id))

    async def take_over(self) -> None:
        """At the start of a process that is the only one (the home's lock says so): every earlier life is over."""
        async with self._db.begin() as conn:
            await conn.execute(delete(replicas).where(replicas.c.id != self.id))
        await self.beat()
