"""Which keys may sign a log's heads, and from which size on: certificates that form a line from a trusted key.

An offline owner key certifies the first log key and, after a theft, a new one; between thefts each log key
certifies its successor. Each certificate is signed by its own key too. A certificate is a signed note whose text reads

    trinity-ledger/key/v1
    <origin>
    generation <n>
    reason first | rotation | compromise
    key <name+hash+base64>
    owner <name+hash+base64> | owner none
    from <size> <root, base64>
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from vault.checkpoint import Checkpoint
from vault.errors import NoteError
from vault.merkle import EMPTY_ROOT
from vault.note import Note, SigningKey, VerifierKey, check_name, sign

SUB_LOG = "/sub/"
"""Stands between a log's origin and the name of a sub-log; both are signed by the same keys."""
FIRST, ROTATION, COMPROMISE = "first", "rotation", "compromise"
_TITLE = "trinity-ledger/key/v1"


@dataclass(frozen=True, slots=True)
class Certificate:
    """One log key: `generation` from 1, valid for heads from `size` on, where the tree had `root`."""

    origin: str
    generation: int
    reason: str
    key: VerifierKey
    owner: VerifierKey | None
    size: int
    root: bytes
    note: str = ""

    @property
    def text(self) -> str:
        """The signed text."""
        lines = [
            _TITLE,
            self.origin,
            f"generation {self.generation}",
            f"reason {self.reason}",
            f"key {self.key}",
            f"owner {self.owner or 'none'}",
            f"from {self.size} {base64.b64encode(self.root).decode()}",
        ]
        return "\n".join(lines) + "\n"

    def signed(self, *keys: SigningKey) -> Certificate:
        """The same certificate with its signed note."""
        return Certificate(
            self.origin,
            self.generation,
            self.reason,
            self.key,
            self.owner,
            self.size,
            self.root,
            sign(self.text, *keys),
        )

    @classmethod
    def parse(cls, data: str) -> Certificate:
        """Read a certificate. Raises NoteError when malformed; checks no signature."""
        lines = Note.parse(data).text[:-1].split("\n")
        if len(lines) != 7 or lines[0] != _TITLE:
            raise NoteError("This is not a key certificate of a ledger.")
        try:
            generation = int(_after(lines[2], "generation "))
            reason = _after(lines[3], "reason ")
            owner = _after(lines[5], "owner ")
            size, root = _after(lines[6], "from ").split(" ")
            found = cls(
                origin=check_name(lines[1]),
                generation=generation,
                reason=reason,
                key=VerifierKey.parse(_after(lines[4], "key ")),
                owner=None if owner == "none" else VerifierKey.parse(owner),
                size=int(size),
                root=base64.b64decode(root, validate=True),
                note=data,
            )
        except ValueError:
            raise NoteError("The key certificate is malformed.") from None
        if found.text != Note.parse(data).text or reason not in (FIRST, ROTATION, COMPROMISE):
            raise NoteError("The key certificate is malformed.")
        return found

    def signers(self, candidates: Sequence[VerifierKey]) -> list[VerifierKey]:
        """Which of these keys signed it. Raises NoteError for a bad signature."""
        return Note.parse(self.note).verified_by(candidates)


def first(origin: str, key: SigningKey, owner: SigningKey | None) -> Certificate:
    """The first certificate: signed by the log key itself and, where there is one, by the owner."""
    certificate = Certificate(origin, 1, FIRST, key.verifier, owner.verifier if owner else None, 0, EMPTY_ROOT)
    return certificate.signed(key, owner) if owner else certificate.signed(key)


