"""The receipt file: everything a stranger needs to check one entry offline, in one JSON text.

Members: `type`, `leaf` (base64 of the entry's leaf data), `proof` (base64 hashes from the leaf up),
`checkpoint` (signed note), `certificates` (signed notes, oldest first) and, only where a person's texts are
disclosed on purpose, `texts` ({name: [salt hex, text]}).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vault.canonical import parse
from vault.certificates import KeyHistory
from vault.checkpoint import Checkpoint
from vault.commitment import commitment
from vault.errors import EntryError, NoteError, ProofError, ReceiptError
from vault.framing import Leaf, parse_leaf
from vault.merkle import leaf_hash, verify_inclusion
from vault.note import VerifierKey

TYPE = "trinity-ledger/receipt/v1"
MAX_RECEIPT = 20_000_000


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt taken apart, not yet believed."""

    leaf: bytes
    proof: tuple[bytes, ...]
    checkpoint: str
    certificates: tuple[str, ...]
    texts: Mapping[str, tuple[bytes, str]]

    def encode(self) -> bytes:
        """The file."""
        members: dict[str, Any] = {
            "type": TYPE,
            "leaf": base64.b64encode(self.leaf).decode(),
            "proof": [base64.b64encode(item).decode() for item in self.proof],
            "checkpoint": self.checkpoint,
            "certificates": list(self.certificates),
        }
        if self.texts:
            members["texts"] = {name: [salt.hex(), text] for name, (salt, text) in self.texts.items()}
        return json.dumps(members, indent=1, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def decode(cls, data: bytes) -> Receipt:
        """Read a receipt file. Raises ReceiptError when it is malformed."""
        if len(data) > MAX_RECEIPT:
            raise ReceiptError("The receipt is too long.")
        try:
            value = parse(data)
            if not isinstance(value, dict) or value.pop("type", None) != TYPE:
                raise ReceiptError("This file is not a ledger receipt.")
            texts = {
                _text(name): (bytes.fromhex(_text(pair[0])), _text(pair[1]))
                for name, pair in _dict(value.pop("texts", {})).items()
            }
            found = cls(
                leaf=_bytes(value.pop("leaf")),
                proof=tuple(_bytes(item) for item in _list(value.pop("proof"))),
                checkpoint=_text(value.pop("checkpoint")),
                certificates=tuple(_text(item) for item in _list(value.pop("certificates"))),
                texts=texts,
            )
        except EntryError as error:
            raise ReceiptError(f"The receipt is malformed: {error}") from None
        except (KeyError, TypeError, ValueError, IndexError):
            raise ReceiptError("The receipt lacks a member, or one has the wrong type.") from None
        if value:
            raise ReceiptError("The receipt has members that are not known here.")
        return found


@dataclass(frozen=True, slots=True)
class Proven:
    """What a good receipt proves: this envelope stands at this index of this log, under this head."""

    leaf: Leaf
    entry_hash: bytes
    checkpoint: Checkpoint
    signed_by: VerifierKey
    envelope: Mapping[str, Any]
    texts: Mapping[str, str]


def verify(data: bytes, key: VerifierKey, newer: Sequence[str] = ()) -> Proven:
    """Check a receipt file against a trusted public key: the log's or its owner's.

    `newer` are the log's present certificates, where the reader has a fresher list than the receipt (after
    a theft of the log's key they are what unmasks receipts made by the thief). Raises ReceiptError, and
    nothing else, when anything does not hold.
    """
    receipt = Receipt.decode(data)
    try:
        leaf = parse_leaf(receipt.leaf)
        checkpoint = Checkpoint.parse(receipt.checkpoint)
        if checkpoint.origin != leaf.origin:
            raise ReceiptError("The entry and the signed head belong to different logs.")
        history = KeyHistory.parse(_joined(receipt.certificates, newer), key)
        signer = history.check(checkpoint, whole_log=False)
        value = leaf_hash(receipt.leaf)
        verify_inclusion(leaf.sequence, checkpoint.size, value, list(receipt.proof), checkpoint.root)
        envelope = parse(leaf.envelope)
        sealed = _dict(_dict(envelope)["texts"])
        for name, (salt, text) in receipt.texts.items():
            if commitment(salt, name, text) != sealed.get(name):
                raise ReceiptError(f"The text `{name}` is not the one that was sealed.")
    except (NoteError, ProofError, EntryError, KeyError, TypeError, ValueError) as error:
        raise ReceiptError(f"The receipt does not hold: {error}") from None
    texts = {name: text for name, (_, text) in receipt.texts.items()}
    return Proven(leaf, value, checkpoint, signer, envelope, texts)


def _joined(own: Sequence[str], newer: Sequence[str]) -> Sequence[str]:
    if not newer:
        return own
    if list(newer[: len(own)]) != list(own):
        raise ReceiptError("The receipt's certificates are not the beginning of the log's present list.")
    return newer


def _bytes(value: object) -> bytes:
    return base64.b64decode(_text(value), validate=True)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _dict(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value
