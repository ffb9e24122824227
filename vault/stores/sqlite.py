"""The default store: one SQLite file, WAL, synchronous=FULL, all calls in one dedicated thread."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from vault.errors import DuplicateKey, FateUnknown, Fenced, LedgerBusy, StoreError
from vault.master import sync_directory
from vault.stores.base import Batch, RawRow, Row
from vault.tiles import Coordinate, Tile

T = TypeVar("T")
RUN = 4096
MAPPED = 1 << 32
"""Bytes of the file that a scan maps instead of copying page by page."""
_COLUMNS = "seq, prev, hash, key, envelope, payload, head"
_INSERT = f"INSERT INTO entries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608

SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY CHECK (seq >= 0),
    prev BLOB NOT NULL CHECK (length(prev) = 32),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    key BLOB NOT NULL UNIQUE,
    envelope BLOB NOT NULL,
    payload BLOB,
    head BLOB
) STRICT;
CREATE TABLE IF NOT EXISTS tiles (
    level INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    data BLOB NOT NULL CHECK (length(data) = 8192),
    root BLOB NOT NULL CHECK (length(root) = 32),
    PRIMARY KEY (level, idx)
) STRICT;
CREATE TRIGGER IF NOT EXISTS entries_no_update BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER IF NOT EXISTS entries_no_delete BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER IF NOT EXISTS tiles_no_update BEFORE UPDATE ON tiles
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER IF NOT EXISTS tiles_no_delete BEFORE DELETE ON tiles
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
-- INSERT OR REPLACE deletes without firing the trigger above, so inserting over a row is refused here.
CREATE TRIGGER IF NOT EXISTS entries_no_replace BEFORE INSERT ON entries
WHEN EXISTS (SELECT 1 FROM entries WHERE seq = NEW.seq)
    OR EXISTS (SELECT 1 FROM entries WHERE key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'the ledger only grows: this row is taken'); END;
CREATE TRIGGER IF NOT EXISTS tiles_no_replace BEFORE INSERT ON tiles
WHEN EXISTS (SELECT 1 FROM tiles WHERE level = NEW.level AND idx = NEW.idx)
BEGIN SELECT RAISE(ABORT, 'the ledger only grows: this tile is taken'); END;
"""


