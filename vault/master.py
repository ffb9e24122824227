"""The master key that wraps every other secret of the ledger: from a key file or the system keyring."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault.errors import KeyUnavailable

SERVICE = "trinity-ledger"
KEYRING_TIMEOUT = 10.0
"""Seconds; an unanswered unlock dialogue must not hang the start."""


class Master:
    """Wraps and opens secrets (AES-256-GCM), and names files so that a listing tells nothing."""

    def __init__(self, secret: bytes, where: str) -> None:
        if len(secret) != 32:
            raise KeyUnavailable("The master key must have 32 bytes.")
        self.where = where
        self._wrap = AESGCM(hmac.digest(secret, b"trinity-ledger/wrap/v1", "sha256"))
        self._names = hmac.digest(secret, b"trinity-ledger/names/v1", "sha256")

    def wrap(self, secret: bytes, context: str) -> bytes:
        """Encrypt `secret`; only the same context opens it again."""
        nonce = secrets.token_bytes(12)
        return nonce + self._wrap.encrypt(nonce, secret, context.encode())

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """The inverse of `wrap`. Raises KeyUnavailable."""
        try:
            return self._wrap.decrypt(wrapped[:12], wrapped[12:], context.encode())
        except (InvalidTag, ValueError):
            raise KeyUnavailable("The master key does not open a stored key.") from None

    def name(self, text: str) -> str:
        """A file name for `text` that only this master key can compute."""
        return hmac.new(self._names, text.encode(), hashlib.sha256).hexdigest()[:32]


async def load(keys_dir: Path, *, key_file: Path | None, keyring_user: str | None) -> Master:
    """The master key, made on first use.

    Order: `key_file`, else the file that TRINITY_KEY_FILE names; the system keyring, where it is wanted and
    answers; else `master.key` (0600) inside `keys_dir`. A key that once was made in one place is looked for
    there and nowhere else, so that a locked keyring is an error (KeyUnavailable) and never a second key.
    """
    if key_file is None and os.environ.get("TRINITY_KEY_FILE"):
        key_file = Path(os.environ["TRINITY_KEY_FILE"])
    if key_file is not None:
        return await asyncio.to_thread(_from_file, key_file)
    own = keys_dir / "master.key"
    marker = keys_dir / "master.in-keyring"
    if await asyncio.to_thread(own.exists):
        return await asyncio.to_thread(_from_file, own)
    if keyring_user is not None:
        found = await _from_keyring(keyring_user, create=not marker.exists())
        if found is not None:
            await asyncio.to_thread(_write_private, marker, keyring_user.encode())
            return found
    if marker.exists():
        raise KeyUnavailable("The system keyring that holds the master key does not answer.")
    return await asyncio.to_thread(_from_file, own)


def _from_file(path: Path) -> Master:
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_private(path, base64.b64encode(secrets.token_bytes(32)) + b"\n")
        text = path.read_bytes().strip()
        return Master(base64.b64decode(text, validate=True), f"file {path.name}")
    except (OSError, binascii.Error):
        raise KeyUnavailable("The key file cannot be read, or holds no base64 key of 32 bytes.") from None


async def _from_keyring(user: str, *, create: bool) -> Master | None:
    def ask() -> Master | None:
        import keyring
        import keyring.errors

        try:
            text = keyring.get_password(SERVICE, user)
            if text is None and create:
                keyring.set_password(SERVICE, user, base64.b64encode(secrets.token_bytes(32)).decode())
                text = keyring.get_password(SERVICE, user)
        except keyring.errors.KeyringError:
            return None
        return None if text is None else Master(base64.b64decode(text), "system keyring")

    try:
        return await asyncio.wait_for(asyncio.to_thread(ask), KEYRING_TIMEOUT)
    except TimeoutError:
        return None


def _write_private(path: Path, data: bytes) -> None:
    write_durably(path, data)


def write_durably(path: Path, data: bytes) -> None:
    """Replace a small private file (0600) so that after a crash it is the old one or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    except OSError:
        os.close(descriptor)
        temporary.unlink(missing_ok=True)
        raise
    os.close(descriptor)
    os.replace(temporary, path)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
