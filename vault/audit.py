"""Verify a ledger as it lies on disk, without opening it for use: what `trinity vault verify` does."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from vault import logkeys, master, sublogs
from vault.certificates import SUB_LOG, KeyHistory
from vault.checkpoint import Checkpoint
from vault.config import LedgerConfig
from vault.errors import KeyUnavailable, NoteError, VaultError
from vault.note import VerifierKey
from vault.persons import PersonKey, PersonKeys
from vault.publisher import Publisher, PublishOptions, Watermark
from vault.receipt import Receipt
from vault.stores.base import Store
from vault.stores.choose import make_store
from vault.verify import KeysOf, Progress, Verifier, VerifyReport

Known = Checkpoint | bytes | str
"""A head known from elsewhere: a checkpoint, a receipt, or any text (a mail, a report) that carries one."""


async def audit(
    config: LedgerConfig,
    *,
    since: Known | Sequence[Known] | None = None,
    anchor: VerifierKey | None = None,
    texts: bool = True,
    progress: Progress | None = None,
) -> VerifyReport:
    """Recompute the first store's log, and every sub-log that is still there, from its stored bytes.

    Arguments as `Ledger.verify_chain`. What cannot be read is a fault as well: nothing is raised for a
    damaged ledger.
    """
    keys_of: KeysOf | None = None
    try:
        marks = known_heads(since)
        history = logkeys.read_history(config.keys / "log", anchor)
        marks += await local_marks(config, config.origin)
        if texts:
            keys_of = await _keys(config)
    except VaultError as error:
        return VerifyReport(False, 0, "", 0, "signature", error.what)
    store = make_store(config, config.store_order()[0], config.vault, config.origin)
    report = await _one(store, history, config.origin, marks, keys_of, progress)
    for folder in sublogs.all_folders(config.vault):
        name = sublogs.store_name(folder)
        if not report.ok or name is None:
            break
        origin = f"{config.origin}{SUB_LOG}{folder.name}"
        part = await _one(
            make_store(config, name, folder, origin), history, origin, await local_marks(config, origin), keys_of, None
        )
        if not part.ok:
            report = replace(part, message=f"In the sub-log {folder.name}: {part.message}")
    return report


async def _one(
    store: Store,
    history: KeyHistory,
    origin: str,
    marks: Sequence[Checkpoint],
    keys_of: KeysOf | None,
    progress: Progress | None,
) -> VerifyReport:
    try:
        await store.open(write=False)
        return await Verifier(store, history, origin, marks=marks, keys_of=keys_of, progress=progress).run()
    except VaultError as error:
        return VerifyReport(False, 0, "", 0, "store", error.what)
    finally:
        await store.close()


async def _keys(config: LedgerConfig) -> KeysOf | None:
    try:
        secret = await master.load(
            config.keys, key_file=config.key_file, keyring_user=config.origin if config.use_keyring else None
        )
    except KeyUnavailable:
        return None  # whoever only holds the ledger checks everything but the texts
    persons = PersonKeys(config.keys / "persons", secret)
    await persons.open()
    return lambda tags: keys_by_tag(persons, tags)


async def keys_by_tag(persons: PersonKeys, tags: set[str]) -> Mapping[str, PersonKey]:
    """The keys that are here."""
    found = [await persons.by_tag(tag) for tag in tags]
    return {key.tag: key for key in found if key is not None}


async def local_marks(config: LedgerConfig, origin: str) -> list[Checkpoint]:
    """Heads of this log that this machine keeps outside the database. Raises TamperError for damaged files."""
    marks = [
        Watermark(Watermark.place(config.home, origin, config.origin)).read(),
        await Publisher(PublishOptions(config.checkpoints)).load(),
    ]
    return [mark for mark in marks if mark is not None and mark.origin == origin]


def known_heads(since: Known | Sequence[Known] | None) -> list[Checkpoint]:
    """Heads out of checkpoints, receipts, mails and reports. Raises NoteError or ReceiptError."""
    if since is None:
        return []
    given = [since] if isinstance(since, Checkpoint | bytes | str) else list(since)
    return [_known_head(item) for item in given]


def _known_head(item: Known) -> Checkpoint:
    if isinstance(item, Checkpoint):
        return item
    data = item.encode() if isinstance(item, str) else item
    if data.lstrip().startswith(b"{"):
        return Checkpoint.parse(Receipt.decode(data).checkpoint)
    with contextlib.suppress(NoteError):
        return Checkpoint.parse(data)
    return Checkpoint.parse(_note_in(data))


def _note_in(data: bytes) -> str:
    # a mail or a report that carries a checkpoint: from its origin line to its last signature
    lines = [line.strip("\r") for line in data.decode("utf-8", "replace").split("\n")]
    signed = [place for place, line in enumerate(lines) if line.startswith("\u2014 ")]
    if not signed:
        raise NoteError("No signed head is in this text.")
    begin = signed[0] - 1
    while begin > 0 and lines[begin - 1].strip():
        begin -= 1
    end = signed[0]
    while end + 1 < len(lines) and lines[end + 1].startswith("\u2014 "):
        end += 1
    return "\n".join(lines[begin : end + 1]) + "\n"
