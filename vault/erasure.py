"""Making a person's text unreadable for ever, everywhere: the erasure is sealed, then the key is destroyed.

Seal first: a process killed in between finds the sealed erasure at its next start and destroys what is left.
The same look brings back to nothing whatever an old backup of the key folder brought along.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from vault.entry import Envelope, NewEntry, SealReceipt
from vault.errors import EntryError
from vault.log import Log
from vault.master import write_durably
from vault.persons import PersonKeys

ERASURE, RETENTION = "erasure", "retention"
_KINDS = tuple(f'","kind":"{kind}",'.encode() for kind in (ERASURE, RETENTION))
_PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did: its seal, and how many keys (months) were destroyed."""

    receipt: SealReceipt
    keys: int


Append = Callable[[NewEntry], Awaitable[SealReceipt]]


async def erase(append: Append, persons: PersonKeys, person: str, *, by: str, reason: str = "") -> Erased:
    """Destroy all keys of `person`, after sealing that it is done (by whom; the person is not named)."""
    return await _destroy(append, persons, await persons.tags_of(person), ERASURE, {"by": by, "reason": reason})


async def retain_since(append: Append, persons: PersonKeys, period: str, *, by: str) -> Erased:
    """Retention: destroy everybody's keys of the months before `period` (as 2026-11). Raises EntryError."""
    if not _PERIOD.fullmatch(period):
        raise EntryError("A retention limit is a month, such as 2026-11.")
    return await _destroy(append, persons, await persons.tags_before(period), RETENTION, {"by": by, "before": period})


def retention_limit(now: datetime, months: int) -> str:
    """The first month that a policy of `months` keeps, besides the present one."""
    count = now.year * 12 + now.month - 1 - months
    return f"{count // 12:04d}-{count % 12 + 1:02d}"


async def _destroy(append: Append, persons: PersonKeys, tags: set[str], kind: str, body: dict[str, str]) -> Erased:
    # the body of one entry is limited; a retention run over many people is several entries
    ordered = sorted(tags)
    receipt = None
    for at in range(0, max(len(ordered), 1), 1000):
        part = ordered[at : at + 1000]
        receipt = await append(NewEntry(kind, f"{kind}/{uuid4()}", {**body, "tags": part}))
    assert receipt is not None
    return Erased(receipt, len(await persons.destroy(tags)))


class ErasureMark:
    """How far the log was searched for erasures; kept beside the keys, so an old key backup brings an old mark."""

    def __init__(self, keys: Path) -> None:
        self._path = keys / "persons.erased-up-to"
        self._size: int | None = None

    async def apply(self, log: Log, persons: PersonKeys) -> int:
        """Destroy every key here that a sealed erasure names; gives how many there were."""
        if self._size is None:
            self._size = await asyncio.to_thread(self._read)
        start, size, tags = min(self._size, log.size), log.size, set[str]()
        if start == size:
            return 0
        async for run in log.store.scan(start, size):
            tags |= await asyncio.to_thread(_tags_in, [row[4] for row in run])
        gone = await persons.destroy(tags & persons.tags())
        if size - start >= 200 or tags:  # a mark that lags costs a short scan at the next start, no more
            await asyncio.to_thread(write_durably, self._path, f"{size}\n".encode())
            self._size = size
        return len(gone)

    def _read(self) -> int:
        try:
            return int(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return 0


def _tags_in(envelopes: list[bytes]) -> set[str]:
    tags: set[str] = set()
    for data in envelopes:
        if any(data.find(kind, 0, 300) >= 0 for kind in _KINDS):
            tags.update(str(tag) for tag in Envelope.decode(data, strict=False).record.get("tags", ()))
    return tags
