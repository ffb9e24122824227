"""Past a person's rate limit: one summary entry per person and minute (count and hash), not one per message."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from vault.entry import NewEntry, SealReceipt

KIND = "rate.summary"
MAX_PERSONS = 10_000
"""People counted at once; past it the rest of the minute shares one summary without a person."""


@dataclass(slots=True)
class _Count:
    count: int = 0
    digest: Any = field(default_factory=hashlib.sha256)


class RateSummaries:
    """Counts messages that were turned away, and seals each finished minute."""

    def __init__(self, append: Callable[[NewEntry], Awaitable[SealReceipt]]) -> None:
        self._append = append
        self._counts: dict[tuple[str, str], _Count] = {}
        self._lock = asyncio.Lock()

    def add(self, person: str, message: str, *, now: datetime | None = None) -> None:
        """One more message past the limit; only its hash is kept."""
        minute = (now or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
        place = (minute, person if len(self._counts) < MAX_PERSONS or (minute, person) in self._counts else "")
        count = self._counts.setdefault(place, _Count())
        count.count += 1
        count.digest.update(hashlib.sha256(message.encode("utf-8", "surrogatepass")).digest())

    async def flush(self, *, now: datetime | None = None, everything: bool = False) -> list[SealReceipt]:
        """Seal the minutes that are over (all with `everything`, at the end); to be called every minute."""
        current = (now or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
        receipts = []
        async with self._lock:
            for place in [p for p in self._counts if everything or p[0] < current]:
                minute, person = place
                count = self._counts[place]
                name = hashlib.sha256(f"{minute}\n{person}\n{count.digest.hexdigest()}".encode()).hexdigest()
                entry = NewEntry(
                    KIND,
                    f"{KIND}/{name}",
                    {"minute": minute, "count": count.count, "hash": count.digest.hexdigest()},
                    person=person or None,
                )
                receipts.append(await self._append(entry))
                del self._counts[place]
        return receipts
