"""The log's private keys, wrapped, beside their certificates; made on first use, rotated, replaced after a theft."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from vault.certificates import COMPROMISE, ROTATION, Certificate, KeyHistory, first
from vault.errors import KeyUnavailable, NoteError
from vault.master import Master, write_durably
from vault.note import SigningKey, VerifierKey

_BETWEEN = "\n\x0c\n"  # a form feed cannot occur in a note


@dataclass(frozen=True, slots=True)
class LogKey:
    """The key that signs now, and the line of certificates up to it."""

    signing: SigningKey
    history: KeyHistory


class LogKeys:
    """Folder with `certificates` (public), `trust` (the anchor, public) and one wrapped file per key."""

    def __init__(self, folder: Path, master: Master, origin: str) -> None:
        self._folder = folder
        self._master = master
        self._origin = origin

    async def load(self, owner: SigningKey | None = None) -> LogKey:
        """The current key; the first one is made here, certified by `owner` where one is given."""
        return await asyncio.to_thread(self._load, owner)

    def _load(self, owner: SigningKey | None) -> LogKey:
        path = self._folder / "certificates"
        if not path.exists():
            key = SigningKey.generate(self._origin)
            certificate = first(self._origin, key, owner)
            self._keep(certificate, key)
            anchor = owner.verifier if owner else key.verifier
            write_public(self._folder, KeyHistory([certificate], anchor))
        history = read_history(self._folder)
        if history.origin != self._origin:
            raise KeyUnavailable(f"The keys in this folder belong to the log {history.origin}.")
        current = history.current
        try:
            wrapped = self._path(current).read_bytes()
        except OSError:
            raise KeyUnavailable("The log's private key is missing.") from None
        key = SigningKey(self._origin, self._master.unwrap(wrapped, f"log/{current.key}"))
        if key.verifier != current.key:
            raise KeyUnavailable("The log's private key does not fit its certificate.")
        return LogKey(key, history)

    async def rotate(self, present: LogKey, size: int, root: bytes) -> LogKey:
        """A new key in the ordinary way: the old one signs its certificate."""
        return await asyncio.to_thread(self._replace, present, size, root, ROTATION, present.signing)

    async def replace_compromised(self, present: LogKey, owner: SigningKey, size: int, root: bytes) -> LogKey:
        """A new key after a theft: only the owner's signature counts; `size` and `root` are the last trusted head."""
        if present.history.owner != owner.verifier:
            raise NoteError("This is not the owner key that the log's first certificate names.")
        return await asyncio.to_thread(self._replace, present, size, root, COMPROMISE, owner)

    def _replace(self, present: LogKey, size: int, root: bytes, reason: str, signer: SigningKey) -> LogKey:
        before = present.history.current
        key = SigningKey.generate(self._origin)
        certificate = Certificate(
            self._origin, before.generation + 1, reason, key.verifier, before.owner, size, root
        ).signed(signer, key)
        texts = [c.note for c in present.history.certificates] + [certificate.note]
        history = KeyHistory.parse(texts, present.history.anchor)
        self._keep(certificate, key)
        write_public(self._folder, history)
        return self._load(None)

    def _path(self, certificate: Certificate) -> Path:
        return self._folder / f"{certificate.generation:04d}.key"

    def _keep(self, certificate: Certificate, key: SigningKey) -> None:
        write_durably(self._path(certificate), self._master.wrap(key.secret, f"log/{certificate.key}"))


def write_public(folder: Path, history: KeyHistory) -> None:
    """Certificates and trust anchor, without any private key."""
    write_durably(folder / "trust", f"{history.anchor}\n".encode())
    texts = [certificate.note for certificate in history.certificates]
    write_durably(folder / "certificates", _BETWEEN.join(texts).encode())


def read_history(folder: Path, anchor: VerifierKey | None = None) -> KeyHistory:
    """The public side only: the certificates in `folder`, checked from `anchor` (by default the kept one)."""
    try:
        texts = (folder / "certificates").read_text().split(_BETWEEN)
        trusted = anchor or VerifierKey.parse((folder / "trust").read_text())
    except OSError:
        raise KeyUnavailable("The log's certificates are missing.") from None
    return KeyHistory.parse(texts, trusted)
