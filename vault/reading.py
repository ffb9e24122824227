"""Reading people's texts: who asks is named, and every reading is sealed before anything is given out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from uuid import uuid4

from vault import sealing
from vault.canonical import JsonValue
from vault.entry import NewEntry, SealReceipt, StoredEntry, stored
from vault.errors import AccessError, EntryError, ErasedError
from vault.log import Log
from vault.logs import Logs
from vault.persons import PersonKeys
from vault.search import Hit, Index, Query
from vault.stores.base import Row

Opened = dict[str, tuple[bytes, str]]
"""Salt and text by name."""


def view(log: Log, row: Row) -> StoredEntry:
    """The public view of a row."""
    return stored(log.origin, row.seq, row.hash, row.prev, row.envelope)


class Reader:
    """Opens payloads for named readers, and searches."""

    def __init__(
        self,
        logs: Logs,
        persons: PersonKeys,
        append: Callable[[NewEntry], Awaitable[SealReceipt]],
        index: Index,
        text_roles: frozenset[str],
    ) -> None:
        self._logs = logs
        self._persons = persons
        self._append = append
        self._index = index
        self._text_roles = text_roles

    async def read(self, index: int, reader: str) -> Mapping[str, str]:
        """Texts by name."""
        return {name: text for name, (_, text) in (await self.open(index, reader, "read")).items()}

    async def open(self, index: int, reader: str, purpose: str) -> Opened:
        """Salts and texts of one entry, after sealing who reads them and what for.

        Raises AccessError without a reader, EntryError without an entry, ErasedError without a key.
        """
        _named(reader)
        log = await self._logs.reading()
        rows = await log.store.rows(index, index + 1) if index >= 0 else []
        if not rows:
            raise EntryError(f"There is no entry {index}.")
        if rows[0].payload is None:
            return {}
        entry = view(log, rows[0])
        opened = await self._decrypt(entry, rows[0].payload)
        if opened is None:
            raise ErasedError(f"The texts of entry {index} cannot be read: their key is not here.")
        await self._seal_reading({"origin": entry.origin, "index": index, "reader": reader, "purpose": purpose})
        return opened

    async def search(self, query: Query, reader: str | None, role: str | None) -> list[Hit]:
        """Entries that fit, newest first; what the index says is asked again of the ledger itself."""
        if query.text is not None:
            _named(reader)
            if role not in self._text_roles:
                raise AccessError("Searching people's texts needs a role that allows it.")
        tags = None if query.person is None else await self._persons.tags_of(query.person)
        log = await self._logs.reading()
        hits: list[Hit] = []
        opened: list[int] = []
        for index, value in await self._index.find(log, query, tags):
            if len(hits) >= query.limit:
                break
            rows = await log.store.rows(index, index + 1)
            if not rows or rows[0].hash != value:
                continue
            entry, payload = view(log, rows[0]), rows[0].payload
            if query.text is None:
                hits.append(Hit(entry))
                continue
            texts = None if payload is None else await self._decrypt(entry, payload)
            if texts is None:
                continue
            opened.append(index)
            if any(query.text.casefold() in text.casefold() for _, text in texts.values()):
                hits.append(Hit(entry, {name: text for name, (_, text) in texts.items()}))
        if query.text is not None:
            await self._seal_reading(
                {
                    "origin": log.origin,
                    "reader": reader,
                    "role": role,
                    "purpose": "search",
                    "opened": len(opened),
                    "found": [hit.entry.index for hit in hits],
                    "query_hash": query.digest,
                }
            )
        return hits

    async def _decrypt(self, entry: StoredEntry, payload: bytes) -> Opened | None:
        key = await self._persons.by_tag(entry.person_tag or "")
        return None if key is None else sealing.decrypt(payload, key, entry.key, entry.texts)

    async def _seal_reading(self, body: dict[str, JsonValue]) -> None:
        await self._append(NewEntry("payload.read", f"payload.read/{uuid4()}", body))


def _named(reader: str | None) -> None:
    if reader is None or not reader.strip():
        raise AccessError("Nobody is named as the reader.")
