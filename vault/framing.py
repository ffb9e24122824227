"""The exact bytes that one entry promises: what is hashed into the chain and, as the same hash, into the tree.

leaf data = prefix || u16 length, origin || u64 sequence || previous row hash (32) || u32 length, envelope
row hash  = SHA-256(0x00 || leaf data), which is also the RFC 6962 leaf hash: chain and tree bind the same bytes.
Every part of variable length is framed by its length, so no byte can move between neighbours unseen.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from vault.errors import EntryError

PREFIX = b"trinity-ledger/entry/v1\n"
_LENGTH = struct.Struct(">H")
MIDDLE = struct.Struct(">Q32sI")
MAX_LEAF = 0xFFFF
"""An entry of a C2SP tile bundle has a 16-bit length (c2sp.org/tlog-tiles)."""
MAX_ENVELOPE = 60_000
MAX_SEQUENCE = (1 << 63) - 1


def head_of(origin: str) -> bytes:
    """The part of the leaf data that all entries of one log share."""
    name = origin.encode()
    return PREFIX + _LENGTH.pack(len(name)) + name


def genesis(origin: str) -> bytes:
    """What stands as previous hash in entry 0: bound to the log's name, equal to no row hash."""
    return hashlib.sha256(b"trinity-ledger/genesis/v1\n" + origin.encode()).digest()


def leaf_data(head: bytes, sequence: int, previous: bytes, envelope: bytes) -> bytes:
    """The entry's bytes; `head` comes from `head_of(origin)`."""
    return head + MIDDLE.pack(sequence, previous, len(envelope)) + envelope


def row_hash(head: bytes, sequence: int, previous: bytes, envelope: bytes) -> bytes:
    """SHA-256(0x00 || leaf data): link of the chain and leaf hash of the tree."""
    return hashlib.sha256(b"\x00" + head + MIDDLE.pack(sequence, previous, len(envelope)) + envelope).digest()


@dataclass(frozen=True, slots=True)
class Leaf:
    """Leaf data taken apart."""

    origin: str
    sequence: int
    previous: bytes
    envelope: bytes


def parse_leaf(data: bytes) -> Leaf:
    """Take leaf data apart. Raises EntryError when a length does not fit."""
    try:
        if not data.startswith(PREFIX):
            raise EntryError("The entry does not begin as an entry of this ledger does.")
        at = len(PREFIX)
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        origin = data[at : at + length].decode("utf-8")
        at += length
        sequence, previous, size = MIDDLE.unpack_from(data, at)
        envelope = data[at + MIDDLE.size :]
    except (struct.error, UnicodeDecodeError):
        raise EntryError("The entry's framing is broken.") from None
    if len(envelope) != size:
        raise EntryError("The entry's envelope is not as long as it says.")
    return Leaf(origin, sequence, previous, envelope)
