"""The Merkle tree of RFC 6962: hashes, roots, inclusion and consistency proofs, and their verification.

Leaves are the bytes that the log promises (`leaf_hash` hashes them); hashes are 32 `bytes`; sizes and
indexes are integers in [0, 2^64). Section numbers are those of RFC 9162, which words the same tree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Protocol, overload

from vault.errors import ProofError

HASH_SIZE = 32
_LIMIT = 1 << 64
_sha256 = hashlib.sha256

EMPTY_ROOT = _sha256(b"").digest()
"""Root of the tree without leaves (2.1.1)."""


def leaf_hash(data: bytes) -> bytes:
    """Hash of one leaf: SHA-256(0x00 || data) (2.1.1)."""
    return _sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 || left || right) (2.1.1)."""
    return _sha256(b"\x01" + left + right).digest()


class Nodes(Protocol):
    """Whatever can name the hash of a complete subtree: 2^height leaves from leaf `index` * 2^height."""

    def node(self, height: int, index: int) -> bytes:
        """Hash of that complete subtree."""
        ...


Range = tuple[int, int]
"""Leaves [start, end) of one subtree that a proof names."""


class Tree:
    """A whole tree in memory, for vectors, tests and small exports: leaves in, roots and proofs out."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        for leaf in leaves:
            self.append(leaf)

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self._levels[0])

    def append(self, leaf: bytes) -> int:
        """Add one leaf's bytes; gives its index."""
        index = self.size
        value = leaf_hash(leaf)
        height = 0
        while True:
            if height == len(self._levels):
                self._levels.append([])
            level = self._levels[height]
            level.append(value)
            if len(level) % 2:
                return index
            value = node_hash(level[-2], level[-1])
            height += 1

    def node(self, height: int, index: int) -> bytes:
        """Hash of a complete subtree; raises ProofError where the tree does not reach."""
        try:
            return self._levels[height][index]
        except IndexError:
            raise ProofError(f"The tree has no complete subtree {index} of height {height}.") from None

    def root(self, size: int | None = None) -> bytes:
        """Root over the first `size` leaves (all of them by default)."""
        end = self.size if size is None else _number(size, "size")
        if end > self.size:
            raise ProofError(f"The tree has {self.size} leaves, not {end}.")
        return range_hash(self, 0, end)

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """Audit path of leaf `index` in the tree of the first `size` leaves."""
        return inclusion_proof(index, size, self)

    def consistency_proof(self, size1: int, size2: int) -> list[bytes]:
        """Proof that the first `size1` leaves of the tree of `size2` are the older tree."""
        return consistency_proof(size1, size2, self)


def root(leaves: Iterable[bytes]) -> bytes:
    """Merkle tree hash of these leaves (the bytes themselves, not their hashes) (2.1.1)."""
    return Tree(leaves).root()


def complete_parts(start: int, end: int) -> list[tuple[int, int]]:
    """Complete subtrees (height, index), left to right, that make up leaves [start, end).

    `start` must be a multiple of the largest power of two that fits, as it is for every range of a proof.
    """
    parts = []
    while start < end:
        height = (end - start).bit_length() - 1
        parts.append((height, start >> height))
        start += 1 << height
    return parts


def range_hash(nodes: Nodes, start: int, end: int) -> bytes:
    """Hash of the subtree over leaves [start, end) of a tree, from its complete subtrees."""
    hashes = [nodes.node(height, index) for height, index in complete_parts(start, end)]
    return fold(hashes)