class KeyHistory:
    """The certificates of one log, checked from a trust anchor on.

    The anchor is the owner's key or any one of the log's keys; a log key vouches for the owner it names in
    the first certificate, and for its successors. Raises NoteError when the line is broken.
    """

    def __init__(self, certificates: Sequence[Certificate], anchor: VerifierKey) -> None:
        if not certificates:
            raise NoteError("There is no certificate for any key of this log.")
        self.certificates = tuple(certificates)
        self.anchor = anchor
        self.origin = certificates[0].origin
        self._trusted_from = self._walk()

    @classmethod
    def parse(cls, texts: Sequence[str], anchor: VerifierKey) -> KeyHistory:
        """From the certificates' texts, oldest first."""
        return cls([Certificate.parse(text) for text in texts], anchor)

    @property
    def current(self) -> Certificate:
        """The certificate of the key that signs now."""
        return self.certificates[-1]

    @property
    def owner(self) -> VerifierKey | None:
        """The owner's public key, where the log has one."""
        return self.certificates[0].owner

    def _walk(self) -> int:
        trusted: int | None = None
        owner = self.certificates[0].owner
        by_owner = owner is not None and _same(self.anchor, owner)
        for place, certificate in enumerate(self.certificates):
            before = self.certificates[place - 1] if place else None
            self._fits(certificate, before)
            # Every key signs its own certificate, and by that vouches for the owner named there: nobody can
            # put a foreign owner into the line of a key that somebody trusts.
            if certificate.key not in certificate.signers([certificate.key]):
                raise NoteError(f"Key {certificate.generation} did not sign its own certificate.")
            signer = before.key if before is not None and certificate.reason == ROTATION else owner
            signed = signer is not None and signer in certificate.signers([signer])
            if not signed and (before is not None or by_owner):
                raise NoteError(f"Key {certificate.generation} is not certified by the key that must do it.")
            accepted = by_owner if before is None else trusted is not None
            if trusted is None and (accepted or _same(self.anchor, certificate.key)):
                trusted = place
        if trusted is None:
            raise NoteError("The key you trust does not lead to any key of this log.")
        return trusted

    def _fits(self, certificate: Certificate, before: Certificate | None) -> None:
        generation = 1 if before is None else before.generation + 1
        if certificate.origin != self.origin or certificate.generation != generation:
            raise NoteError("The key certificates are not one line of one log.")
        if certificate.owner != self.certificates[0].owner:
            raise NoteError("The owner changed between two key certificates.")
        if (certificate.reason == FIRST) != (before is None):
            raise NoteError("Only the first key certificate may be the first.")
        if before is not None and certificate.size < before.size:
            raise NoteError("A later key cannot begin at an earlier size.")

    def is_sub_log(self, origin: str) -> bool:
        """Whether this origin is a sub-log of ours, written while the main store was away."""
        return origin.startswith(f"{self.origin}{SUB_LOG}")

    def check(self, checkpoint: Checkpoint, *, whole_log: bool = True) -> VerifierKey:
        """Which key signed this head, if it may: the key in force at that size.

        With `whole_log` false (a lone receipt) a head by a key that was later replaced as compromised is
        refused, because its thief can sign any old size. Raises NoteError.
        """
        sub_log = self.is_sub_log(checkpoint.origin)
        if checkpoint.origin != self.origin and not sub_log:
            raise NoteError("The head belongs to another log.")
        note = checkpoint.parsed_note()
        if note.text != checkpoint.text:
            raise NoteError("The head does not say what its signed text says.")
        for place, certificate in enumerate(self.certificates):
            after = self.certificates[place + 1] if place + 1 < len(self.certificates) else None
            if certificate.key not in note.verified_by([certificate.key]):
                continue
            if place < self._trusted_from:
                raise NoteError("The head is signed by a key older than the one you trust.")
            early = checkpoint.size < certificate.size
            late = after is not None and checkpoint.size > after.size
            if not sub_log and (early or late):  # the sizes of a sub-log are its own
                raise NoteError("The head is signed by a key that was not in force at this size.")
            stolen = any(later.reason == COMPROMISE for later in self.certificates[place + 1 :])
            if stolen and not whole_log:
                raise NoteError("The head is signed by a key that was later replaced as compromised.")
            if not sub_log:
                self._check_root(checkpoint)
            return certificate.key
        raise NoteError("The head is not signed by any key of this log.")

    def awaits_new_key(self, checkpoint: Checkpoint) -> bool:
        """Whether this head is the old key's last one, while its replacement after a theft has not signed yet."""
        if self.current.reason != COMPROMISE or checkpoint.size < self.current.size:
            return False
        try:
            KeyHistory(self.certificates[:-1], self.anchor).check(checkpoint)
        except NoteError:
            return False
        return True

    def _check_root(self, checkpoint: Checkpoint) -> None:
        for certificate in self.certificates:
            if certificate.size == checkpoint.size and certificate.root != checkpoint.root:
                raise NoteError("The head contradicts the root that a key certificate names for this size.")


def _same(one: VerifierKey, other: VerifierKey) -> bool:
    return (one.name, one.public) == (other.name, other.public)


def _after(line: str, label: str) -> str:
    if not line.startswith(label):
        raise NoteError("The key certificate is malformed.")
    return line.removeprefix(label)
