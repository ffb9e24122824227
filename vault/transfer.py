"""Taking a ledger somewhere else: export and import as plain files, backup and verified restore."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from vault import logkeys
from vault.audit import local_marks
from vault.certificates import KeyHistory
from vault.checkpoint import Checkpoint
from vault.config import LedgerConfig
from vault.errors import StoreError, TamperError
from vault.log import Log
from vault.master import write_durably
from vault.note import VerifierKey
from vault.stores.base import Batch, Row, Store
from vault.stores.choose import make_store
from vault.stores.files import FilesStore
from vault.tiles import Edge, Tile
from vault.verify import Verifier, VerifyReport

README = """A ledger, exported as plain files in C2SP tile layout (c2sp.org/tlog-tiles).

checkpoint    signed head          tile/    the Merkle tree and the entries
payload/      encrypted texts      heads/   signed heads of every batch
journal/      entries past the last full tile
certificates  public keys that may sign, oldest first

People's texts are encrypted under keys that are not in here.
"""


async def export(log: Log, keys: KeyHistory, folder: Path) -> VerifyReport:
    """Write the log, as it stands now, into an empty folder, and verify what was written.

    The ledger may be written meanwhile. Raises StoreError when the folder is not empty or cannot be written.
    """
    head = log.checkpoint
    if head is None:
        raise StoreError("The ledger is empty; there is nothing to export.")
    if await asyncio.to_thread(_holds_something, folder):
        raise StoreError(f"The folder {folder.name} is not empty.", do="Name a new folder.")
    target = FilesStore(folder, log.origin)
    await target.open(write=True)
    try:
        await copy(log.store, target, head.size)
        await target.publish(head.note)
    finally:
        await target.close()
    await asyncio.to_thread(logkeys.write_public, folder, keys)
    await asyncio.to_thread(write_durably, folder / "README.txt", README.encode())
    return await check_export(folder, keys)


def _holds_something(folder: Path) -> bool:
    return folder.exists() and any(folder.iterdir())


async def check_export(folder: Path, keys: KeyHistory) -> VerifyReport:
    """Verify an export or a backup."""
    try:
        head = Checkpoint.parse((folder / "checkpoint").read_bytes())
    except OSError:
        raise StoreError("This folder holds no exported ledger: its `checkpoint` is missing.") from None
    store = FilesStore(folder, keys.origin)
    await store.open(write=False)
    try:
        report = await Verifier(store, keys, keys.origin, marks=[head]).run()
        wrong = await store.wrong_publication() if report.ok else None
        if wrong is not None:
            report = replace(
                report,
                ok=False,
                first_bad=report.size // 256 * 256,
                kind="tree",
                message=f"{wrong} is not what it must be.",
            )
        return report
    finally:
        await store.close()


async def copy(source: Store, target: Store, size: int) -> None:
    """The first `size` entries, byte by byte the same, into an empty store."""
    edge = Edge.empty()
    async for run in source.scan(0, size):
        rows = [
            Row(seq, prev, value, key.decode(), env, payload, head) for seq, prev, value, key, env, payload, head in run
        ]
        tiles: list[Tile] = []
        for row in rows:
            tiles += edge.append(row.hash)
        await target.commit(Batch(rows, tiles))


async def import_from(
    folder: Path, config: LedgerConfig, *, anchor: VerifierKey | None = None, accept_loss: bool = False
) -> VerifyReport:
    """Verify an export or backup and put it into the (empty) first store of `config`.

    The key to trust is `anchor`, or the one kept in this home. Where heads kept here reach further than the
    backup, entries would be lost: refused with TamperError, unless `accept_loss`; then those heads are set
    aside as `checkpoints/lost-<size>`, and everybody who holds a later head will see the break.
    Writing on needs the log's private key in `config.keys`.
    """
    own = config.keys / "log"
    if (own / "certificates").exists():
        history = logkeys.read_history(own, anchor)
    else:
        history = logkeys.read_history(folder, _needed(anchor))
        await asyncio.to_thread(logkeys.write_public, own, history)
    if history.origin != config.origin:
        raise TamperError(f"This is the ledger {history.origin}, not {config.origin}.")
    report = await check_export(folder, history)
    if not report.ok:
        raise TamperError(f"The backup does not verify, from entry {report.first_bad} on: {report.message}")
    await _against_marks(config, report, accept_loss)
    await _into_empty(folder, config, report.size)
    target = make_store(config, config.store_order()[0], config.vault, config.origin)
    await target.open(write=False)
    try:
        return await Verifier(target, history, config.origin).run()
    finally:
        await target.close()


async def _into_empty(folder: Path, config: LedgerConfig, size: int) -> None:
    source = FilesStore(folder, config.origin)
    target = make_store(config, config.store_order()[0], config.vault, config.origin)
    await source.open(write=False)
    try:
        await target.open(write=True)
        if await target.size():
            raise StoreError(
                "There is a ledger in this place already.", do="Move it away, or name an empty home or database."
            )
        await copy(source, target, size)
    finally:
        await target.close()
        await source.close()


async def _against_marks(config: LedgerConfig, report: VerifyReport, accept_loss: bool) -> None:
    marks = await local_marks(config, config.origin)
    ahead = [mark for mark in marks if mark.size > report.size]
    if ahead and not accept_loss:
        raise TamperError(
            f"The backup ends at {report.size} entries; a head of {ahead[0].size} was signed here.",
            do="Take a newer backup, or accept the loss with --accept-loss.",
        )
    if ahead:
        await asyncio.to_thread(_set_aside, config, ahead)


def _set_aside(config: LedgerConfig, heads: Sequence[Checkpoint]) -> None:
    for head in heads:
        write_durably(config.checkpoints / f"lost-{head.size}", head.note.encode())
    (config.home / "checkpoints" / "watermark").unlink(missing_ok=True)
    (config.checkpoints / "checkpoint").unlink(missing_ok=True)
    shutil.rmtree(config.checkpoints / "history", ignore_errors=True)


def lost_heads(config: LedgerConfig) -> list[Checkpoint]:
    """Heads that a restore gave up; they are sealed at the next start."""
    return [Checkpoint.parse(path.read_bytes()) for path in sorted(config.checkpoints.glob("lost-*"))]


def _needed(anchor: VerifierKey | None) -> VerifierKey:
    if anchor is None:
        raise TamperError("Nothing here says which key to trust.", do="Give the log's or its owner's public key.")
    return anchor
