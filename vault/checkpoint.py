"""Signed heads of a log (c2sp.org/tlog-checkpoint): origin, size and root in one short signed text."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from vault.errors import NoteError
from vault.merkle import HASH_SIZE
from vault.note import Note, SigningKey, check_name, sign

LINK = "previous "
"""Extension line that carries the SHA-256 of the head before: one good signature vouches for all earlier heads."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a head says, and the signed text that says it (`note`, empty before signing)."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()
    note: str = ""

    @property
    def text(self) -> str:
        """The bytes that are signed."""
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions]
        return "\n".join(lines) + "\n"

    @property
    def previous(self) -> bytes | None:
        """SHA-256 of the head before this one, where it names it."""
        for line in self.extensions:
            if line.startswith(LINK):
                return bytes.fromhex(line.removeprefix(LINK))
        return None

    def signed(self, *keys: SigningKey) -> Checkpoint:
        """The same head with its signed note."""
        return Checkpoint(self.origin, self.size, self.root, self.extensions, sign(self.text, *keys))

    @classmethod
    def parse(cls, data: bytes | str) -> Checkpoint:
        """Read a signed checkpoint. Raises NoteError when it is malformed; checks no signature."""
        note = Note.parse(data)
        lines = note.text[:-1].split("\n")
        if len(lines) < 3 or "" in lines:
            raise NoteError("A checkpoint has an origin, a size, a root, and no empty lines.")
        origin, size, root = lines[:3]
        check_name(origin)
        if not size.isascii() or not size.isdigit() or (size[0] == "0" and size != "0") or len(size) > 20:
            raise NoteError("The checkpoint's size is not a plain decimal number.")
        try:
            value = base64.b64decode(root, validate=True)
        except (binascii.Error, ValueError):
            raise NoteError("The checkpoint's root is not base64.") from None
        if len(value) != HASH_SIZE or base64.b64encode(value).decode() != root or int(size) >= 1 << 64:
            raise NoteError("The checkpoint's size or root is out of range.")
        for line in lines[3:]:
            if line.startswith(LINK) and not _is_hash(line.removeprefix(LINK)):
                raise NoteError("The checkpoint's link to the head before is malformed.")
        return cls(origin, int(size), value, tuple(lines[3:]), data.decode() if isinstance(data, bytes) else data)

    def parsed_note(self) -> Note:
        """The signed note, split, for checking signatures."""
        return Note.parse(self.note)


def link(head: bytes) -> str:
    """The extension line that binds a new head to the stored bytes of the one before."""
    return LINK + head.hex()


def _is_hash(text: str) -> bool:
    return len(text) == 64 and all(char in "0123456789abcdef" for char in text)
