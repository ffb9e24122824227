"""Signed notes and their keys (c2sp.org/signed-note), Ed25519 only, and cosignatures (c2sp.org/tlog-cosignature)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from vault.errors import NoteError

ALG_ED25519 = 0x01
ALG_COSIGNATURE = 0x04
MAX_NOTE = 1_000_000
MAX_SIGNATURES = 100
_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]{1,200}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_DASH = "\u2014 "


def check_name(name: str) -> str:
    """A key name or origin: no spaces, no plus, no control characters. Raises NoteError."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise NoteError("A log's name must be 1 to 200 characters without spaces, plus signs or controls.")
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise NoteError("A log's name must be valid Unicode.") from None
    return name


def key_id(name: str, algorithm: int, public: bytes) -> bytes:
    """First four bytes of SHA-256(name || LF || algorithm || public key)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([algorithm]) + public).digest()[:4]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A named public key: `name+hash+base64` in text."""

    name: str
    public: bytes
    algorithm: int = ALG_ED25519

    @property
    def id(self) -> bytes:
        """The four bytes by which signatures name this key."""
        return key_id(self.name, self.algorithm, self.public)

    def __str__(self) -> str:
        encoded = base64.b64encode(bytes([self.algorithm]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{encoded}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Read `name+hash+base64`. Raises NoteError."""
        parts = text.strip().split("+", 2) if isinstance(text, str) else []
        if len(parts) != 3:
            raise NoteError("A public key reads name+hash+base64.")
        name, short, encoded = parts
        check_name(name)
        raw = _b64(encoded, "key")
        if len(raw) != 33 or raw[0] not in (ALG_ED25519, ALG_COSIGNATURE):
            raise NoteError("Only Ed25519 keys are known here.")
        key = cls(name, raw[1:], raw[0])
        if key.id.hex() != short:
            raise NoteError("The key's short hash does not fit its name and bytes.")
        return key

    def as_cosigner(self) -> VerifierKey:
        """The same key under the algorithm byte of cosignatures."""
        return VerifierKey(self.name, self.public, ALG_COSIGNATURE)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether this raw Ed25519 signature is this key's."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey:
    """A named Ed25519 private key."""

    def __init__(self, name: str, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self.secret = secret
        self.verifier = VerifierKey(check_name(name), self._key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str) -> SigningKey:
        """A fresh key."""
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def name(self) -> str:
        """The name that signatures carry."""
        return self.verifier.name

    def sign(self, message: bytes) -> bytes:
        """Raw Ed25519 signature."""
        return self._key.sign(message)

    def line(self, text: str) -> str:
        """The signature line of a note with this text."""
        return _line(self.name, self.verifier.id, self.sign(text.encode()))

    def cosign(self, text: str, timestamp: int) -> str:
        """A cosignature/v1 line over a checkpoint's text, `timestamp` in seconds since 1970."""
        signature = timestamp.to_bytes(8, "big") + self.sign(_cosigned(text, timestamp))
        return _line(self.name, self.verifier.as_cosigner().id, signature)


@dataclass(frozen=True, slots=True)
class Signature:
    """One line of a note, not yet believed."""

    name: str
    id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the signature lines under it, not yet believed."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, data: bytes | str) -> Note:
        """Split a signed note. Raises NoteError when it is malformed; checks no signature."""
        text, separator, tail = _decode(data).rpartition("\n\n")
        if not separator or not tail.endswith("\n"):
            raise NoteError("The note has no signature block.")
        signatures = []
        for line in tail[:-1].split("\n"):
            name, space, encoded = line.removeprefix(_DASH).partition(" ")
            if not line.startswith(_DASH) or not space:
                raise NoteError("The note has a malformed signature line.")
            raw = _b64(encoded, "signature")
            if len(raw) < 5:
                raise NoteError("The note has a signature that is too short.")
            signatures.append(Signature(check_name(name), raw[:4], raw[4:]))
        if len(signatures) > MAX_SIGNATURES:
            raise NoteError("The note has too many signatures.")
        return cls(text + "\n", tuple(signatures))

    def verified_by(self, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
        """Which of `keys` signed this text.

        Unknown signatures are passed over, as the format asks; a line that names a known key and does
        not verify makes the whole note bad (NoteError), and so does a known key signing twice.
        """
        by_name = {(key.name, key.id): key for key in keys}
        found: list[VerifierKey] = []
        for signature in self.signatures:
            key = by_name.get((signature.name, signature.id))
            if key is None:
                continue
            if key in found:
                raise NoteError(f"The note carries two signatures of {key.name}.")
            if key.algorithm == ALG_COSIGNATURE:
                timestamp = int.from_bytes(signature.value[:8], "big")
                good = len(signature.value) == 72 and key.verify(_cosigned(self.text, timestamp), signature.value[8:])
            else:
                good = key.verify(self.text.encode(), signature.value)
            if not good:
                raise NoteError(f"The signature of {key.name} does not fit the text.")
            found.append(key)
        return found

    def cosigned_at(self, key: VerifierKey) -> int | None:
        """Seconds since 1970 at which `key` (as cosigner) says it saw this text; None where it did not."""
        cosigner = key.as_cosigner()
        if cosigner not in self.verified_by([cosigner]):
            return None
        for signature in self.signatures:
            if (signature.name, signature.id) == (cosigner.name, cosigner.id):
                return int.from_bytes(signature.value[:8], "big")
        return None

    def __str__(self) -> str:
        return self.text + "\n" + "".join(_line(s.name, s.id, s.value) for s in self.signatures)


def sign(text: str, *keys: SigningKey) -> str:
    """A signed note: `text` (must end in a newline) under the signature of each key."""
    if not text.endswith("\n"):
        raise NoteError("A note's text must end with a newline.")
    return text + "\n" + "".join(key.line(text) for key in keys)


def _line(name: str, identifier: bytes, signature: bytes) -> str:
    return f"{_DASH}{name} {base64.b64encode(identifier + signature).decode()}\n"


def _cosigned(text: str, timestamp: int) -> bytes:
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()


def _decode(data: bytes | str) -> str:
    if len(data) > MAX_NOTE:
        raise NoteError("The note is too long.")
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        text.encode("utf-8")
    except UnicodeError:
        raise NoteError("The note is not UTF-8.") from None
    if _CONTROL.search(text):
        raise NoteError("The note holds control characters.")
    return text


def _b64(text: str, what: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError(f"The {what} is not base64.") from None
    if base64.b64encode(raw).decode() != text:
        raise NoteError(f"The {what} is not base64 in its one spelling.")
    return raw
