"""The one writer task: callers queue an entry and a future; all that waits becomes one batch and one commit."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Sequence

import structlog

from vault.entry import Sealed, SealReceipt
from vault.errors import LedgerUnavailable, VaultError

_log = structlog.get_logger(__name__)

Commit = Callable[[Sequence[Sealed]], Awaitable[Sequence[SealReceipt]]]
Item = tuple[Sealed, "asyncio.Future[SealReceipt]"]


class Writer:
    """Group commit. `commit` gets each batch with unique keys and answers one receipt per entry, in order."""

    def __init__(self, commit: Commit, *, queue_max: int, batch_max: int) -> None:
        self._commit = commit
        self._queue: asyncio.Queue[Item] = asyncio.Queue(queue_max)
        self._batch_max = batch_max
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._run(), name="ledger-writer")

    @property
    def waiting(self) -> int:
        """Entries in the queue."""
        return self._queue.qsize()

    async def put(self, sealed: Sealed) -> SealReceipt:
        """Queue one entry and wait for its durable commit; waits for room when the queue is full.

        Once queued, the entry is written even if the caller is cancelled: its key answers for it later.
        """
        if self._closing or self._task is None or self._task.done():
            raise LedgerUnavailable("The ledger is closed.")
        future: asyncio.Future[SealReceipt] = asyncio.get_running_loop().create_future()
        await self._queue.put((sealed, future))
        return await future

    async def _run(self) -> None:
        queue = self._queue
        while True:
            batch = [await queue.get()]
            while len(batch) < self._batch_max and not queue.empty():
                batch.append(queue.get_nowait())
            try:
                await self._write(batch)
            except asyncio.CancelledError:
                _fail(batch, LedgerUnavailable("The ledger was closed before this entry was committed."))
                raise
            finally:
                for _ in batch:
                    queue.task_done()

    async def _write(self, batch: Sequence[Item]) -> None:
        unique = {sealed.key: sealed for sealed, _ in reversed(batch)}  # the first of equal keys wins
        sealed = list(reversed(unique.values()))
        try:
            receipts = {receipt.key: receipt for receipt in await self._commit(sealed)}
        except VaultError as error:
            _fail(batch, error)
            return
        except Exception as error:  # noqa: BLE001  a fault of ours must reach the callers, and must not stop the writer
            # no traceback: a renderer that shows local variables would show people's texts
            _log.error("ledger_writer_failed", error=type(error).__name__, where=_place(error))
            _fail(batch, LedgerUnavailable(f"The ledger failed inside: {type(error).__name__}."))
            return
        for item, future in batch:
            if not future.done():
                future.set_result(receipts[item.key])

    async def close(self) -> None:
        """Write what waits, then stop."""
        self._closing = True
        if self._task is not None:
            if not self._task.done():
                await self._queue.join()
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


def _place(error: BaseException) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.name}:{frame.lineno}"


def _fail(batch: Sequence[Item], error: VaultError) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
