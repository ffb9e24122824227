"""From a new entry to envelope and payload: commitments over a person's texts, encryption under their key."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault import canonical
from vault.commitment import commitment
from vault.entry import Envelope, NewEntry, Sealed, Source, StoredEntry, check_key
from vault.errors import EntryError, ErasedError
from vault.persons import PersonKey, PersonKeys

MAX_PAYLOAD = 4_000_000


async def seal(entry: NewEntry, persons: PersonKeys) -> Sealed:
    """Canonical envelope and encrypted payload of an entry. Raises EntryError."""
    time = datetime.now(UTC) if entry.time is None else entry.time
    if time.tzinfo is None:
        raise EntryError("The time of an entry must say its zone.")
    if entry.texts and entry.person is None:
        raise EntryError("Texts need the person whose key encrypts them.")
    payload: bytes | None = None
    commitments: dict[str, str] = {}
    tag: str | None = None
    if entry.person is not None:
        key = await persons.current(entry.person, time)
        tag = key.tag
        if entry.texts:
            payload, commitments = encrypt(entry.texts, key, check_key(entry.key))
    envelope = Envelope(
        key=entry.key,
        kind=entry.kind,
        payload=None if payload is None else hashlib.sha256(payload).hexdigest(),
        person=tag,
        record=entry.body,
        texts=commitments,
        time=time,
    )
    return Sealed(entry.key, envelope.encode(), payload, time)


def merged(entry: StoredEntry, payload: bytes | None, source: Source) -> Sealed:
    """An entry of a sub-log as it goes into the main log: the same, and where it came from."""
    envelope = Envelope(
        key=entry.key,
        kind=entry.kind,
        payload=None if payload is None else hashlib.sha256(payload).hexdigest(),
        person=entry.person_tag,
        record=entry.body,
        texts=entry.texts,
        time=entry.time,
        source=source if entry.source is None else entry.source,
    )
    return Sealed(entry.key, envelope.encode(), payload, entry.time)


def encrypt(texts: Mapping[str, str], key: PersonKey, entry_key: str) -> tuple[bytes, dict[str, str]]:
    """Payload and commitments. Salts are inside the payload: once the key is gone, guessing is hopeless too."""
    opened: dict[str, list[str]] = {}
    commitments: dict[str, str] = {}
    for name, text in texts.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise EntryError("Texts are strings under string names.")
        salt = secrets.token_bytes(32)
        opened[name] = [salt.hex(), text]
        commitments[name] = commitment(salt, name, text)
    plain = canonical.dumps(opened)
    if len(plain) > MAX_PAYLOAD:
        raise EntryError(f"The texts have {len(plain)} bytes; {MAX_PAYLOAD} is the limit.")
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(key.secret).encrypt(nonce, plain, _context(key.tag, entry_key)), commitments


def decrypt(
    payload: bytes, key: PersonKey, entry_key: str, commitments: Mapping[str, str]
) -> dict[str, tuple[bytes, str]]:
    """Salt and text by name, each checked against its commitment.

    Raises ErasedError when the key does not open the payload, EntryError when a commitment does not fit.
    """
    try:
        plain = AESGCM(key.secret).decrypt(payload[:12], payload[12:], _context(key.tag, entry_key))
    except (InvalidTag, ValueError):
        raise ErasedError("The payload does not open with this person's key.") from None
    opened: dict[str, Any] = canonical.loads(plain)
    texts = {name: (bytes.fromhex(salt), str(text)) for name, (salt, text) in opened.items()}
    if {name: commitment(salt, name, text) for name, (salt, text) in texts.items()} != dict(commitments):
        raise EntryError("A text does not fit the commitment that was sealed.")
    return texts


def _context(tag: str, entry_key: str) -> bytes:
    return f"trinity-ledger/payload/v1\n{tag}\n{entry_key}".encode()