def fold(hashes: Sequence[bytes]) -> bytes:
    """Root over neighbouring complete subtrees of falling size (a compact range): right to left."""
    if not hashes:
        return EMPTY_ROOT
    value = hashes[-1]
    for left in reversed(hashes[:-1]):
        value = node_hash(left, value)
    return value


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Which subtrees the audit path of `index` in `size` consists of, from the leaf up (2.1.3.1)."""
    index, size = _number(index, "index"), _number(size, "size")
    if index >= size:
        raise ProofError(f"Index {index} is not in a tree of {size} leaves.")
    ranges: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        split = start + (1 << ((end - start - 1).bit_length() - 1))
        if index < split:
            ranges.append((split, end))
            end = split
        else:
            ranges.append((start, split))
            start = split
    ranges.reverse()
    return ranges


def consistency_ranges(size1: int, size2: int) -> list[Range]:
    """Which subtrees prove that the tree of `size1` leads to the tree of `size2` (2.1.4.1)."""
    size1, size2 = _number(size1, "size1"), _number(size2, "size2")
    if size1 == 0 or size1 > size2:
        raise ProofError(f"There is no consistency proof from size {size1} to size {size2}.")
    ranges: list[Range] = []
    start, end, known = 0, size2, True
    while size1 != end:
        split = start + (1 << ((end - start - 1).bit_length() - 1))
        if size1 <= split:
            ranges.append((split, end))
            end = split
        else:
            ranges.append((start, split))
            start, known = split, False
    if not known:
        ranges.append((start, end))
    ranges.reverse()
    return ranges


@overload
def inclusion_proof(index: int, size: int, tree: None = None) -> list[Range]: ...
@overload
def inclusion_proof(index: int, size: int, tree: Nodes | Sequence[bytes]) -> list[bytes]: ...
def inclusion_proof(index: int, size: int, tree: Nodes | Sequence[bytes] | None = None) -> list[bytes] | list[Range]:
    """Audit path of leaf `index` in the tree of the first `size` leaves, from the leaf up (2.1.3.1).

    `tree` says where the hashes come from: anything with `node(height, index)` (a `Tree`, a store's tiles),
    or the list of leaves itself. Without it the answer is which leaf ranges [start, end) the proof is made
    of, for a caller that fetches the hashes itself. Raises ProofError for an index outside the tree.
    """
    ranges = inclusion_ranges(index, size)
    if tree is None:
        return ranges
    nodes = Tree(tree) if isinstance(tree, Sequence) else tree
    return [range_hash(nodes, start, end) for start, end in ranges]


def consistency_proof(size1: int, size2: int, tree: Nodes | Sequence[bytes]) -> list[bytes]:
    """Proof that the tree of `size2` leaves begins with the tree of `size1` (2.1.4.1); as `inclusion_proof`."""
    nodes = Tree(tree) if isinstance(tree, Sequence) else tree
    return [range_hash(nodes, start, end) for start, end in consistency_ranges(size1, size2)]


def verify_inclusion(index: int, size: int, leaf_hash: bytes, proof: Sequence[bytes] | None, root: bytes) -> None:
    """Check that `leaf_hash` stands at `index` of the tree of `size` leaves with this `root` (2.1.3.2).

    Returns nothing; raises ProofError, and nothing else, for whatever does not hold: other types, numbers
    outside [0, 2^64), hashes of another length, a proof too short or too long, another root.
    `None` counts as the empty proof.
    """
    index, size = _number(index, "index"), _number(size, "size")
    leaf, expected = _hash(leaf_hash, "leaf hash"), _hash(root, "root")
    path = _path(proof)
    if index >= size:
        raise ProofError(f"Index {index} is not in a tree of {size} leaves.")
    fn, sn = index, size - 1
    value = leaf
    for sibling in path:
        if sn == 0:
            raise ProofError("The inclusion proof is too long.")
        if fn & 1 or fn == sn:
            value = node_hash(sibling, value)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            value = node_hash(value, sibling)
        fn >>= 1
        sn >>= 1
    if sn:
        raise ProofError("The inclusion proof is too short.")
    if value != expected:
        raise ProofError("The inclusion proof leads to another root.")


def verify_consistency(size1: int, size2: int, proof: Sequence[bytes] | None, root1: bytes, root2: bytes) -> None:
    """Check that the tree (`size2`, `root2`) only appended to the tree (`size1`, `root1`) (2.1.4.2).

    A first tree of size 0 is refused, whatever the proof: an empty tree promises nothing.
    Returns nothing; raises ProofError, and nothing else, as `verify_inclusion` does.
    """
    size1, size2 = _number(size1, "size1"), _number(size2, "size2")
    path = _path(proof)
    if size1 == 0:
        raise ProofError("A tree of size 0 promises nothing, so nothing can be consistent with it.")
    if size1 > size2:
        raise ProofError(f"The tree shrank from {size1} to {size2} leaves.")
    if size1 == size2:
        if path:
            raise ProofError("Two trees of one size need no proof, yet there is one.")
        # Equal heads are equal whatever they hold: the reference vectors accept roots that are no hashes here.
        if type(root1) is not bytes or type(root2) is not bytes or root1 != root2:
            raise ProofError("Two trees of one size have different roots.")
        return
    older, newer = _hash(root1, "root1"), _hash(root2, "root2")
    if not path:
        raise ProofError("The consistency proof is empty.")
    if size1 & (size1 - 1) == 0:
        path = [older, *path]
    fn, sn = size1 - 1, size2 - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    first = second = path[0]
    for sibling in path[1:]:
        if sn == 0:
            raise ProofError("The consistency proof is too long.")
        if fn & 1 or fn == sn:
            first = node_hash(sibling, first)
            second = node_hash(sibling, second)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            second = node_hash(second, sibling)
        fn >>= 1
        sn >>= 1
    if sn:
        raise ProofError("The consistency proof is too short.")
    if first != older:
        raise ProofError("The consistency proof leads to another older root.")
    if second != newer:
        raise ProofError("The consistency proof leads to another newer root.")


def _number(value: object, name: str) -> int:
    # bool is an int to Python; a proof whose size is True is nobody's honest mistake
    if type(value) is not int:
        raise ProofError(f"The {name} must be a whole number.")
    if not 0 <= value < _LIMIT:
        raise ProofError(f"The {name} must lie in [0, 2^64).")
    return value


def _hash(value: object, name: str) -> bytes:
    if type(value) is not bytes or len(value) != HASH_SIZE:
        raise ProofError(f"The {name} must be {HASH_SIZE} bytes.")
    return value


def _path(proof: object) -> list[bytes]:
    if proof is None:
        return []
    if type(proof) not in (list, tuple):
        raise ProofError("The proof must be a list of hashes.")
    assert isinstance(proof, list | tuple)
    # 64 levels reach 2^64 leaves; a consistency proof may hold one hash more
    if len(proof) > 65:
        raise ProofError("The proof is too long for any tree.")
    return [_hash(item, "proof's every hash") for item in proof]
