"""The last store and the export format: plain files in C2SP tile layout, readable by anyone (c2sp.org/tlog-tiles).

    checkpoint               signed head, written by `publish`
    tile/<L>/<N>             256 hashes; tile/entries/<N>: the entries themselves, each behind a 16-bit length
    payload/<N>              encrypted payloads of the same 256 entries, each behind a 32-bit length
    heads/<N>                the head of each of these entries that ended a batch, packed like payloads
    journal/<first entry>    what is committed but not yet a full tile; a commit is one synced append here

A commit is durable once its journal record is synced; tiles are made from the journal afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import structlog

from vault.errors import DuplicateKey, FateUnknown, Fenced, LedgerBusy, StoreError
from vault.framing import head_of, leaf_data
from vault.master import sync_directory, write_durably
from vault.stores import journal
from vault.stores.base import Batch, RawRow, Row
from vault.tiles import WIDTH, Coordinate, Tile, combine, entries_path, partial_widths, path, payload_path, split

T = TypeVar("T")
RUN = 2048
_log = structlog.get_logger(__name__)


class FilesStore:
    """Rows of one origin in a folder. All calls run in one dedicated thread."""

    name = "files"

    def __init__(self, folder: Path, origin: str) -> None:
        self.folder = folder
        self._frame = head_of(origin)
        self._full = 0
        self._pending: list[Row] = []
        self._tiles: dict[Coordinate, Tile] = {}
        self._keys: dict[str, int] | None = None
        self._journal: int | None = None
        self._journal_path: Path | None = None
        self._lock: int | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger-files")

    async def open(self, *, write: bool) -> None:
        """Read what is there; with `write`, hold the folder's lock and cut off a torn last record."""
        await self._call(lambda: self._open(write))

    def _open(self, write: bool) -> None:
        if write:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._take_lock()
        elif not self.folder.is_dir():
            raise StoreError("There is no ledger in this place yet.")
        while all((self.folder / name).exists() for name in _bundle_names(self._full)):
            self._full += 1
        last = self._replay(write)
        if write:
            self._rebuild_tiles()
            if len(self._pending) >= WIDTH:
                self._journal_path = last
                self._materialise()
                return
            self._journal_path = last or self._new_journal([])
            self._journal = os.open(self._journal_path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)

    def _take_lock(self) -> None:
        lock = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise LedgerBusy("Another process is writing this ledger.") from None
        self._lock = lock

    def _replay(self, write: bool) -> Path | None:
        names = sorted((self.folder / "journal").glob("[0-9]*")) if (self.folder / "journal").is_dir() else []
        for name in names:
            data, whole = name.read_bytes(), 0
            for rows, end in journal.records(data):
                whole = end
                # Journals overlap where one was being replaced by the next: take each entry once.
                self._pending += [row for row in rows if row.seq >= self._size()]
            if whole < len(data) and write:
                # Torn by a crash before its sync returned, so nobody was told that it is sealed.
                os.truncate(name, whole)
                sync_directory(name.parent)
        return names[-1] if names else None

    def _rebuild_tiles(self) -> None:
        # Tiles are made after the commit; a process killed in between left them to us.
        size = self._size()
        for level in range(1, len(partial_widths(size))):
            for index in range((size >> (8 * level)) // WIDTH):
                if not (self.folder / path(level, index)).exists():
                    hashes = self._tile_roots(level - 1, index * WIDTH, (index + 1) * WIDTH)
                    self._write(path(level, index), b"".join(hashes))

    def _size(self) -> int:
        return self._full * WIDTH + len(self._pending)

    async def commit(self, batch: Batch) -> None:
        """Append one record to the journal and sync it; then turn full tiles into files."""
        await self._call(lambda: self._commit(batch))

    def _commit(self, batch: Batch) -> None:
        if self._journal is None:
            raise StoreError("The files ledger is not open for writing.")
        if batch.rows[0].seq != self._size():
            raise Fenced("This position of the ledger is taken by another writer.")
        keys = self._index()
        if any(row.key in keys for row in batch.rows):
            raise DuplicateKey("An entry with this idempotency key is sealed already.")
        try:
            view = memoryview(journal.encode(self._frame, batch.rows))
            while view:
                view = view[os.write(self._journal, view) :]
            os.fdatasync(self._journal)
        except OSError as error:
            # Never again through this descriptor: after a failed sync the page cache may lie.
            os.close(self._journal)
            self._journal = None
            raise FateUnknown(f"The journal could not be synced: {error.strerror}.") from error
        self._pending += batch.rows
        keys.update((row.key, row.seq) for row in batch.rows)
        self._tiles.update(((tile.level, tile.index), tile) for tile in batch.tiles)
        if len(self._pending) >= WIDTH:
            try:
                self._materialise()
            except OSError as error:  # the journal holds everything; the tiles are made at the next commit or start
                _log.warning("ledger_tiles_postponed", error=error.strerror)

    def _materialise(self) -> None:
        for coordinate in sorted(self._tiles):
            tile = self._tiles[coordinate]
            if tile.level > 0:
                self._write(path(tile.level, tile.index), tile.data)
        while len(self._pending) >= WIDTH:
            for name, data in self._bundle_files(self._full, self._pending[:WIDTH]).items():
                self._write(name, data)
            del self._pending[:WIDTH]
            self._full += 1
        self._tiles.clear()
        old, descriptor = self._journal_path, self._journal
        self._journal_path = self._new_journal(self._pending)
        self._journal = os.open(self._journal_path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        if descriptor is not None:
            os.close(descriptor)
        if old is not None and old != self._journal_path:
            old.unlink(missing_ok=True)

    def _new_journal(self, rows: Sequence[Row]) -> Path:
        name = self.folder / "journal" / f"{self._full * WIDTH:020d}"
        write_durably(name, journal.encode(self._frame, rows) if rows else b"")
        return name

    def _bundle_files(self, number: int, rows: Sequence[Row], width: int = WIDTH) -> dict[str, bytes]:
        leaves = [leaf_data(self._frame, row.seq, row.prev, row.envelope) for row in rows]
        return {
            payload_path(number, width): b"".join(journal.pack(row.payload) for row in rows),
            heads_path(number, width): b"".join(journal.pack(row.head) for row in rows),
            entries_path(number, width): b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves),
            path(0, number, width): b"".join(row.hash for row in rows),
        }

    def _write(self, name: str, data: bytes) -> None:
        write_durably(self.folder / name, data)

    async def publish(self, note: str) -> None:
        """Write the unfinished tiles, then `checkpoint`, so that any C2SP client can follow the log from here."""
        await self._call(lambda: self._publish(note))

    def _publish(self, note: str) -> None:
        for name, data in self._unfinished().items():
            self._write(name, data)
        self._write("checkpoint", note.encode())

    def _unfinished(self) -> dict[str, bytes]:
        """Name and content of all that is not yet a full tile."""
        size = self._size()
        files = self._bundle_files(self._full, self._pending, len(self._pending)) if self._pending else {}
        for level, width in enumerate(partial_widths(size)):
            if width and level:
                end = size >> (8 * level)
                files[path(level, end // WIDTH, width)] = b"".join(self._tile_roots(level - 1, end - width, end))
        return files

    async def wrong_publication(self) -> str | None:
        """Name of a published unfinished tile that does not hold what it must; None where all is well."""

        def look() -> str | None:
            for name, data in self._unfinished().items():
                place = self.folder / name
                if not place.exists() or place.read_bytes() != data:
                    return name
            return None

        return await self._call(look)

    async def size(self) -> int:
        """Number of entries."""
        return await self._call(self._size)

    async def rows(self, start: int, end: int) -> list[Row]:
        """Rows of a range."""
        return await self._call(lambda: self._rows(start, end))

    def _rows(self, start: int, end: int) -> list[Row]:
        start, end = max(start, 0), min(end, self._size())
        if start >= end:
            return []
        found: list[Row] = []
        for number in range(start // WIDTH, min((end - 1) // WIDTH + 1, self._full)):
            found += self._bundle(number)
        first = start // WIDTH * WIDTH if start < self._full * WIDTH else self._full * WIDTH
        if end > self._full * WIDTH:
            found += self._pending
        return found[start - first : end - first]

    def _bundle(self, number: int) -> list[Row]:
        names = _bundle_names(number)
        data, payloads, heads, hashes = ((self.folder / name).read_bytes() for name in names)
        values = split(hashes)
        rows: list[Row] = []
        at = at_payload = at_head = 0
        for value in values:
            length = int.from_bytes(data[at : at + 2], "big")
            leaf = data[at + 2 : at + 2 + length]
            at += 2 + length
            payload, at_payload = journal.unpack(payloads, at_payload)
            head, at_head = journal.unpack(heads, at_head)
            rows.append(journal.row_of(leaf, value, payload, head))
        whole = (at, at_payload, at_head, WIDTH * 32) == (len(data), len(payloads), len(heads), len(hashes))
        if not whole:
            raise StoreError(f"The files of bundle {number} do not have the length that their entries say.")
        return rows

    async def hashes(self, start: int, end: int) -> list[bytes]:
        """Row hashes of a range."""
        return [row.hash for row in await self.rows(start, end)]

    async def by_keys(self, keys: Sequence[str]) -> list[Row]:
        """Rows with these idempotency keys; the first question reads the whole log once."""

        def find() -> list[Row]:
            index = self._index()
            places = sorted(index[key] for key in set(keys) if key in index)
            return [row for place in places for row in self._rows(place, place + 1)]

        return await self._call(find)

    def _index(self) -> dict[str, int]:
        if self._keys is None:
            self._keys = {}
            for number in range(self._full):
                self._keys.update((row.key, row.seq) for row in self._bundle(number))
            self._keys.update((row.key, row.seq) for row in self._pending)
        return self._keys

    async def tile_data(self, coordinates: Sequence[Coordinate]) -> dict[Coordinate, bytes]:
        """Full tiles by coordinate."""

        def read() -> dict[Coordinate, bytes]:
            found = {c: self._tile(c) for c in coordinates}
            return {c: data for c, data in found.items() if data is not None}

        return await self._call(read)

    def _tile(self, coordinate: Coordinate) -> bytes | None:
        if coordinate in self._tiles:
            return self._tiles[coordinate].data
        level, index = coordinate
        if level == 0 and index >= self._full:  # committed, but still in the journal
            rows = self._pending[(index - self._full) * WIDTH : (index - self._full + 1) * WIDTH]
            return b"".join(row.hash for row in rows) if len(rows) == WIDTH else None
        try:
            return (self.folder / path(level, index)).read_bytes()
        except FileNotFoundError:
            return None

    async def tile_roots(self, level: int, start: int, end: int) -> list[bytes]:
        """Roots of full tiles of one level."""
        return await self._call(lambda: self._tile_roots(level, start, end))

    def _tile_roots(self, level: int, start: int, end: int) -> list[bytes]:
        found = (self._tile((level, index)) for index in range(start, end))
        return [combine(split(data)) for data in found if data is not None and len(data) == WIDTH * 32]

    async def scan(self, start: int, end: int | None = None) -> AsyncIterator[list[RawRow]]:
        """All rows in order, up to the size at the first step."""
        size = await self.size()
        limit = size if end is None else min(end, size)
        for first in range(start, limit, RUN):
            rows = await self.rows(first, min(first + RUN, limit))
            yield [(r.seq, r.prev, r.hash, r.key.encode(), r.envelope, r.payload, r.head) for r in rows]

    async def scan_tiles(self) -> AsyncIterator[list[Tile]]:
        """All full tiles of the entries that are there."""
        size = await self.size()
        for level in range(len(partial_widths(size))):
            for index in range((size >> (8 * level)) // WIDTH):
                data = (await self.tile_data([(level, index)])).get((level, index))
                if data is not None and len(data) == WIDTH * 32:
                    yield [Tile(level, index, data, combine(split(data)))]

    async def close(self) -> None:
        """Close the journal and let go of the lock."""
        with contextlib.suppress(RuntimeError):  # closed before
            await asyncio.get_running_loop().run_in_executor(self._thread, self._drop)
        self._thread.shutdown(wait=False)

    def _drop(self) -> None:
        for descriptor in (self._journal, self._lock):
            if descriptor is not None:
                os.close(descriptor)
        self._journal = self._lock = None

    async def _call(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            future = loop.run_in_executor(self._thread, _translated, work)
        except RuntimeError:
            raise StoreError("The files ledger is closed.") from None
        return await asyncio.shield(future)


def _translated(work: Callable[[], T]) -> T:
    try:
        return work()
    except OSError as error:
        raise StoreError(f"The ledger's files failed: {error.strerror}.") from error


def heads_path(number: int, width: int = WIDTH) -> str:
    """Where the heads of one bundle lie."""
    return "heads" + payload_path(number, width).removeprefix("payload")


def _bundle_names(number: int) -> tuple[str, str, str, str]:
    return entries_path(number), payload_path(number), heads_path(number), path(0, number)
