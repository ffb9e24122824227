"""What callers hand in to be sealed, what they get back, and the canonical envelope in between."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from vault import canonical
from vault.canonical import JsonValue
from vault.errors import EntryError
from vault.framing import MAX_ENVELOPE

VERSION = 1
# Printable ASCII without quote and backslash: such a key is spelled the same inside and outside JSON.
_KEY = re.compile(r"[ !#-\[\]-~]{1,200}")
_KIND = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_MEMBERS = frozenset({"key", "kind", "payload", "person", "record", "source", "texts", "time", "v"})


@dataclass(frozen=True, slots=True)
class NewEntry:
    """One thing to be sealed.

    kind: what it is: "exchange", "hold.decision", "constitution.change", "erasure", "rate.summary", ...
        (lower case, dots, at most 64 characters; words that begin with "ledger." are the ledger's own).
    key: idempotency key; the same key appended twice gives the first receipt back (printable ASCII, at most 200).
    body: public record, canonicalised (RFC 8785); holds no person's text.
    texts: a person's texts by name (message, reply, ...): a salted commitment in the envelope, and a payload
        encrypted under that person's key.
    person: whose key encrypts `texts`; also kept, without texts, as an unreadable tag to search by.
    time: aware UTC; now by default. Order never comes from it.
    """

    kind: str
    key: str
    body: Mapping[str, JsonValue]
    texts: Mapping[str, str] = field(default_factory=dict)
    person: str | None = None
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class SealReceipt:
    """Proof for the caller that the entry is durably committed; `Ledger.receipt(index)` makes the file of it."""

    index: int
    entry_hash: str
    origin: str
    tree_size: int
    time: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where a merged entry was first sealed: the sub-log's origin, its index there, its row hash (hex)."""

    origin: str
    index: int
    entry_hash: str


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One sealed entry as anyone may see it, nothing decrypted.

    texts: name of each text and its commitment (hex); `person_tag` is random and tells nothing without the key.
    """

    index: int
    entry_hash: str
    prev_hash: str
    origin: str
    kind: str
    key: str
    time: datetime
    body: Mapping[str, Any]
    texts: Mapping[str, str]
    person_tag: str | None
    source: Source | None
    has_payload: bool
    envelope: bytes


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry ready for any log: exact envelope bytes and encrypted payload, but no place in a log yet."""

    key: str
    envelope: bytes
    payload: bytes | None
    time: datetime


@dataclass(frozen=True, slots=True)
class Envelope:
    """The envelope's members."""

    key: str
    kind: str
    payload: str | None
    person: str | None
    record: Mapping[str, Any]
    texts: Mapping[str, str]
    time: datetime
    source: Source | None = None

    def encode(self) -> bytes:
        """Canonical bytes. Raises EntryError for what cannot be sealed."""
        # Put together by hand, in the order that RFC 8785 gives the members: key, kind, payload and time are of
        # such letters that JSON spells them as they are. A test compares with `canonical.dumps` of the whole.
        parts = [
            b'{"key":"%b","kind":"%b","payload":' % (check_key(self.key).encode(), check_kind(self.kind).encode()),
            _quoted(self.payload),
            b',"person":',
            _quoted(self.person),
            b',"record":',
            canonical.dumps(self.record),
            b"",
            b',"texts":',
            canonical.dumps(self.texts) if self.texts else b"{}",
            b',"time":"%b","v":%d}' % (format_time(self.time).encode(), VERSION),
        ]
        if self.source is not None:
            source: list[JsonValue] = [self.source.origin, self.source.index, self.source.entry_hash]
            parts[6] = b',"source":' + canonical.dumps(source)
        data = b"".join(parts)
        if len(data) > MAX_ENVELOPE:
            raise EntryError(
                f"The entry's public part has {len(data)} bytes; {MAX_ENVELOPE} is the limit.",
                do="Put long texts into `texts`, or a hash of the long part into the body.",
            )
        return data

    @classmethod
    def decode(cls, data: bytes, *, strict: bool = True) -> Envelope:
        """Read an envelope. `strict` also refuses bytes that are not canonical. Raises EntryError."""
        value = canonical.loads(data) if strict else canonical.parse(data)
        if not isinstance(value, dict) or value.get("v") != VERSION or not _MEMBERS.issuperset(value):
            raise EntryError("The envelope has members that are not known here.")
        try:
            source = value.get("source")
            envelope = cls(
                key=check_key(value["key"]),
                kind=check_kind(value["kind"]),
                payload=_optional_text(value["payload"]),
                person=_optional_text(value["person"]),
                record=_object(value["record"]),
                texts={name: str(text) for name, text in _object(value["texts"]).items()},
                time=parse_time(value["time"]),
                source=None if source is None else Source(str(source[0]), int(source[1]), str(source[2])),
            )
        except (KeyError, TypeError, ValueError, IndexError):
            raise EntryError("The envelope lacks a member, or one has the wrong type.") from None
        return envelope


def check_key(key: str) -> str:
    """The idempotency key itself, or EntryError."""
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise EntryError("An idempotency key is 1 to 200 printable ASCII characters without quote or backslash.")
    return key


def check_kind(kind: str) -> str:
    """The kind itself, or EntryError."""
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        raise EntryError("A kind is lower case letters, digits, dots and dashes, at most 64.")
    return kind


def format_time(time: datetime) -> str:
    """UTC with microseconds, always the same length. Raises EntryError for a naive time."""
    if time.tzinfo is None:
        raise EntryError("The time of an entry must say its zone.")
    utc = time if time.tzinfo is UTC else time.astimezone(UTC)
    # twice as fast as isoformat, and this runs for every entry
    parts = (utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond)
    return "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ" % parts  # noqa: UP031


def parse_time(text: str) -> datetime:
    """The inverse of `format_time`. Raises EntryError."""
    try:
        if len(text) == 27 and text[-1] == "Z":
            return datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)
    except (ValueError, TypeError):
        pass
    raise EntryError("The entry's time is malformed.")


def sealed_at(envelope: bytes) -> datetime:
    """The time in a canonical envelope, without parsing all of it: its last member but the version."""
    start = envelope.rfind(b'"time":"') + 8
    return parse_time(envelope[start : start + 27].decode("ascii", "replace"))


def _optional_text(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise TypeError
    return value


def _quoted(text: str | None) -> bytes:
    return b"null" if text is None else canonical.dumps(text)


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def stored(origin: str, index: int, entry_hash: bytes, prev_hash: bytes, data: bytes) -> StoredEntry:
    """The public view of one row."""
    envelope = Envelope.decode(data, strict=False)
    return StoredEntry(
        index=index,
        entry_hash=entry_hash.hex(),
        prev_hash=prev_hash.hex(),
        origin=origin,
        kind=envelope.kind,
        key=envelope.key,
        time=envelope.time,
        body=envelope.record,
        texts=envelope.texts,
        person_tag=envelope.person,
        source=envelope.source,
        has_payload=envelope.payload is not None,
        envelope=data,
    )
