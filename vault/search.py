"""Finding entries by time, person, verdict, floor, channel, kind and text.

The index is a file of its own, derived from the ledger and thrown away at will; it holds no text and no
person, only the random tags. What it finds is read from the ledger and asked again there.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from vault.entry import Envelope, StoredEntry, format_time
from vault.errors import StoreError
from vault.log import Log
from vault.stores.base import RawRow

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    origin TEXT NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL, time TEXT NOT NULL, kind TEXT NOT NULL,
    verdict TEXT, channel TEXT, person TEXT, floors TEXT NOT NULL, payload INTEGER NOT NULL,
    PRIMARY KEY (origin, seq)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_time ON entries (origin, time);
CREATE INDEX IF NOT EXISTS by_person ON entries (origin, person);
CREATE INDEX IF NOT EXISTS by_kind ON entries (origin, kind, verdict);
"""


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for; everything given must fit.

    floor: entries in which this floor (F1 .. F13) did not pass. person: the person's id; works while a key of
    theirs is here. text: part of a person's text, in any case; needs a reader with a role for it.
    """

    since: datetime | None = None
    until: datetime | None = None
    person: str | None = None
    verdict: str | None = None
    floor: str | None = None
    channel: str | None = None
    kind: str | None = None
    text: str | None = None
    limit: int = 50

    @property
    def digest(self) -> str:
        """Hash under which a text search is sealed: which words were sought is nobody else's business."""
        return hashlib.sha256((self.text or "").encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry found; `texts` only where the search was for text."""

    entry: StoredEntry
    texts: Mapping[str, str] | None = None


class Index:
    """The derived index; every call runs in a thread and brings it up to date first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = asyncio.Lock()

    async def find(self, log: Log, query: Query, tags: set[str] | None) -> list[tuple[int, bytes]]:
        """Index and row hash of entries that fit all but the text, newest first."""
        async with self._lock:
            await self._catch_up(log)
            return await asyncio.to_thread(self._select, log.origin, query, tags)

    async def _catch_up(self, log: Log) -> None:
        size = log.size
        known = await asyncio.to_thread(self._known, log.origin)
        if known > size:
            known = await asyncio.to_thread(self._forget, log.origin)
        async for run in log.store.scan(known, size):
            await asyncio.to_thread(self._add, log.origin, run)

    def _connect(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path.touch(mode=0o600)
            db = sqlite3.connect(self._path)
            db.execute("PRAGMA synchronous=OFF")
            db.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"The search index cannot be used: {error}.", do="Delete `search.sqlite3`.") from error
        return db

    def _known(self, origin: str) -> int:
        with contextlib.closing(self._connect()) as db:
            count, top = db.execute(
                "SELECT count(*), coalesce(max(seq) + 1, 0) FROM entries WHERE origin = ?", (origin,)
            ).fetchone()
        return int(top) if count == top else self._forget(origin)  # a row went missing: build it anew

    def _forget(self, origin: str) -> int:
        with contextlib.closing(self._connect()) as db, db:
            db.execute("DELETE FROM entries WHERE origin = ?", (origin,))
        return 0

    def _add(self, origin: str, run: Sequence[RawRow]) -> None:
        rows = [
            (origin, seq, value, *_fields(Envelope.decode(data, strict=False))) for seq, _, value, _, data, _, _ in run
        ]
        with contextlib.closing(self._connect()) as db, db:
            db.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def _select(self, origin: str, query: Query, tags: set[str] | None) -> list[tuple[int, bytes]]:
        where, arguments = ["origin = ?"], [origin]
        for column, value in (("verdict", query.verdict), ("channel", query.channel), ("kind", query.kind)):
            if value is not None:
                where.append(f"{column} = ?")
                arguments.append(value)
        if query.since is not None:
            where.append("time >= ?")
            arguments.append(format_time(query.since))
        if query.until is not None:
            where.append("time < ?")
            arguments.append(format_time(query.until))
        if query.floor is not None:
            where.append("instr(floors, ?) > 0")
            arguments.append(f" {query.floor} ")
        if query.text is not None:
            where.append("payload = 1")
        if tags is not None:
            where.append(f"person IN ({','.join('?' * len(tags))})")
            arguments += sorted(tags)
        text = f"SELECT seq, hash FROM entries WHERE {' AND '.join(where)} ORDER BY seq DESC"  # noqa: S608
        with contextlib.closing(self._connect()) as db:
            return [(int(seq), bytes(value)) for seq, value in db.execute(text, arguments)]


def _fields(envelope: Envelope) -> tuple[Any, ...]:
    record = envelope.record
    return (
        format_time(envelope.time),
        envelope.kind,
        _text(record.get("verdict")),
        _text(record.get("channel")),
        envelope.person,
        f" {' '.join(failed_floors(record))} ",
        int(envelope.payload is not None),
    )


def failed_floors(record: Mapping[str, Any]) -> list[str]:
    """Names of the floors in an entry's body (`floors`: {name: {passed: ...}}) that did not pass."""
    floors = record.get("floors")
    if not isinstance(floors, Mapping):
        return []
    return [name for name, floor in floors.items() if isinstance(floor, Mapping) and floor.get("passed") is False]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
