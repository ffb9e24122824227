"""The append-only journal of the files store: what one commit wrote, whole or not at all."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence

from vault.errors import EntryError, StoreError
from vault.framing import leaf_data, parse_leaf
from vault.stores.base import Row

MAGIC = b"TLJ1"
_RECORD = struct.Struct(">4sI16s")
_LENGTH = struct.Struct(">I")
NOTHING = 0xFFFFFFFF
"""Stands for the length of a payload or head that is not there."""
_KEY_START = b'{"key":"'


def key_of(envelope: bytes) -> str:
    """The idempotency key at the start of a canonical envelope."""
    end = envelope.find(b'"', len(_KEY_START))
    if not envelope.startswith(_KEY_START) or end < 0:
        raise StoreError("An entry's envelope does not begin with its key.")
    return envelope[len(_KEY_START) : end].decode("utf-8", "replace")


def pack(data: bytes | None) -> bytes:
    """Length (or NOTHING) and bytes."""
    return _LENGTH.pack(NOTHING) if data is None else _LENGTH.pack(len(data)) + data


def unpack(data: bytes, at: int) -> tuple[bytes | None, int]:
    """The inverse of `pack`; gives the bytes and where the next begins. Raises StoreError."""
    if at + _LENGTH.size > len(data):
        raise StoreError("A file of the ledger is cut off.")
    (length,) = _LENGTH.unpack_from(data, at)
    at += _LENGTH.size
    if length == NOTHING:
        return None, at
    if at + length > len(data):
        raise StoreError("A file of the ledger is cut off.")
    return data[at : at + length], at + length


def encode(frame: bytes, rows: Sequence[Row]) -> bytes:
    """One record: magic, length, checksum, then leaf hash, leaf data, payload and head of each row."""
    parts = []
    for row in rows:
        parts += [row.hash, pack(leaf_data(frame, row.seq, row.prev, row.envelope)), pack(row.payload), pack(row.head)]
    body = b"".join(parts)
    return _RECORD.pack(MAGIC, len(body), hashlib.sha256(body).digest()[:16]) + body


def records(data: bytes) -> Iterator[tuple[list[Row], int]]:
    """Rows of each whole record and where it ends; stops before a record that is torn."""
    at = 0
    while at + _RECORD.size <= len(data):
        magic, length, checksum = _RECORD.unpack_from(data, at)
        body = data[at + _RECORD.size : at + _RECORD.size + length]
        if magic != MAGIC or len(body) != length or hashlib.sha256(body).digest()[:16] != checksum:
            return
        at += _RECORD.size + length
        yield _rows(body), at


def _rows(body: bytes) -> list[Row]:
    rows, at = [], 0
    while at < len(body):
        value = body[at : at + 32]
        leaf, at = unpack(body, at + 32)
        payload, at = unpack(body, at)
        head, at = unpack(body, at)
        rows.append(row_of(leaf or b"", value, payload, head))
    return rows


def row_of(leaf: bytes, value: bytes, payload: bytes | None, head: bytes | None) -> Row:
    """A row from its leaf data and what lies beside it. Raises StoreError."""
    try:
        parts = parse_leaf(leaf)
    except EntryError as error:
        raise StoreError(f"A file of the ledger holds something else: {error}") from None
    return Row(parts.sequence, parts.previous, value, key_of(parts.envelope), parts.envelope, payload, head)
