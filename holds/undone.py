"""What was taken back, as the ledger gets it: found from the rows, so that a crash before the seal loses nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables import action_runs


@dataclass(frozen=True, slots=True)
class Undone:
    """One run that somebody took back. `key` makes sealing it twice the same as once."""

    key: str
    run: str
    exchange_id: str
    hold_id: str | None
    action: str
    person: str | None  # None: taken back before Trinity kept by whom
    at: datetime | None


OnUndone = Callable[[Undone], Awaitable[int]]  # seals one, gives its index; the same key twice is one entry


async def unsealed(conn: AsyncConnection, limit: int = 100) -> list[Undone]:
    """What was taken back and is not in the ledger yet, oldest first."""
    query = (
        select(action_runs)
        .where(action_runs.c.state == "undone", action_runs.c.undo_seal.is_(None))
        .order_by(action_runs.c.undone_at)
        .limit(limit)
    )
    return [
        Undone(f"undo:{row.key}", row.key, row.exchange_id, row.hold_id, row.action, row.undone_by, row.undone_at)
        for row in await conn.execute(query)
    ]


async def mark_sealed(conn: AsyncConnection, run: str, index: int) -> None:
    """Record where in the ledger it stands."""
    await conn.execute(update(action_runs).where(action_runs.c.key == run).values(undo_seal=index))
