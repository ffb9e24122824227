"""Recompute a whole log from its stored bytes: payloads, chain, tree, heads, signatures; name the first bad place."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from vault.certificates import KeyHistory
from vault.checkpoint import Checkpoint
from vault.entry import Envelope
from vault.errors import EntryError, NoteError, StoreError, VaultError
from vault.framing import MIDDLE, genesis, head_of
from vault.head import Head, digest
from vault.persons import PersonKey
from vault.sealing import decrypt
from vault.stores.base import RawRow, Store
from vault.tiles import WIDTH, Edge, Tile

Progress = Callable[[int, int], None]
"""Called with (entries done, entries in all)."""
KeysOf = Callable[[set[str]], Awaitable[Mapping[str, PersonKey]]]
"""Asks for the persons' keys that are here, by tag."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What verification found.

    `first_bad` is the position of the first fault and `kind` its name; both None when `ok`. `texts` counts
    the texts that were opened and fitted their commitments, `sealed_texts` those without a key here.
    """

    ok: bool
    size: int
    root: str
    first_bad: int | None = None
    kind: str | None = None
    message: str = ""
    texts: int = 0
    sealed_texts: int = 0


class _Fault(Exception):
    def __init__(self, kind: str, position: int, message: str) -> None:
        super().__init__(message)
        self.kind, self.position, self.message = kind, position, message


class Verifier:
    """One pass over one store.

    `marks` are signed heads known from elsewhere (watermark, published files, receipts, inboxes): the log
    must reach each size among them with the same root. With `keys_of`, every envelope is parsed strictly and
    every payload whose key is here is opened and checked against its commitments.
    """

    def __init__(
        self,
        store: Store,
        keys: KeyHistory,
        origin: str,
        *,
        marks: Sequence[Checkpoint] = (),
        keys_of: KeysOf | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._store = store
        self._keys = keys
        self._origin = origin
        self._marks = {mark.size: mark for mark in sorted(marks, key=lambda m: m.size) if mark.size}
        self._all_marks = list(marks)
        self._keys_of = keys_of
        self._progress = progress
        self._edge = Edge.empty()
        self._tiles: dict[tuple[int, int], Tile] = {}
        self._head_digest = digest(b"")
        self._last_head: tuple[int, Head] | None = None
        self.texts = 0
        self.sealed_texts = 0

    async def run(self) -> VerifyReport:
        """The report; a store that cannot be read is a fault of kind `store`."""
        try:
            self._check_marks()
            size = await self._store.size()
            previous = genesis(self._origin)
            async for run in self._store.scan(0):
                previous = await asyncio.to_thread(self._entries, run, previous)
                if self._keys_of is not None:
                    await self._look_into(run, self._keys_of)
                if self._progress is not None:
                    self._progress(self._edge.size, max(size, self._edge.size))
            self._end()
            await self._check_tiles()
        except (_Fault, StoreError) as error:
            at = self._edge.size
            fault = error if isinstance(error, _Fault) else _Fault("store", at, f"From entry {at} on: {error}")
            return VerifyReport(False, at, "", fault.position, fault.kind, fault.message, self.texts, self.sealed_texts)
        return VerifyReport(
            True,
            self._edge.size,
            self._edge.root().hex(),
            message=f"{self._edge.size} entries, chain, tree and signatures hold.",
            texts=self.texts,
            sealed_texts=self.sealed_texts,
        )

    def _check_marks(self) -> None:
        for mark in self._all_marks:
            try:
                self._keys.check(mark)
            except NoteError as error:
                raise _Fault("signature", mark.size, f"The known head of size {mark.size}: {error}") from None
            known = self._marks.get(mark.size)
            if known is not None and known.root != mark.root:
                raise _Fault("fork", mark.size, f"Two signed heads of size {mark.size} have different roots.")

    def _entries(self, run: Sequence[RawRow], previous: bytes) -> bytes:
        try:
            return self._hash_all(run, previous)
        except (TypeError, ValueError, AttributeError, OverflowError):
            at = _first_odd(run, self._edge.size)
            raise _Fault("entry", at, f"Entry {at} is not stored as this ledger stores entries.") from None

    def _hash_all(self, run: Sequence[RawRow], previous: bytes) -> bytes:
        # The hot loop: one SHA-256 over the entry, one over the payload; nothing is parsed. The tree grows in
        # one go up to the next signed head or known head.
        edge, marks, sha256, middle = self._edge, self._marks, hashlib.sha256, MIDDLE.pack
        frame, sequence = b"\x00" + head_of(self._origin), edge.size
        leaves: list[bytes] = []
        for seq, prev, stored, key, envelope, payload, head in run:
            if seq != sequence:
                raise _Fault("gap", sequence, f"Entry {sequence} is missing; the next one stored is {seq}.")
            if prev != previous:
                raise _Fault("chain", seq, f"Entry {seq} does not follow on the entry before it.")
            previous = sha256(frame + middle(seq, prev, len(envelope)) + envelope).digest()
            if previous != stored:
                raise _Fault("entry", seq, f"Entry {seq} does not have the hash that is stored with it.")
            # From here on the envelope is what its hash says, so its form may be relied on: the key begins at the
            # 9th byte, key and kind hold no quote, and `payload` follows on `kind`.
            end = envelope.find(b'"', 8)
            if envelope[8:end] != key:
                raise _Fault("key", seq, f"The stored key of entry {seq} is not the one that was sealed.")
            end = envelope.find(b'"', end + 10) + 12
            if payload is None:
                good = envelope[end : end + 5] == b"null,"
            else:
                good = envelope[end + 1 : end + 66] == b'%b"' % sha256(payload).hexdigest().encode()
            if not good:
                raise _Fault("payload", seq, f"The stored payload of entry {seq} is not the one that was sealed.")
            leaves.append(previous)
            sequence += 1
            if head is not None or sequence in marks:
                self._grow(leaves)
                leaves = []
                self._check_heads(seq, head)
        self._grow(leaves)
        return previous

    def _grow(self, leaves: Sequence[bytes]) -> None:
        for tile in self._edge.extend(leaves):
            self._tiles[tile.level, tile.index] = tile

    def _check_heads(self, seq: int, head: bytes | None) -> None:
        if head is not None:
            self._check_head(seq, head)
        mark = self._marks.get(seq + 1)
        if mark is not None and self._edge.root() != mark.root:
            raise _Fault("fork", seq, f"The tree of {seq + 1} entries is not the one that was signed and shown before.")

    def _check_head(self, seq: int, data: bytes) -> None:
        try:
            head = Head.decode(data)
        except NoteError as error:
            raise _Fault("head", seq, f"The head stored at entry {seq}: {error}") from None
        checkpoint = head.checkpoint
        if checkpoint.size != seq + 1 or checkpoint.origin != self._origin:
            raise _Fault("head", seq, f"The head stored at entry {seq} is of another size or another log.")
        if list(head.stack) != self._edge.stack:
            raise _Fault("tree", seq, f"The tree stored at entry {seq} is not the tree of these entries.")
        if checkpoint.previous != self._head_digest:
            raise _Fault("head", seq, f"The head stored at entry {seq} does not name the head before it.")
        self._head_digest = digest(data)
        self._last_head = seq, head

    def _end(self) -> None:
        size = self._edge.size
        beyond = [mark for mark in self._marks.values() if mark.size > size]
        if beyond:
            raise _Fault(
                "rollback", size, f"A signed head names {beyond[-1].size} entries, but only {size} are stored."
            )
        if size == 0:
            return
        if self._last_head is None or self._last_head[0] != size - 1:
            raise _Fault("unsigned", size - 1, f"No signed head stands on the last entry, {size - 1}.")
        try:
            # Each head names the hash of the one before, so this one signature vouches for all of them.
            self._keys.check(self._last_head[1].checkpoint)
        except NoteError as error:
            raise _Fault("signature", size - 1, f"The last head: {error}") from None

    async def _check_tiles(self) -> None:
        async for run in self._store.scan_tiles():
            for tile in run:
                expected = self._tiles.pop((tile.level, tile.index), None)
                if expected is None:
                    raise _Fault(
                        "tree", tile.index * WIDTH ** (tile.level + 1), "A tile is stored that this tree does not have."
                    )
                if (tile.data, tile.root) != (expected.data, expected.root):
                    raise _Fault(
                        "tree",
                        tile.index * WIDTH ** (tile.level + 1),
                        f"Tile {tile.index} of level {tile.level} does not hold the hashes of its entries.",
                    )
        if self._tiles:
            level, index = min(self._tiles)
            raise _Fault("tree", index * WIDTH ** (level + 1), f"Tile {index} of level {level} is missing.")

    async def _look_into(self, run: Sequence[RawRow], keys_of: KeysOf) -> None:
        envelopes = await asyncio.to_thread(_decode_all, run)
        keys = await keys_of({tag for tag in (envelope.person for envelope in envelopes) if tag})
        await asyncio.to_thread(self._open_all, run, envelopes, keys)

    def _open_all(self, run: Sequence[RawRow], envelopes: Sequence[Envelope], keys: Mapping[str, PersonKey]) -> None:
        for (seq, _, _, _, _, payload, _), envelope in zip(run, envelopes, strict=True):
            if payload is None:
                if envelope.texts:
                    raise _Fault("commitment", seq, f"Entry {seq} commits to texts and holds none.")
                continue
            key = keys.get(envelope.person or "")
            if key is None:
                self.sealed_texts += len(envelope.texts)
                continue
            try:
                self.texts += len(decrypt(payload, key, envelope.key, envelope.texts))
            except VaultError as error:
                raise _Fault("commitment", seq, f"Entry {seq}: {error}") from None


def _first_odd(run: Sequence[RawRow], size: int) -> int:
    # the edge may lag behind the row that failed, but never by a row of the right types
    for row in run:
        seq, parts, optional = row[0], row[1:5], row[5:]
        right = type(seq) is int and all(type(part) is bytes for part in parts)
        if not right or not all(part is None or type(part) is bytes for part in optional):
            return seq if type(seq) is int else size
    return size


def _decode_all(run: Sequence[RawRow]) -> list[Envelope]:
    envelopes = []
    for seq, _, _, _, data, _, _ in run:
        try:
            envelopes.append(Envelope.decode(data))
        except EntryError as error:
            raise _Fault("envelope", seq, f"The envelope of entry {seq}: {error}") from None
    return envelopes
