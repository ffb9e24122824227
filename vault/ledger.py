"""The ledger: append, read, prove, verify, erase. All that the rest of Trinity asks of `vault/` is asked here."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from vault import erasure, logkeys, master, sealing, transfer
from vault.audit import Known, keys_by_tag, known_heads, local_marks
from vault.canonical import JsonValue
from vault.certificates import KeyHistory
from vault.checkpoint import Checkpoint
from vault.config import LedgerConfig
from vault.entry import NewEntry, SealReceipt, StoredEntry
from vault.erasure import Erased
from vault.errors import EntryError, StoreError, VaultError
from vault.framing import head_of, leaf_data
from vault.logs import LedgerState, Logs
from vault.note import SigningKey, VerifierKey
from vault.persons import PersonKeys
from vault.publisher import Publisher, PublishOptions
from vault.reading import Reader, view
from vault.receipt import Receipt, verify
from vault.search import Hit, Index, Query
from vault.verify import Progress, Verifier, VerifyReport
from vault.writer import Writer

_log = structlog.get_logger(__name__)


class Ledger:
    """One Trinity's ledger. Made by `Ledger.open`; every method may be called from any task of one loop."""

    def __init__(self, config: LedgerConfig, keys: logkeys.LogKeys, persons: PersonKeys, logs: Logs) -> None:
        self.config = config
        self._log_keys = keys
        self._persons = persons
        self._logs = logs
        self._writer = Writer(logs.commit, queue_max=config.queue_max, batch_max=config.batch_max)
        self._publisher = Publisher(
            PublishOptions(
                config.checkpoints,
                config.checkpoint_git,
                config.checkpoint_every,
                config.checkpoint_seconds,
            )
        )
        self._reader = Reader(logs, persons, self.append, Index(config.vault / "search.sqlite3"), config.text_roles)
        self._erasures = erasure.ErasureMark(config.keys)
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def open(cls, config: LedgerConfig, *, owner: SigningKey | None = None) -> Ledger:
        """Open, or begin, the ledger in `config.home`.

        `owner`: the offline key that certifies the first log key; asked for only when the ledger begins.

        Raises TamperError when the store contradicts what was signed before, LedgerBusy when another process
        writes it, KeyUnavailable, LedgerUnavailable when no store can be opened.
        """
        secret = await master.load(
            config.keys, key_file=config.key_file, keyring_user=config.origin if config.use_keyring else None
        )
        keys = logkeys.LogKeys(config.keys / "log", secret, config.origin)
        persons = PersonKeys(config.keys / "persons", secret)
        await persons.open()
        if config.read_only:
            logs = Logs(config, None, logkeys.read_history(config.keys / "log"))
        else:
            key = await keys.load(owner)
            logs = Logs(config, key.signing, key.history)
        ledger = cls(config, keys, persons, logs)
        try:
            await ledger._publisher.load()
            await logs.open()
            if not config.read_only:
                await ledger._erasures.apply(logs.current, persons)
        except BaseException:
            await logs.close()
            raise
        if not config.read_only:
            ledger._writer.start()
            await ledger._seal_what_is_due()
            ledger._tasks = [
                asyncio.create_task(ledger._publish_forever(), name="ledger-publisher"),
                asyncio.create_task(logs.recover_forever(), name="ledger-recovery"),
            ]
            if config.store_order()[0] == "postgres":
                from vault.replicas import take_in_forever

                intake = take_in_forever(logs.leading_postgres, ledger._writer.put)
                ledger._tasks.append(asyncio.create_task(intake, name="ledger-intake"))
        return ledger

    async def _seal_what_is_due(self) -> None:
        # a changed key and a restore that gave up signed heads are part of the story: the log tells it itself
        if self.history.current.generation > 1:
            sealed_before = self.size
            await self._seal_key()  # the first receipt, unless a crash came between the new key and its seal
            if self.size != sealed_before:
                await self.checkpoint()
        for head in transfer.lost_heads(self.config):
            await self.append(
                NewEntry("ledger.restored", f"ledger.restored/{head.size}/{head.root.hex()}", {"lost_head": head.note})
            )

    # writing

    async def append(self, entry: NewEntry) -> SealReceipt:
        """Seal one entry; returns only after the durable commit.

        The same key appended twice gives the first receipt back. Raises EntryError for what cannot be
        sealed, LedgerUnavailable when no store can commit (then nothing was acknowledged).
        """
        return await self._writer.put(await sealing.seal(entry, self._persons))

    # reading

    @property
    def origin(self) -> str:
        """The log's name."""
        return self.config.origin

    @property
    def size(self) -> int:
        """Committed entries of the log that is written now."""
        return self._logs.current.size

    @property
    def verifier_key(self) -> VerifierKey:
        """Public key by which a stranger checks receipts: the owner's where there is one, else the log's."""
        return self.history.owner or self.history.current.key

    @property
    def history(self) -> KeyHistory:
        """Certificates of the log's keys."""
        return self._logs.history

    def state(self) -> LedgerState:
        """Healthy, or fallen back and to which store; for `/readyz`."""
        return self._logs.state()

    async def get(self, index: int) -> StoredEntry | None:
        """Entry at `index` of the log that is written now; None where there is none."""
        log = await self._logs.reading()
        rows = await log.store.rows(index, index + 1) if index >= 0 else []
        return view(log, rows[0]) if rows else None

    async def by_key(self, key: str) -> StoredEntry | None:
        """Entry with this idempotency key; while a stand-in is written, the main log is asked too."""
        for log in await self._logs.all_logs():
            with contextlib.suppress(StoreError):  # a main store that is away may not answer
                rows = await log.store.by_keys([key])
                if rows:
                    return view(log, rows[0])
        return None

    async def tail(self, n: int) -> list[StoredEntry]:
        """The last `n` entries, oldest first, nothing decrypted."""
        log = await self._logs.reading()
        size = log.size
        return [view(log, row) for row in await log.store.rows(max(0, size - max(n, 0)), size)]

    async def read_texts(self, index: int, *, reader: str) -> Mapping[str, str]:
        """Decrypt the texts of one entry for `reader`; the reading is sealed before anything is given out.

        Raises ErasedError when the key is gone, EntryError when there is no such entry.
        """
        return await self._reader.read(index, reader)

    async def search(self, query: Query, *, reader: str | None = None, role: str | None = None) -> list[Hit]:
        """Entries that fit, newest first. A search in people's texts needs a reader whose role allows it
        (`config.text_roles`), is sealed, and gives the texts too. Raises AccessError.
        """
        return await self._reader.search(query, reader, role)

    # erasure

    async def erase(self, person: str, *, by: str, reason: str = "") -> Erased:
        """Make all texts of `person` unreadable for ever, here and in every backup; every proof still holds."""
        return await erasure.erase(self.append, self._persons, person, by=by, reason=reason)

    async def retain_since(self, period: str, *, by: str) -> Erased:
        """Retention by policy: make everybody's texts of the months before `period` (as 2026-11) unreadable."""
        return await erasure.retain_since(self.append, self._persons, period, by=by)

    # keys

    async def rotate_key(self) -> SealReceipt:
        """A new signing key in the ordinary way, certified by the old one; sealed."""
        return await self._rekey(None, None)

    async def rekey_compromised(self, owner: SigningKey, trusted: Checkpoint | None = None) -> SealReceipt:
        """Replace a stolen signing key: `owner` certifies a new one, and the last trusted head is sealed under it.

        `trusted` is the last head that is beyond doubt (default: the present one). Raises NoteError when it is
        not the owner's key, ProofError when the log does not lead from `trusted`.
        """
        return await self._rekey(owner, trusted)

    async def _rekey(self, owner: SigningKey | None, trusted: Checkpoint | None) -> SealReceipt:
        await self._logs.rekey(self._log_keys, owner, trusted)
        receipt = await self._seal_key()
        await self.checkpoint()
        return receipt

    async def _seal_key(self) -> SealReceipt:
        current = self.history.current
        body: dict[str, JsonValue] = {
            "generation": current.generation,
            "reason": current.reason,
            "certificate": current.note,
            "last_trusted_size": current.size,
            "last_trusted_root": current.root.hex(),
        }
        return await self.append(NewEntry("ledger.key", f"ledger.key/{current.generation}", body))

    # proofs

    async def checkpoint(self) -> Checkpoint | None:
        """The last signed head (it is published too); None while the log is empty."""
        checkpoint = self._logs.current.checkpoint
        if checkpoint is not None and not self.config.read_only:
            await self._publish(checkpoint)
        return checkpoint

    async def receipt(self, index: int, *, texts_for: str | None = None) -> bytes:
        """Self-contained file that proves entry `index` offline.

        With `texts_for` (who asks) the person's texts are disclosed in it, and that reading is sealed.
        Raises EntryError when there is no such entry, ProofError or ReceiptError when it cannot be proved.
        """
        texts = await self._reader.open(index, texts_for, "receipt") if texts_for is not None else {}
        log = await self._logs.reading()
        checkpoint = log.checkpoint
        rows = await log.store.rows(index, index + 1) if index >= 0 else []
        if not rows or checkpoint is None or index >= checkpoint.size:
            raise EntryError(f"There is no entry {index}.")
        row = rows[0]
        proof = await log.inclusion_proof(index, checkpoint.size)
        data = Receipt(
            leaf=leaf_data(head_of(log.origin), row.seq, row.prev, row.envelope),
            proof=tuple(proof),
            checkpoint=checkpoint.note,
            certificates=tuple(certificate.note for certificate in self.history.certificates),
            texts=texts,
        ).encode()
        verify(data, self.history.anchor)  # never hand out what would not hold
        return data

    async def consistency_proof(self, size1: int, size2: int | None = None) -> list[bytes]:
        """Proof that the first `size1` entries are the beginning of the first `size2` (all by default)."""
        return await self._logs.current.consistency_proof(size1, size2)

    async def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Audit path of entry `index`."""
        return await self._logs.current.inclusion_proof(index, size)

    async def verify_chain(
        self,
        progress: Progress | None = None,
        since: Known | Sequence[Known] | None = None,
        *,
        anchor: VerifierKey | None = None,
        texts: bool = True,
    ) -> VerifyReport:
        """Recompute payload hashes, commitments, chain, tree, heads and signatures of the whole log.

        `since` are heads known from elsewhere: checkpoints or receipts, as objects or as their text.
        `anchor` is the public key to trust (default: the one kept here). `texts` also opens every payload
        whose key is here.
        """
        log = await self._logs.reading()
        try:
            marks = known_heads(since)
            history = KeyHistory(self.history.certificates, anchor) if anchor else self.history
            marks += await local_marks(self.config, log.origin)
        except VaultError as error:
            return VerifyReport(False, 0, "", 0, "signature", f"The given head or key: {error.what}")
        if log.checkpoint is not None:
            marks.append(log.checkpoint)
        verifier = Verifier(
            log.store,
            history,
            log.origin,
            marks=marks,
            keys_of=(lambda tags: keys_by_tag(self._persons, tags)) if texts else None,
            progress=progress,
        )
        return await verifier.run()

    async def export(self, folder: Path) -> VerifyReport:
        """Write the whole log as plain files into an empty folder, and verify them; also the backup format."""
        return await transfer.export(await self._logs.reading(), self.history, folder)

    # background

    async def _publish_forever(self) -> None:
        options = self._publisher.options
        waited = 0.0
        step = min(1.0, options.seconds)
        while True:
            await asyncio.sleep(step)
            waited += step
            checkpoint = self._logs.checkpoint_or_none()
            if checkpoint is not None and (waited >= options.seconds or self._publisher.due(checkpoint.size)):
                waited = 0.0
                await self._publish(checkpoint)
                await self._apply_erasures()

    async def _apply_erasures(self) -> None:
        # erasures that another replica sealed concern the keys that lie here
        try:
            await self._erasures.apply(await self._logs.reading(), self._persons)
        except VaultError as error:
            _log.warning("ledger_erasures_postponed", reason=error.what)

    async def _publish(self, checkpoint: Checkpoint) -> None:
        try:
            await self._publisher.publish(checkpoint)
        except OSError as error:  # heads are pushed again with the next one; entries do not wait for it
            _log.warning("checkpoint_not_published", error=error.strerror, size=checkpoint.size)

    async def close(self) -> None:
        """Write what waits, publish the last head, let go of everything."""
        await self._writer.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        checkpoint = self._logs.checkpoint_or_none()
        if checkpoint is not None and not self.config.read_only:
            await self._publish(checkpoint)
            await self._apply_erasures()
        await self._logs.close()

    async def __aenter__(self) -> Ledger:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
