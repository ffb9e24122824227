"""One log on one store: loads its edge, appends batches, proves. The writer above decides which log is written."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from vault.certificates import KeyHistory
from vault.checkpoint import Checkpoint, link
from vault.entry import Sealed
from vault.errors import NoteError, ProofError, StoreError, TamperError
from vault.framing import genesis, head_of, row_hash
from vault.head import Head, digest
from vault.merkle import (
    Range,
    consistency_ranges,
    inclusion_ranges,
    range_hash,
    verify_consistency,
)
from vault.note import SigningKey
from vault.stores.base import Batch, Row, Store
from vault.tiles import WIDTH, Coordinate, Edge, Tile, TileNodes, TileTree, partial_widths, stack_of, tiles_for

CACHED_TILES = 512
"""Full tiles kept in memory, some 40 KiB each with the nodes inside them."""


class Log:
    """A single origin's chain and tree.

    Not safe for two appends at once: the writer task is the only one that calls `append`.
    """

    def __init__(self, origin: str, store: Store, key: SigningKey | None, keys: KeyHistory) -> None:
        self.origin = origin
        self.store = store
        self.key = key
        self.keys = keys
        self.edge = Edge.empty()
        self.last_hash = genesis(origin)
        self.head: Head | None = None
        self.head_digest = digest(b"")
        self._frame = head_of(origin)
        self._tiles: OrderedDict[Coordinate, TileTree] = OrderedDict()

    @property
    def size(self) -> int:
        """Committed entries."""
        return self.edge.size

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The last signed head; None while the log is empty."""
        return None if self.head is None else self.head.checkpoint

    async def load(self) -> None:
        """Take the tip from the store, check it, and make ready to append.

        Reads the last head and at most 255 hashes per level. Raises TamperError when the tip is not what
        this log signed.
        """
        size = await self.store.size()
        if size == 0:
            return
        last = (await self.store.rows(size - 1, size))[-1:]
        if not last or last[0].head is None:
            raise TamperError(f"The ledger ends at entry {size - 1} without a signed head: its tail was cut.")
        row = last[0]
        try:
            head = Head.decode(row.head or b"")
            if not self.keys.awaits_new_key(head.checkpoint):
                self.keys.check(head.checkpoint)
        except NoteError as error:
            raise TamperError(f"The head at entry {size - 1} is not this log's: {error}") from None
        if head.checkpoint.size != size or head.checkpoint.origin != self.origin:
            raise TamperError(f"The head at entry {size - 1} belongs to another place or another log.")
        if row_hash(self._frame, row.seq, row.prev, row.envelope) != row.hash:
            raise TamperError(f"Entry {size - 1} does not have the hash that is stored with it.")
        partial = await self._load_partial(size)
        if stack_of(partial, size) != list(head.stack):
            raise TamperError("The stored tiles do not lead to the signed root.")
        self.edge = Edge(size, list(head.stack), partial)
        self.last_hash, self.head, self.head_digest = row.hash, head, digest(row.head or b"")

    async def _load_partial(self, size: int) -> list[list[bytes]]:
        partial = []
        for level, width in enumerate(partial_widths(size)):
            end = size >> (8 * level)
            if level == 0:
                hashes = await self.store.hashes(end - width, end)
            else:
                hashes = await self.store.tile_roots(level - 1, end - width, end)
            if len(hashes) != width:
                raise TamperError(f"Level {level} of the tree misses {width - len(hashes)} of its hashes.")
            partial.append(hashes)
        return partial

    async def append(self, sealed: Sequence[Sealed]) -> list[Row]:
        """Commit these entries as one batch, durably, and move the edge.

        Raises what `Store.commit` raises; then nothing here has moved.
        """
        if self.key is None:
            raise StoreError("This log was opened for reading.")
        edge, rows, tiles = self._build(sealed)
        self._recheck(rows, edge)
        checkpoint = Checkpoint(self.origin, edge.size, edge.root(), (link(self.head_digest),)).signed(self.key)
        head = Head(tuple(edge.stack), checkpoint)
        encoded = head.encode()
        rows[-1] = rows[-1]._replace(head=encoded)
        await self.store.commit(Batch(rows, tiles))
        self.edge, self.last_hash, self.head, self.head_digest = edge, rows[-1].hash, head, digest(encoded)
        return rows

    def _build(self, sealed: Sequence[Sealed]) -> tuple[Edge, list[Row], list[Tile]]:
        edge, previous, frame = self.edge.copy(), self.last_hash, self._frame
        rows = []
        for sequence, entry in enumerate(sealed, edge.size):
            value = row_hash(frame, sequence, previous, entry.envelope)
            rows.append(Row(sequence, previous, value, entry.key, entry.envelope, entry.payload))
            previous = value
        return edge, rows, edge.extend([row.hash for row in rows])

    def _recheck(self, rows: Sequence[Row], edge: Edge) -> None:
        # A bit that flips between hashing and signing would be signed for ever: compute it all again from the
        # very bytes that go to the store, and refuse to sign what differs.
        again, previous = self.edge.copy(), self.last_hash
        for sequence, row in enumerate(rows, again.size):
            value = row_hash(self._frame, sequence, previous, row.envelope)
            if row.seq != sequence or row.prev != previous or row.hash != value:
                raise StoreError(f"Entry {row.seq} changed in memory before it was signed; it was not signed.")
            previous = value
        again.extend([row.hash for row in rows])
        if again.stack != edge.stack or again.size != edge.size:
            raise StoreError("The tree changed in memory before it was signed; it was not signed.")

    async def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Audit path of entry `index` in the tree of `size` entries (all by default)."""
        edge = self.edge
        ranges = inclusion_ranges(index, self._within(edge, size))
        return await self._hashes(ranges, edge)

    async def consistency_proof(self, size1: int, size2: int | None = None) -> list[bytes]:
        """Proof that the tree of `size1` entries leads to that of `size2` (all by default)."""
        edge = self.edge
        ranges = consistency_ranges(size1, self._within(edge, size2))
        return await self._hashes(ranges, edge)

    async def root(self, size: int | None = None) -> bytes:
        """Root over the first `size` entries."""
        edge = self.edge
        end = self._within(edge, size)
        if end == edge.size:
            return edge.root()
        nodes = await self._nodes([(0, end)], edge)
        return range_hash(nodes, 0, end)

    async def leads_from(self, older: Checkpoint) -> None:
        """Check that this log only appended to `older`. Raises ProofError."""
        if older.size == 0:
            return
        proof = await self.consistency_proof(older.size)
        verify_consistency(older.size, self.size, proof, older.root, self.edge.root())

    @staticmethod
    def _within(edge: Edge, size: int | None) -> int:
        if size is None:
            return edge.size
        if type(size) is not int or not 0 <= size <= edge.size:
            raise ProofError(f"The log has {edge.size} entries; there is no tree of {size}.")
        return size

    async def _hashes(self, ranges: Sequence[Range], edge: Edge) -> list[bytes]:
        nodes = await self._nodes(ranges, edge)
        return [range_hash(nodes, start, end) for start, end in ranges]

    async def _nodes(self, ranges: Sequence[Range], edge: Edge) -> TileNodes:
        needed = tiles_for(ranges, edge.size)
        tiles = {}
        for coordinate in needed:
            tile = self._tiles.get(coordinate)
            if tile is not None:
                self._tiles.move_to_end(coordinate)
                tiles[coordinate] = tile
        missing = [coordinate for coordinate in needed if coordinate not in tiles]
        if missing:
            found = await self.store.tile_data(missing)
            for coordinate in missing:
                data = found.get(coordinate, b"")
                if len(data) != WIDTH * 32:
                    raise ProofError(f"Tile {coordinate} of the tree is missing.")
                tiles[coordinate] = TileTree(data)
                self._remember(coordinate, tiles[coordinate])
        return TileNodes(tiles, edge)

    def _remember(self, coordinate: Coordinate, tile: TileTree) -> None:
        self._tiles[coordinate] = tile
        while len(self._tiles) > CACHED_TILES:
            self._tiles.popitem(last=False)

    async def close(self) -> None:
        """Close the store."""
        await asyncio.shield(self.store.close())
