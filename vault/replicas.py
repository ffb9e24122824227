"""Several replicas on one PostgreSQL ledger: one leads and writes, the others lay their entries before it."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence

import structlog

from vault.entry import Envelope, Sealed, SealReceipt
from vault.errors import EntryError, FateUnknown, StoreError, VaultError
from vault.log import Log
from vault.stores.base import Row
from vault.stores.postgres import PostgresStore

_log = structlog.get_logger(__name__)
POLL = 0.25
"""Seconds between two looks, in case a notification was lost."""
PATIENCE = 30.0
"""Seconds until a follower gives up; its entries may still be sealed later, and answer to their keys."""
LEAD_EVERY = 1.0
INTAKE_POLL = 1.0


async def through_leader(
    log: Log, sealed: Sequence[Sealed], lead: Callable[[], Awaitable[Log | None]]
) -> tuple[Log | None, list[Row]]:
    """Hand entries to the leader and wait until they stand in the log.

    Gives their rows; or, where nobody leads any more, the log that this replica now leads (then the caller
    appends them itself). Raises FateUnknown when neither happens in time.
    """
    store = log.store
    assert isinstance(store, PostgresStore)
    keys = [entry.key for entry in sealed]
    async with store.listening("ledger_sealed") as woken:
        await store.hand_over([(entry.key, entry.envelope, entry.payload) for entry in sealed])
        begun = tried = time.monotonic()
        while True:
            rows = await store.by_keys(keys)
            if len(rows) == len(keys):
                return None, rows
            now = time.monotonic()
            if now - tried >= LEAD_EVERY:
                tried = now
                leading = await lead()
                if leading is not None:
                    return leading, []
            if now - begun > PATIENCE:
                raise FateUnknown("The replica that leads the ledger does not answer.")
            woken.clear()
            try:
                await asyncio.wait_for(woken.wait(), POLL)
            except TimeoutError:
                continue


async def take_in_forever(
    leading: Callable[[], PostgresStore | None], put: Callable[[Sealed], Awaitable[SealReceipt]]
) -> None:
    """While this replica leads, seal what the others lay before it."""
    while True:
        store = leading()
        if store is None:
            await asyncio.sleep(INTAKE_POLL)
            continue
        try:
            async with store.listening("ledger_handover") as woken:
                while leading() is store:
                    if await take_in(store, put):
                        continue
                    woken.clear()
                    try:
                        await asyncio.wait_for(woken.wait(), INTAKE_POLL)
                    except TimeoutError:
                        continue
        except VaultError as error:
            _log.warning("ledger_handover_failed", reason=error.what)
            await asyncio.sleep(INTAKE_POLL)


async def take_in(store: PostgresStore, put: Callable[[Sealed], Awaitable[SealReceipt]]) -> int:
    """Seal one run of handed over entries; gives how many there were."""
    handed = await store.handed_over(256)
    good: list[Sealed] = []
    for number, key, envelope, payload in handed:
        try:
            good.append(_checked(key, envelope, payload))
        except EntryError as error:
            _log.error("ledger_handover_refused", id=number, reason=error.what)
    results = await asyncio.gather(*(put(entry) for entry in good), return_exceptions=True)
    failed = next((result for result in results if isinstance(result, BaseException)), None)
    if failed is not None:
        raise StoreError("Handed over entries could not be sealed.") from failed
    if handed:
        await store.taken_over([number for number, _, _, _ in handed])
    return len(handed)


def _checked(key: str, data: bytes, payload: bytes | None) -> Sealed:
    envelope = Envelope.decode(data)
    expected = None if payload is None else hashlib.sha256(payload).hexdigest()
    if envelope.key != key or envelope.payload != expected:
        raise EntryError("A handed over entry does not fit its key or its payload.")
    return Sealed(key, data, payload, envelope.time)
