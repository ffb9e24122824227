"""Sub-logs: what a stand-in store sealed while the main store was away, and how it is merged back.

Each lives in `vault/sub/<id>`; the file `merged` in it says that every entry stands in the main log, too.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from vault import sealing
from vault.canonical import JsonValue
from vault.certificates import KeyHistory
from vault.checkpoint import Checkpoint
from vault.entry import Envelope, Sealed, Source, stored
from vault.errors import DuplicateKey, StoreError, TamperError
from vault.log import Log
from vault.master import sync_directory, write_durably
from vault.stores.base import RawRow, Store
from vault.verify import Verifier

OPENED, MERGED = "ledger.sub.open", "ledger.merge"
RUN = 256


def unmerged(vault: Path) -> list[Path]:
    """Folders of sub-logs that are not yet in the main log, oldest first."""
    return [folder for folder in all_folders(vault) if not (folder / "merged").exists()]


def all_folders(vault: Path) -> list[Path]:
    """Folders of all sub-logs, merged ones too, oldest first."""
    try:
        return sorted(path for path in (vault / "sub").iterdir() if path.is_dir())
    except FileNotFoundError:
        return []


def store_name(folder: Path) -> str | None:
    """Which store a sub-log's folder holds."""
    if (folder / "ledger.sqlite3").exists():
        return "sqlite"
    return "files" if (folder / "files").is_dir() else None


def create(vault: Path) -> Path:
    """A fresh folder; its name sorts by time and never comes twice. Raises StoreError."""
    folder = vault / "sub" / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    try:
        folder.mkdir(parents=True, mode=0o700)
        sync_directory(folder.parent)
    except OSError as error:
        raise StoreError(f"No sub-log can be begun: {error.strerror}.") from error
    return folder


def opening(origin: str, main: str, heads: Sequence[Checkpoint], reason: str, store: str) -> Sealed:
    """The first entry of a sub-log: which log it stands in for, from which head on, and why."""
    body: dict[str, JsonValue] = {
        "main": main,
        "head": heads[-1].note if heads else None,
        "reason": reason[:500],
        "store": store,
    }
    return _own(OPENED, f"{OPENED}/{origin}", body)


async def merge(
    main: Log, store: Store, origin: str, folder: Path, keys: KeyHistory, marks: Sequence[Checkpoint]
) -> None:
    """Append every entry of a sub-log to the main log, each naming where it was sealed first; then say so.

    An entry whose key the main log has (its fate was unknown when the main store failed) is not doubled.
    May be repeated after a crash at any point. Raises TamperError when the sub-log does not verify, and what
    `Store.commit` raises.
    """
    await store.open(write=True)
    try:
        report = await Verifier(store, keys, origin, marks=marks).run()
        if not report.ok:
            raise TamperError(f"The sub-log {origin} does not verify: {report.message}")
        known: list[str] = []
        async for run in store.scan(0):
            for at in range(0, len(run), RUN):
                known += await _merge_run(main, origin, run[at : at + RUN])
        last = await store.rows(report.size - 1, report.size) if report.size else []
        head = last[0].head if last else None
        body: dict[str, JsonValue] = {
            "origin": origin,
            "size": report.size,
            "root": report.root,
            "head": None if head is None else _note(head),
            "already_sealed": len(known),
            "already_sealed_keys": known[:50],
        }
        await _append_new(main, [_own(MERGED, f"{MERGED}/{origin}", body)])
    finally:
        await store.close()
    try:
        await asyncio.to_thread(write_durably, folder / "merged", f"{main.origin} {main.size}\n".encode())
    except OSError as error:  # it is merged; without the mark it is looked at again, and nothing is doubled
        raise StoreError(f"The sub-log cannot be marked as merged: {error.strerror}.") from error


async def _merge_run(main: Log, origin: str, run: Sequence[RawRow]) -> list[str]:
    entries = []
    for seq, prev, value, _, data, payload, _ in run:
        entry = stored(origin, seq, value, prev, data)
        entries.append(sealing.merged(entry, payload, Source(origin, seq, value.hex())))
    return await _append_new(main, entries)


async def _append_new(main: Log, entries: Sequence[Sealed]) -> list[str]:
    """Append what the main log does not have; gives the keys that it has from elsewhere."""
    try:
        await main.append(entries)
        return []
    except DuplicateKey:
        taken = {row.key: row.envelope for row in await main.store.by_keys([entry.key for entry in entries])}
        fresh = [entry for entry in entries if entry.key not in taken]
        if fresh:
            await main.append(fresh)
        # what an earlier, interrupted merge brought over carries its source and was not sealed twice
        return [key for key, data in taken.items() if Envelope.decode(data).source is None]


def _note(head: bytes) -> str:
    from vault.head import Head

    return Head.decode(head).checkpoint.note


def _own(kind: str, key: str, body: dict[str, JsonValue]) -> Sealed:
    time = datetime.now(UTC)
    envelope = Envelope(key=key, kind=kind, payload=None, person=None, record=body, texts={}, time=time)
    return Sealed(key, envelope.encode(), None, time)
