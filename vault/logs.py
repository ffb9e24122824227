"""Which log is written: the main one, or a sub-log in the next store while the main store is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from vault import sublogs
from vault.certificates import SUB_LOG, KeyHistory
from vault.checkpoint import Checkpoint
from vault.config import LedgerConfig
from vault.entry import Sealed, SealReceipt, sealed_at
from vault.errors import (
    DuplicateKey,
    FateUnknown,
    Fenced,
    LedgerBusy,
    LedgerUnavailable,
    NoteError,
    ProofError,
    StoreError,
    TamperError,
)
from vault.log import Log
from vault.logkeys import LogKey, LogKeys
from vault.note import SigningKey
from vault.publisher import Watermark
from vault.stores.base import Row, Store
from vault.stores.choose import make_store
from vault.stores.sqlite import renew
from vault.verify import Verifier

if TYPE_CHECKING:
    from vault.stores.postgres import PostgresStore

_log = structlog.get_logger(__name__)
PAUSE = 1.0
"""Seconds between two attempts to find any store at all, when there was none."""

Put = Callable[[Sealed], Awaitable[SealReceipt]]


@dataclass(frozen=True, slots=True)
class LedgerState:
    """For `/readyz`: which store is written, whether it is a stand-in, why, since when, what waits to be merged.

    `healthy` is true while the first store is written; a ledger that fell back goes on, but is not healthy.
    """

    healthy: bool
    store: str | None
    origin: str
    size: int
    role: str = "leader"
    reason: str | None = None
    since: datetime | None = None
    unmerged: tuple[str, ...] = ()


class Logs:
    """The main log and its stand-ins. `commit` is called by the one writer task."""

    def __init__(self, config: LedgerConfig, key: SigningKey | None, history: KeyHistory) -> None:
        self.config = config
        self.history = history
        self._key = key
        self._log: Log | None = None
        self._away: Log | None = None  # the main log after it failed: read from, as far as it can be
        self._watermarks: dict[str, Watermark] = {}
        self._lock = asyncio.Lock()
        self._role = "leader"
        self._reason: str | None = None
        self._since: datetime | None = None
        self._next_try = 0.0
        self._renew = False

    # what is there

    @property
    def current(self) -> Log:
        """The log that is written now. Raises LedgerUnavailable where none can be."""
        if self._log is None:
            raise LedgerUnavailable("None of the ledger's stores can be used.")
        return self._log

    async def reading(self) -> Log:
        """The log to read from; a replica that does not lead looks up the leader's tip first."""
        log = self.current
        if self._role == "follower":
            await log.load()
        return log

    async def all_logs(self) -> list[Log]:
        """The log to read from and, while a stand-in is written, the main log as far as it is readable."""
        return [await self.reading(), *([self._away] if self._away is not None else [])]

    def leading_postgres(self) -> PostgresStore | None:
        """The PostgreSQL store, while this replica leads on it."""
        from vault.stores.postgres import PostgresStore

        store = self._log.store if self._log is not None and self._role == "leader" else None
        return store if isinstance(store, PostgresStore) else None

    def checkpoint_or_none(self) -> Checkpoint | None:
        """The last head, if there is a log and a head."""
        return None if self._log is None else self._log.checkpoint

    def marks(self, origin: str) -> list[Checkpoint]:
        """The head of this log that this machine saw last. Raises TamperError where the file is damaged."""
        mark = self._watermark(origin).read()
        return [] if mark is None or mark.origin != origin else [mark]

    def _watermark(self, origin: str) -> Watermark:
        if origin not in self._watermarks:
            self._watermarks[origin] = Watermark(Watermark.place(self.config.home, origin, self.config.origin))
        return self._watermarks[origin]

    def state(self) -> LedgerState:
        """As it is now."""
        log, waiting = self._log, tuple(path.name for path in sublogs.unmerged(self.config.vault))
        if log is None:
            return LedgerState(False, None, self.config.origin, 0, "none", self._reason, self._since, waiting)
        healthy = log.origin == self.config.origin
        return LedgerState(
            healthy, log.store.name, log.origin, log.size, self._role, self._reason, self._since, waiting
        )

    # opening

    async def open(self) -> None:
        """Open the main log, or a stand-in where its store is away; merge what stand-ins hold.

        Raises TamperError, LedgerBusy, LedgerUnavailable.
        """
        try:
            self._log = await self._open_main()
        except StoreError as error:
            if self.config.read_only:
                raise
            await self._fall_back(error)
            return
        if not self.config.read_only and self._role == "leader":
            await self._merge_all(self._log)

    async def _open_main(self) -> Log:
        name = self.config.store_order()[0]

        def make() -> Store:
            return make_store(self.config, name, self.config.vault, self.config.origin)

        self._role = "leader"
        if self.config.read_only:
            return await self._open_log(make(), self.config.origin, write=False)
        try:
            return await self._open_log(make(), self.config.origin, write=True)
        except LedgerBusy:
            if name != "postgres":
                raise
            log = await self._open_log(make(), self.config.origin, write=False)
            self._role = "follower"
            return log

    async def _open_log(self, store: Store, origin: str, *, write: bool) -> Log:
        log = Log(origin, store, self._key if write else None, self.history)
        try:
            await store.open(write=write)
            await log.load()
            await self._not_behind(log)
        except BaseException:
            await log.close()
            raise
        return log

    async def _not_behind(self, log: Log) -> None:
        for mark in self.marks(log.origin):
            try:
                if not self.history.awaits_new_key(mark):
                    self.history.check(mark)
                await log.leads_from(mark)
            except (NoteError, ProofError) as error:
                raise TamperError(
                    f"The store does not continue the head of size {mark.size} that was seen here: {error}"
                ) from None

    # writing

    async def commit(self, sealed: Sequence[Sealed]) -> list[SealReceipt]:
        """Commit a batch with unique keys, in whichever store can; what is sealed already gets its first receipt.

        Raises LedgerUnavailable when no store can.
        """
        async with self._lock:
            for _ in range(2 * len(self.config.store_order()) + 1):
                if self._log is None:
                    await self._find_any()
                log = self.current
                try:
                    if self._role == "follower":
                        rows = await self._through_leader(log, sealed)
                    else:
                        rows = await append_unique(log, sealed)
                        self._keep_watermark(log)
                    return [_receipt(self.current, row) for row in rows]
                except StoreError as error:
                    await self._leave(log, error)
            raise LedgerUnavailable("The ledger's stores keep failing.")

    def _keep_watermark(self, log: Log) -> None:
        if log.checkpoint is None:
            return
        try:
            self._watermark(log.origin).keep(log.checkpoint)
        except OSError as error:  # the commit stands; only the local guard against a cut tail lags behind
            _log.warning("ledger_watermark_not_kept", error=error.strerror)

    async def _through_leader(self, log: Log, sealed: Sequence[Sealed]) -> list[Row]:
        from vault.replicas import through_leader

        async def lead() -> Log | None:
            try:
                return await self._open_log(
                    make_store(self.config, "postgres", self.config.vault, self.config.origin), log.origin, write=True
                )
            except LedgerBusy:
                return None

        leading, rows = await through_leader(log, sealed, lead)
        if leading is not None:
            await log.close()
            self._log, self._role = leading, "leader"
            rows = await append_unique(leading, sealed)
            self._keep_watermark(leading)
        else:
            await log.load()
        return rows

    async def _leave(self, log: Log, error: StoreError) -> None:
        # A connection cut in the middle, or another replica that took over, is no broken store: look once
        # whether the log goes on from our last head. Everything else is left until verified anew.
        self._log = None
        if log.store.name == "postgres" and isinstance(error, FateUnknown | Fenced):
            await log.close()
            try:
                again = await self._open_main()
                if log.checkpoint is not None:
                    await again.leads_from(log.checkpoint)
            except ProofError as proof:
                raise TamperError(f"The database does not continue what this process sealed: {proof}") from None
            except StoreError as second:
                error = second
            else:
                self._log = again
                return
        await self._fall_back(error, log)

    async def _fall_back(self, error: StoreError, failed: Log | None = None) -> None:
        order = self.config.store_order()
        name = failed.store.name if failed is not None else order[0]
        self._reason, self._since = f"{name}: {error.what}", datetime.now(UTC)
        if failed is not None and failed.origin == self.config.origin:
            self._away = failed
            self._renew = isinstance(error, FateUnknown)
        elif failed is not None:
            await failed.close()
        for after in order[order.index(name) + 1 :]:
            try:
                self._log = await self._open_sub_log(after)
            except (StoreError, TamperError) as second:
                self._reason += f"; {after}: {second.what}"
                continue
            self._role = "leader"
            _log.warning("ledger_fell_back", store=after, origin=self._log.origin, reason=self._reason)
            return
        self._log = None
        self._next_try = time.monotonic() + PAUSE
        _log.error("ledger_unavailable", reason=self._reason)
        raise LedgerUnavailable(f"None of the ledger's stores can commit ({self._reason}).")

    async def _open_sub_log(self, name: str) -> Log:
        for folder in reversed(sublogs.unmerged(self.config.vault)):
            if sublogs.store_name(folder) == name:
                try:
                    return await self._open_log(
                        make_store(self.config, name, folder, self._sub_origin(folder)),
                        self._sub_origin(folder),
                        write=True,
                    )
                except (StoreError, TamperError, LedgerBusy):
                    continue
        folder = await asyncio.to_thread(sublogs.create, self.config.vault)
        origin = self._sub_origin(folder)
        log = await self._open_log(make_store(self.config, name, folder, origin), origin, write=True)
        try:
            head = self.marks(self.config.origin)
            await log.append([sublogs.opening(log.origin, self.config.origin, head, self._reason or "", name)])
        except BaseException:
            await log.close()
            raise
        self._keep_watermark(log)
        return log

    def _sub_origin(self, folder: Path) -> str:
        return f"{self.config.origin}{SUB_LOG}{folder.name}"

    async def _find_any(self) -> None:
        if time.monotonic() < self._next_try:
            raise LedgerUnavailable(f"None of the ledger's stores can commit ({self._reason}).")
        try:
            await self._return_to_main()
        except (StoreError, LedgerBusy) as error:
            await self._fall_back(error if isinstance(error, StoreError) else StoreError(error.what))

    # coming back

    async def recover_forever(self) -> None:
        """While a stand-in is written, try the main store now and then; verified anew, it takes over again."""
        while True:
            await asyncio.sleep(self.config.retry_seconds)
            if self._log is not None and self._log.origin == self.config.origin:
                continue
            await self.recover()

    async def recover(self) -> bool:
        """Try to return to the main store now; whether it is written again."""
        async with self._lock:
            if self._log is not None and self._log.origin == self.config.origin:
                return True
            try:
                await self._return_to_main()
            except (StoreError, LedgerBusy) as error:
                self._reason = f"{self.config.store_order()[0]}: {error.what}"
                return False
            except TamperError as error:
                self._reason = f"{self.config.store_order()[0]}: {error.what}"
                _log.error("ledger_main_store_refused", reason=error.what)
                return False
        _log.info("ledger_returned", store=self.current.store.name)
        return True

    async def _return_to_main(self) -> None:
        stand_in = self._log
        known = None if self._away is None else self._away.checkpoint
        if self._away is not None:
            await self._away.close()
            self._away = None
        if self._renew and self.config.store_order()[0] == "sqlite":
            await renew(self.config.vault / "ledger.sqlite3")
        main = await self._open_main()
        try:
            if self._role == "leader":
                await self._verify_anew(main, known)
                if stand_in is not None:
                    await stand_in.close()
                    self._log = None
                await self._merge_all(main)
        except BaseException:
            await main.close()
            raise
        self._log, self._reason, self._since, self._renew = main, None, None, False

    async def _verify_anew(self, log: Log, known: Checkpoint | None) -> None:
        marks = self.marks(log.origin) + ([known] if known is not None else [])
        report = await Verifier(log.store, self.history, log.origin, marks=marks).run()
        if not report.ok:
            raise TamperError(f"The store that came back does not verify: {report.message}")

    async def _merge_all(self, main: Log) -> None:
        for folder in sublogs.unmerged(self.config.vault):
            name, origin = sublogs.store_name(folder), self._sub_origin(folder)
            if name is None:
                continue
            try:
                await sublogs.merge(
                    main,
                    make_store(self.config, name, folder, origin),
                    origin,
                    folder,
                    self.history,
                    self.marks(origin),
                )
            except TamperError as error:
                _log.error("ledger_sub_log_not_merged", origin=origin, reason=error.what)
            self._keep_watermark(main)

    async def rekey(self, keys: LogKeys, owner: SigningKey | None, trusted: Checkpoint | None) -> LogKey:
        """Change the signing key between two batches: rotation, or with `owner` replacement after a theft.

        Raises StoreError while a stand-in is written, ProofError when the log does not lead from `trusted`.
        """
        async with self._lock:
            log = self.current
            if log.origin != self.config.origin or self._role != "leader" or self._key is None:
                raise StoreError("The key can be changed only where the main log is written.")
            present = LogKey(self._key, self.history)
            if owner is None:
                new = await keys.rotate(present, log.size, log.edge.root())
            else:
                size, root = (trusted.size, trusted.root) if trusted else (log.size, log.edge.root())
                if await log.root(size) != root:
                    raise ProofError(f"The log does not have the trusted root at size {size}.")
                new = await keys.replace_compromised(present, owner, size, root)
            self._key = log.key = new.signing
            self.history = log.keys = new.history
            return new

    async def close(self) -> None:
        """Close all."""
        for watermark in self._watermarks.values():
            watermark.close()
        for log in (self._log, self._away):
            if log is not None:
                await log.close()
        self._log = self._away = None


async def append_unique(log: Log, sealed: Sequence[Sealed]) -> list[Row]:
    """Append a batch with unique keys; rows of keys that were sealed before come from the store."""
    try:
        return await log.append(sealed)
    except DuplicateKey:
        known = await log.store.by_keys([entry.key for entry in sealed])
        taken = {row.key for row in known}
        fresh = [entry for entry in sealed if entry.key not in taken]
        return known + (await log.append(fresh) if fresh else [])


def _receipt(log: Log, row: Row) -> SealReceipt:
    return SealReceipt(row.seq, row.hash.hex(), log.origin, log.size, sealed_at(row.envelope), row.key)