class SqliteStore:
    """Rows in one SQLite file. `scan` reads over a connection of its own, so writing goes on meanwhile."""

    name = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db: sqlite3.Connection | None = None
        self._lock: int | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger-sqlite")

    async def open(self, *, write: bool) -> None:
        """Open the file, create it where it is missing; with `write`, hold its lock."""
        await self._call(lambda: self._open(write))

    def _open(self, write: bool) -> None:
        if write:
            self._take_lock()
        elif not self.path.exists():
            raise StoreError("There is no ledger in this place yet.")
        try:
            if write:
                _touch_private(self.path)
                self._db = _connect(f"file:{_quoted(self.path)}?mode=rw")
                self._db.execute("PRAGMA page_size=8192")  # six entries of 1 KB to a page, where 4096 holds three
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=FULL")
                self._db.execute("PRAGMA recursive_triggers=ON")
                self._db.executescript(SCHEMA)
            else:
                self._db = _connect(f"file:{_quoted(self.path)}?mode=rw")
                self._db.execute("PRAGMA query_only=ON")
        except (sqlite3.Error, OSError):
            self._drop()
            raise

    def _take_lock(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise LedgerBusy("Another process is writing this ledger.") from None
        self._lock = lock

    async def commit(self, batch: Batch) -> None:
        """One transaction; with synchronous=FULL it returns after the write-ahead log was synced."""
        tiles = [(t.level, t.index, t.data, t.root) for t in batch.tiles]
        rows = [(r.seq, r.prev, r.hash, r.key.encode(), r.envelope, r.payload, r.head) for r in batch.rows]
        await self._call(lambda: self._commit(rows, tiles))

    def _commit(self, rows: list[RawRow], tiles: list[tuple[int, int, bytes, bytes]]) -> None:
        db = self._open_db()
        try:
            db.execute("BEGIN IMMEDIATE")
            db.executemany(_INSERT, rows)
            if tiles:
                db.executemany("INSERT INTO tiles (level, idx, data, root) VALUES (?, ?, ?, ?)", tiles)
            db.execute("COMMIT")
        except sqlite3.IntegrityError:
            db.execute("ROLLBACK")
            if self._find([row[3].decode() for row in rows]):
                raise DuplicateKey("An entry with this idempotency key is sealed already.") from None
            raise Fenced("This position of the ledger is taken by another writer.") from None
        except sqlite3.Error:
            # so that nobody reads what was not committed; whether the disk has it, nobody can say
            with contextlib.suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            raise

    async def size(self) -> int:
        """Highest sequence number plus one."""
        return await self._call(
            lambda: self._open_db().execute("SELECT coalesce(max(seq) + 1, 0) FROM entries").fetchone()[0]
        )

    async def rows(self, start: int, end: int) -> list[Row]:
        """Rows of a range."""
        query = f"SELECT {_COLUMNS} FROM entries WHERE seq >= ? AND seq < ? ORDER BY seq"  # noqa: S608
        return await self._call(lambda: [_row(r) for r in self._open_db().execute(query, (start, end))])

    async def hashes(self, start: int, end: int) -> list[bytes]:
        """Row hashes of a range."""
        query = "SELECT hash FROM entries WHERE seq >= ? AND seq < ? ORDER BY seq"
        return await self._call(lambda: [r[0] for r in self._open_db().execute(query, (start, end))])

    async def by_keys(self, keys: Sequence[str]) -> list[Row]:
        """Rows with these idempotency keys."""
        return await self._call(lambda: self._find(keys))

    def _find(self, keys: Sequence[str]) -> list[Row]:
        found: list[Row] = []
        for at in range(0, len(keys), 500):
            part = [key.encode() for key in keys[at : at + 500]]
            marks = ",".join("?" * len(part))
            query = f"SELECT {_COLUMNS} FROM entries WHERE key IN ({marks}) ORDER BY seq"  # noqa: S608
            found += [_row(r) for r in self._open_db().execute(query, part)]
        return found

    async def tile_data(self, coordinates: Sequence[Coordinate]) -> dict[Coordinate, bytes]:
        """Full tiles by coordinate."""

        def read() -> dict[Coordinate, bytes]:
            db, found = self._open_db(), {}
            for coordinate in coordinates:
                row = db.execute("SELECT data FROM tiles WHERE level = ? AND idx = ?", coordinate).fetchone()
                if row is not None:
                    found[coordinate] = row[0]
            return found

        return await self._call(read)

    async def tile_roots(self, level: int, start: int, end: int) -> list[bytes]:
        """Roots of full tiles of one level."""
        query = "SELECT root FROM tiles WHERE level = ? AND idx >= ? AND idx < ? ORDER BY idx"
        return await self._call(lambda: [row[0] for row in self._open_db().execute(query, (level, start, end))])

    async def scan(self, start: int, end: int | None = None) -> AsyncIterator[list[RawRow]]:
        """All rows in order, from one consistent snapshot."""
        # The whole log means every row there is: one with a negative or no number is found, too.
        where = "" if start == 0 and end is None else "WHERE seq >= ? AND seq < ?"
        limits = () if not where else (start, (1 << 63) - 1 if end is None else end)
        async for run in self._snapshot(f"SELECT {_COLUMNS} FROM entries {where} ORDER BY seq", limits):  # noqa: S608
            yield run

    async def scan_tiles(self) -> AsyncIterator[list[Tile]]:
        """All full tiles."""
        async for run in self._snapshot("SELECT level, idx, data, root FROM tiles ORDER BY level, idx", ()):
            yield [Tile(*row) for row in run]

    async def _snapshot(self, query: str, arguments: tuple[int, ...]) -> AsyncIterator[list[Any]]:
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, thread_name_prefix="ledger-scan") as thread:

            def begin() -> tuple[sqlite3.Connection, sqlite3.Cursor]:
                db = _connect(f"file:{_quoted(self.path)}?mode=rw")
                db.execute("PRAGMA query_only=ON")
                db.execute(f"PRAGMA mmap_size={MAPPED}")
                return db, db.execute(query, arguments)

            db, cursor = await loop.run_in_executor(thread, _translated, begin)
            try:
                while run := await loop.run_in_executor(thread, _translated, lambda: cursor.fetchmany(RUN)):
                    yield run
            finally:
                await asyncio.shield(loop.run_in_executor(thread, db.close))

    async def close(self) -> None:
        """Close the file and let go of the lock."""
        with contextlib.suppress(RuntimeError):  # closed before
            await asyncio.get_running_loop().run_in_executor(self._thread, self._drop)
        self._thread.shutdown(wait=False)

    def _drop(self) -> None:
        if self._db is not None:
            # closing a store that failed may fail again; the lock must go all the same
            with contextlib.suppress(sqlite3.Error):
                self._db.close()
            self._db = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _open_db(self) -> sqlite3.Connection:
        if self._db is None:
            raise StoreError("The SQLite ledger is not open.")
        return self._db

    async def _call(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            future = loop.run_in_executor(self._thread, _translated, work)
        except RuntimeError:
            raise StoreError("The SQLite ledger is closed.") from None
        # A cancelled caller must not leave the thread's result unobserved half-way through a commit.
        return await asyncio.shield(future)


async def renew(path: Path) -> None:
    """Copy a database that failed into a fresh file, and put that in its place.

    After a failed sync the system's cache may show pages that the disk never got, and nothing written behind
    them would survive a crash; the copy is written and synced anew. The old file is kept as `*.failed`.
    """
    await asyncio.get_running_loop().run_in_executor(None, _translated, lambda: _renew(path))


def _renew(path: Path) -> None:
    if not path.exists():
        return
    fresh = path.with_name(f"{path.name}.fresh")
    fresh.unlink(missing_ok=True)
    try:
        _touch_private(fresh)
        with (
            contextlib.closing(_connect(f"file:{_quoted(path)}?mode=rw")) as old,
            contextlib.closing(_connect(f"file:{_quoted(fresh)}?mode=rw")) as new,
        ):
            old.backup(new)
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
    except (sqlite3.Error, OSError):
        fresh.unlink(missing_ok=True)
        raise
    os.replace(path, path.with_name(f"{path.name}.failed"))
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    os.replace(fresh, path)
    sync_directory(path.parent)


def _translated(work: Callable[[], T]) -> T:
    try:
        return work()
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", None) or ""
        kind = FateUnknown if name.startswith("SQLITE_IOERR") else StoreError
        raise kind(f"The SQLite ledger failed: {error} ({name or type(error).__name__}).") from error
    except OSError as error:
        raise StoreError(f"The SQLite ledger's file failed: {error.strerror}.") from error


def _row(raw: RawRow) -> Row:
    return Row(*raw[:3], raw[3].decode("utf-8", "replace"), *raw[4:])


def _connect(uri: str) -> sqlite3.Connection:
    # Every call runs in the one thread, but not in the thread that made the object.
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=10)


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path.absolute()))


def _touch_private(path: Path) -> None:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
