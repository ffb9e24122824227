"""The one protocol behind which all stores stand, and the rows that pass through it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from vault.tiles import Coordinate, Tile


class Row(NamedTuple):
    """One entry with all columns there are. `head` stands on the last row of each batch: compact range and
    signed checkpoint. A tuple, because it goes as it is into `executemany`."""

    seq: int
    prev: bytes
    hash: bytes
    key: str
    envelope: bytes
    payload: bytes | None
    head: bytes | None = None


RawRow = tuple[int, bytes, bytes, bytes, bytes, bytes | None, bytes | None]
"""A row as verification reads it by the million: the fields of `Row`, the key as its stored bytes."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one commit writes, all or nothing."""

    rows: Sequence[Row]
    tiles: Sequence[Tile]


class Store(Protocol):
    """Keeps the rows of one log durably.

    Every method raises StoreError when the store fails; after a failed `commit` the ledger does not write
    here again until the store was closed, opened and verified anew.
    """

    name: str

    async def open(self, *, write: bool) -> None:
        """Make ready; with `write`, be the only writer or raise LedgerBusy."""
        ...

    async def commit(self, batch: Batch) -> None:
        """Write rows and tiles in one transaction; returns only after it is durable.

        Raises DuplicateKey or Fenced when nothing was written, FateUnknown when nobody can say, StoreError
        for every other failure.
        """
        ...

    async def size(self) -> int:
        """Number of entries: the highest sequence number plus one."""
        ...

    async def rows(self, start: int, end: int) -> list[Row]:
        """Rows with start <= seq < end, in order."""
        ...

    async def hashes(self, start: int, end: int) -> list[bytes]:
        """Row hashes of start <= seq < end, in order."""
        ...

    async def by_keys(self, keys: Sequence[str]) -> list[Row]:
        """Rows that carry one of these idempotency keys."""
        ...

    async def tile_data(self, coordinates: Sequence[Coordinate]) -> dict[Coordinate, bytes]:
        """Full tiles that are there."""
        ...

    async def tile_roots(self, level: int, start: int, end: int) -> list[bytes]:
        """Roots of the full tiles start <= index < end of one level."""
        ...

    def scan(self, start: int, end: int | None = None) -> AsyncIterator[list[RawRow]]:
        """All rows from `start`, in order of sequence, in runs of some thousand."""
        ...

    def scan_tiles(self) -> AsyncIterator[list[Tile]]:
        """All full tiles, by level and index."""
        ...

    async def close(self) -> None:
        """Let go of everything."""
        ...
