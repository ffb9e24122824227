"""Switches that must survive a restart, such as the pause of all actions and paid calls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from store.engine import Database
from store.sql import upsert
from store.tables import flags
from store.times import Clock, utcnow

PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Flag:
    """A switch that is set: by whom, why, since when."""

    name: str
    value: str
    by: str
    reason: str
    at: datetime


class Flags:
    """The flags table."""

    def __init__(self, database: Database, clock: Clock = utcnow) -> None:
        self._db, self._clock = database, clock

    async def get(self, name: str) -> Flag | None:
        """The switch, None where it is not set."""
        async with self._db.read() as conn:
            row = (await conn.execute(select(flags).where(flags.c.name == name))).first()
        return None if row is None else Flag(row.name, row.value, row.by, row.reason, row.at)

    async def set(self, name: str, value: str, *, by: str, reason: str = "") -> None:
        """Set a switch."""
        row = {"name": name, "value": value, "by": by, "reason": reason, "at": self._clock()}
        async with self._db.begin() as conn:
            await upsert(conn, flags, ["name"], row)

    async def clear(self, name: str) -> bool:
        """Take a switch away; False where it was not set."""
        async with self._db.begin() as conn:
            return (await conn.execute(delete(flags).where(flags.c.name == name))).rowcount == 1

    async def pause(self, *, by: str, reason: str = "") -> None:
        """Stop all actions and all paid calls, until `resume`."""
        await self.set(PAUSED, "yes", by=by, reason=reason)

    async def resume(self) -> bool:
        """End the pause; False where there was none."""
        return await self.clear(PAUSED)

    async def paused(self) -> Flag | None:
        """The pause, None where Trinity may act."""
        return await self.get(PAUSED)
