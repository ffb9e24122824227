"""Brings every step of every hold into the ledger: now where it answers, else later, in order and once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from holds import rows
from holds.record import HoldEvent
from store.engine import Database

log = structlog.get_logger(__name__)

OnEvent = Callable[[HoldEvent], Awaitable[int]]  # seals one event, gives its index; the same key twice is one entry


class Sealer:
    """Finds steps without a seal and seals them; a decision stands whether or not the ledger answers."""

    def __init__(self, database: Database, on_event: OnEvent | None) -> None:
        self._db, self.on_event = database, on_event
        self._one_at_a_time = asyncio.Lock()

    async def seal_pending(self) -> int:
        """Seal what is left, oldest first; how many went in. What did not waits for the next call or start."""
        if self.on_event is None:
            return 0
        done = 0
        async with self._one_at_a_time:
            while True:
                async with self._db.read() as conn:
                    batch = await rows.unsealed(conn, 100)
                if not batch:
                    return done
                for event in batch:
                    try:
                        index = await self.on_event(event)
                    except Exception as error:  # noqa: BLE001 - whatever the ledger raised, the row stays unsealed
                        log.warning("hold.seal_waits", error=type(error).__name__, waiting=len(batch))
                        return done
                    async with self._db.begin() as conn:
                        await rows.mark_sealed(conn, event.id, index)
                    done += 1
