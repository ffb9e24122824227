"""The salted commitment to one text of a person: binds the text, tells nothing once the salt is gone."""

from __future__ import annotations

import hashlib
import hmac


def commitment(salt: bytes, name: str, text: str) -> str:
    """HMAC-SHA256 (hex) under a random 32-byte salt over the length-framed name and text."""
    label, body = name.encode(), text.encode()
    framed = len(label).to_bytes(4, "big") + label + len(body).to_bytes(8, "big") + body
    return hmac.new(salt, b"trinity-ledger/text/v1\n" + framed, hashlib.sha256).hexdigest()
