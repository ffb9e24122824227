"""What stands on the last row of each batch: the compact range of the tree, and the signed checkpoint."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from vault.checkpoint import Checkpoint
from vault.errors import NoteError
from vault.merkle import HASH_SIZE, fold
from vault.tiles import split


@dataclass(frozen=True, slots=True)
class Head:
    """Compact range (complete subtrees, left to right) and checkpoint of one size."""

    stack: tuple[bytes, ...]
    checkpoint: Checkpoint

    def encode(self) -> bytes:
        """u8 count || hashes || note."""
        return bytes([len(self.stack)]) + b"".join(self.stack) + self.checkpoint.note.encode()

    @classmethod
    def decode(cls, data: bytes) -> Head:
        """Read a head and check that its range leads to its root. Raises NoteError."""
        end = 1 + data[0] * HASH_SIZE if data else 0
        if not data or len(data) <= end:
            raise NoteError("The stored head is cut off.")
        stack = tuple(split(data[1:end]))
        checkpoint = Checkpoint.parse(bytes(data[end:]))
        if len(stack) != checkpoint.size.bit_count() or fold(stack) != checkpoint.root:
            raise NoteError("The stored compact range does not lead to the signed root.")
        return cls(stack, checkpoint)


def digest(head: bytes) -> bytes:
    """The hash by which the next head names this one."""
    return hashlib.sha256(head).digest()
