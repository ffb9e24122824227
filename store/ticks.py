"""When each job last happened, so that what was missed while the process was down can be caught up."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from store.engine import Database
from store.sql import upsert
from store.tables import ticks
from store.times import Clock, utcnow


class Ticks:
    """The ticks table."""

    def __init__(self, database: Database, clock: Clock = utcnow) -> None:
        self._db, self._clock = database, clock

    async def last(self, job: str) -> datetime | None:
        """When the job last happened."""
        async with self._db.read() as conn:
            found: datetime | None = (await conn.execute(select(ticks.c.last_at).where(ticks.c.job == job))).scalar()
        return found

    async def done(self, job: str, at: datetime | None = None) -> None:
        """Record that the job happened."""
        async with self._db.begin() as conn:
            await upsert(conn, ticks, ["job"], {"job": job, "last_at": at or self._clock()})
