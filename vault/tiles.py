"""The growing tree: compact range, 256-wide tiles (c2sp.org/tlog-tiles), and where a node's hash is found.

Height counts single levels of the tree, level counts tiles: a tile of level L holds the hashes of height 8L.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vault.merkle import HASH_SIZE, complete_parts, fold, node_hash

WIDTH = 256
TILE_HEIGHT = 8
Coordinate = tuple[int, int]
"""(level, index) of a tile."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A full tile: 256 hashes side by side, and the hash of the subtree above them."""

    level: int
    index: int
    data: bytes
    root: bytes


class Edge:
    """The right edge of the tree: all that appending needs.

    `_open[height]` is the complete subtree of that height which has no right sibling yet (together: the compact
    range); `partial[level]` are the hashes of the tile that is not yet full.
    """

    __slots__ = ("_open", "partial", "size")

    def __init__(self, size: int, stack: Sequence[bytes], partial: list[list[bytes]]) -> None:
        self.size = size
        self.partial = partial
        heights = [height for height in reversed(range(size.bit_length())) if size >> height & 1]
        self._open: list[bytes | None] = [None] * (size.bit_length() + 1)
        for height, value in zip(heights, stack, strict=True):
            self._open[height] = value

    @classmethod
    def empty(cls) -> Edge:
        """Of the tree without leaves."""
        return cls(0, [], [[]])

    @property
    def stack(self) -> list[bytes]:
        """The compact range: complete subtrees, left to right."""
        return [value for value in reversed(self._open) if value is not None]

    def copy(self) -> Edge:
        """A copy that can grow and be thrown away."""
        return Edge(self.size, self.stack, [level.copy() for level in self.partial])

    def append(self, leaf: bytes) -> list[Tile]:
        """Add one leaf hash; gives the tiles that it completes (mostly none)."""
        return self.extend([leaf])

    def extend(self, leaves: Sequence[bytes]) -> list[Tile]:
        """Add leaf hashes in order; gives the tiles that they complete."""
        # Level by level, so that almost all hashing happens inside one list comprehension: verification
        # spends a good part of its time here.
        tiles: list[Tile] = []
        full: list[tuple[int, bytes]] = []
        values, height, sha256, still_open = list(leaves), 0, hashlib.sha256, self._open
        self.size += len(values)
        while values:
            if height % TILE_HEIGHT == 0:
                # the nodes that now appear at this height are the roots of the tiles that just became full
                level = height // TILE_HEIGHT
                if level:
                    done = zip(full, values, strict=True)
                    tiles += [Tile(level - 1, index, data, root) for (index, data), root in done]
                full = self._fill(level, values, self.size >> height)
            if height == len(still_open):
                still_open.append(None)
            left = still_open[height]
            if left is not None:
                values.insert(0, left)
            still_open[height] = values.pop() if len(values) % 2 else None
            pairs = iter(values)
            values = [sha256(b"\x01" + one + two).digest() for one, two in zip(pairs, pairs, strict=True)]
            height += 1
        return tiles

    def _fill(self, level: int, values: Sequence[bytes], end: int) -> list[tuple[int, bytes]]:
        if level == len(self.partial):
            self.partial.append([])
        row = self.partial[level]
        row += values
        count = len(row) // WIDTH
        first = end // WIDTH - count
        full = [(first + i, b"".join(row[i * WIDTH : (i + 1) * WIDTH])) for i in range(count)]
        del row[: count * WIDTH]
        return full

    def root(self) -> bytes:
        """Root of the tree up to this edge."""
        return fold(self.stack)


def partial_widths(size: int) -> list[int]:
    """How many hashes the unfinished tile of each level holds in a tree of `size` leaves."""
    widths = []
    level = 0
    while size >> (TILE_HEIGHT * level) or level == 0:
        widths.append((size >> (TILE_HEIGHT * level)) % WIDTH)
        level += 1
    return widths


def stack_of(partial: Sequence[Sequence[bytes]], size: int) -> list[bytes]:
    """The compact range rebuilt from the unfinished tiles, to check the one that was stored."""
    stack: list[bytes] = []
    for height, index in complete_parts(0, size):
        level, within = divmod(height, TILE_HEIGHT)
        first = (index << within) % WIDTH
        stack.append(combine(partial[level][first : first + (1 << within)]))
    return stack


def combine(hashes: Sequence[bytes]) -> bytes:
    """Root of 2^k neighbouring hashes."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    return row[0]


def tile_of(height: int, index: int) -> tuple[Coordinate, int, int]:
    """Which tile holds the complete subtree (height, index), and from which hash how many make it up."""
    level, within = divmod(height, TILE_HEIGHT)
    first = index << within
    return (level, first // WIDTH), first % WIDTH, 1 << within


def tiles_for(ranges: Iterable[tuple[int, int]], size: int) -> set[Coordinate]:
    """Full tiles that must be read to prove these leaf ranges in a tree whose present edge is at `size`."""
    needed = set()
    for start, end in ranges:
        for height, index in complete_parts(start, end):
            (level, tile), _, _ = tile_of(height, index)
            if tile < (size >> (TILE_HEIGHT * level)) // WIDTH:
                needed.add((level, tile))
    return needed


class TileTree:
    """A full tile with every node inside it: made once when the tile is read, so that warm proofs only look up."""

    __slots__ = ("_levels",)

    def __init__(self, data: bytes) -> None:
        row = split(data)
        self._levels = [row]
        while len(row) > 1:
            row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
            self._levels.append(row)

    def node(self, within: int, first: int) -> bytes:
        """Root of the 2^within hashes from `first` on."""
        return self._levels[within][first >> within]


class TileNodes:
    """Hashes of complete subtrees out of tiles that were read and the edge in memory (a `merkle.Nodes`)."""

    def __init__(self, tiles: dict[Coordinate, TileTree], edge: Edge) -> None:
        self._tiles = tiles
        self._edge = edge

    def node(self, height: int, index: int) -> bytes:
        """Hash of the complete subtree."""
        coordinate, first, count = tile_of(height, index)
        tile = self._tiles.get(coordinate)
        if tile is None:
            return combine(self._edge.partial[coordinate[0]][first : first + count])
        return tile.node(height % TILE_HEIGHT, first)


def split(data: bytes) -> list[bytes]:
    """Hashes that stand side by side."""
    return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]


def path(level: int, index: int, width: int = WIDTH) -> str:
    """Where a tile lies: `tile/0/x001/234` or, with fewer than 256 hashes, `tile/0/x001/234.p/17`."""
    return f"tile/{level}/{_number(index)}" + ("" if width == WIDTH else f".p/{width}")


def entries_path(index: int, width: int = WIDTH) -> str:
    """Where the bundle with the entries of one tile of level 0 lies."""
    return f"tile/entries/{_number(index)}" + ("" if width == WIDTH else f".p/{width}")


def payload_path(index: int, width: int = WIDTH) -> str:
    """Where the encrypted payloads of one bundle lie; C2SP has no word for them."""
    return f"payload/{_number(index)}" + ("" if width == WIDTH else f".p/{width}")


def _number(index: int) -> str:
    text = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        text = f"x{index % 1000:03d}/{text}"
    return text
