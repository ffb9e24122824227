"""Witnessing other logs (c2sp.org/tlog-witness): cosign their heads, never two that contradict each other.

For each known log the witness keeps the last head it saw, durably, before it signs. A fork, a rollback or a
size smaller than last seen is refused; where two signed heads contradict each other both are kept as proof.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vault.certificates import KeyHistory
from vault.checkpoint import Checkpoint
from vault.errors import NoteError, ProofError, WitnessRefusal
from vault.master import write_durably
from vault.merkle import EMPTY_ROOT, verify_consistency
from vault.note import SigningKey, VerifierKey

MAX_REQUEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """An HTTP answer: status, media type, body; as tlog-witness words it."""

    status: int
    content_type: str
    body: str


class Witness:
    """Cosigns heads of `logs` (origin: its public key, or its key history) under `key`."""

    def __init__(
        self,
        folder: Path,
        key: SigningKey,
        logs: Mapping[str, VerifierKey | KeyHistory],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._key = key
        self._logs = dict(logs)
        self._clock = clock
        self._lock = asyncio.Lock()

    @property
    def verifier(self) -> VerifierKey:
        """Public key under which the cosignatures verify."""
        return self._key.verifier.as_cosigner()

    async def add_checkpoint(self, request: bytes) -> WitnessAnswer:
        """Answer one `add-checkpoint` request: old size, consistency proof, blank line, signed checkpoint.

        200 with the cosignature line; 400 malformed, 403 no known signature, 404 unknown log, 409 with the
        size last seen, 422 when the proof does not hold or the heads contradict each other.
        """
        try:
            old, proof, checkpoint = _parse(request)
        except NoteError as error:
            return _refused(400, error.what)
        if checkpoint.origin not in self._logs:
            return _refused(404, "This log is not witnessed here.")
        try:
            self._check_signature(checkpoint)
        except NoteError as error:
            return _refused(403, error.what)
        async with self._lock:
            seen = await self.seen(checkpoint.origin)
            try:
                line = await self._cosign(seen, old, proof, checkpoint)
            except _Conflict:
                size = seen.size if seen else 0
                return WitnessAnswer(409, "text/x.tlog.size", f"{size}\n")
            except (ProofError, WitnessRefusal) as error:
                return _refused(422, error.what)
        return WitnessAnswer(200, "text/plain; charset=utf-8", line)

    async def witness(self, checkpoint: Checkpoint, proof: Sequence[bytes] = ()) -> str:
        """Cosign a head handed over directly; gives the signature line.

        Raises WitnessRefusal for a fork, a rollback or an unknown log, ProofError for a bad proof, NoteError.
        """
        if checkpoint.origin not in self._logs:
            raise WitnessRefusal("This log is not witnessed here.")
        self._check_signature(checkpoint)
        async with self._lock:
            seen = await self.seen(checkpoint.origin)
            try:
                return await self._cosign(seen, seen.size if seen else 0, proof, checkpoint)
            except _Conflict:
                raise WitnessRefusal("The old size is not the one last seen.") from None

    def _check_signature(self, checkpoint: Checkpoint) -> None:
        known = self._logs[checkpoint.origin]
        if isinstance(known, KeyHistory):
            known.check(checkpoint)
        elif not checkpoint.parsed_note().verified_by([known]):
            raise NoteError("The head is not signed by the key known for this log.")

    async def _cosign(self, seen: Checkpoint | None, old: int, proof: Sequence[bytes], new: Checkpoint) -> str:
        if seen is not None and new.size < seen.size:
            # Two good signatures over a log that shrank; whether it forked too, the owner must explain.
            await self._keep_proof("rollback", seen, new)
            raise WitnessRefusal(f"The log had {seen.size} entries when last seen; this head says {new.size}.")
        if seen is not None and new.size == seen.size and new.root != seen.root:
            await self._keep_proof("fork", seen, new)
            raise WitnessRefusal(f"Two signed heads of size {new.size} have different roots: the log has forked.")
        if new.size == 0 and new.root != EMPTY_ROOT:
            raise WitnessRefusal("A head of size 0 does not have the root of the empty tree.")
        if old != (seen.size if seen else 0):
            raise _Conflict
        if seen is None or seen.size == 0:
            if proof:
                raise ProofError("The first head needs no proof, yet there is one.")
        else:
            try:
                verify_consistency(seen.size, new.size, list(proof), seen.root, new.root)
            except ProofError as error:
                await self._keep_proof("unproved", seen, new)
                raise ProofError(f"The log does not prove that it only grew: {error.what}") from None
        await self._keep(new)  # durable before the signature exists: a crash must not make us sign twice
        return self._key.cosign(new.text, int(self._clock()))

    async def seen(self, origin: str) -> Checkpoint | None:
        """The last head of a log that was cosigned here."""
        path = self._place(origin)
        try:
            return Checkpoint.parse(await asyncio.to_thread(path.read_bytes))
        except FileNotFoundError:
            return None

    async def _keep(self, checkpoint: Checkpoint) -> None:
        await asyncio.to_thread(write_durably, self._place(checkpoint.origin), checkpoint.note.encode())

    async def _keep_proof(self, kind: str, one: Checkpoint, other: Checkpoint) -> None:
        record = json.dumps({"kind": kind, "seen": one.note, "shown": other.note}, ensure_ascii=False, indent=1)
        name = hashlib.sha256(record.encode()).hexdigest()[:16]
        await asyncio.to_thread(write_durably, self._folder / "proofs" / f"{kind}-{name}.json", record.encode())

    def proofs(self) -> list[Path]:
        """Files that each hold two signed heads which do not go together."""
        return sorted((self._folder / "proofs").glob("*.json"))

    def _place(self, origin: str) -> Path:
        return self._folder / "seen" / hashlib.sha256(origin.encode()).hexdigest()


class _Conflict(Exception):
    """The request's old size is not the one last seen."""


def request(old: int, proof: Sequence[bytes], checkpoint: Checkpoint) -> bytes:
    """The body of an `add-checkpoint` request."""
    lines = [f"old {old}", *(base64.b64encode(item).decode() for item in proof), "", checkpoint.note]
    return "\n".join(lines).encode()


def _parse(data: bytes) -> tuple[int, list[bytes], Checkpoint]:
    if len(data) > MAX_REQUEST:
        raise NoteError("The request is too long.")
    head, separator, note = data.partition(b"\n\n")
    lines = head.decode("utf-8", "replace").split("\n")
    size = lines[0].removeprefix("old ")
    if not separator or not lines[0].startswith("old ") or not (size.isascii() and size.isdigit()) or len(size) > 20:
        raise NoteError("The request does not begin with the old size.")
    try:
        proof = [base64.b64decode(line, validate=True) for line in lines[1:]]
    except (binascii.Error, ValueError):
        raise NoteError("The request's proof is not base64.") from None
    if len(proof) > 63 or any(len(item) != 32 for item in proof):
        raise NoteError("The request's proof is malformed.")
    return int(size), proof, Checkpoint.parse(note)


def _refused(status: int, why: str) -> WitnessAnswer:
    return WitnessAnswer(status, "text/plain; charset=utf-8", f"{why}\n")
