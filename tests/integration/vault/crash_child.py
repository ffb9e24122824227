"""A process that seals as fast as it can with 64 writers, says what was acknowledged, and may die at a named step.

    python -m tests.integration.vault.crash_child HOME STORES URL ROUND POINT NTH [LIMIT]

Each acknowledged entry is one line `key origin index hash` on standard output, written at once.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import vault.master
import vault.publisher
from vault.config import LedgerConfig
from vault.entry import NewEntry
from vault.errors import VaultError
from vault.ledger import Ledger
from vault.log import Log
from vault.logs import Logs
from vault.persons import PersonKeys
from vault.publisher import Publisher, Watermark
from vault.stores import files, postgres, sqlite

ORIGIN = "trinity.example/ledger"
WRITERS = 64
STORES = (sqlite.SqliteStore, postgres.PostgresStore, files.FilesStore)


def die() -> None:
    """What kill -9 does."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point: str, nth: int) -> None:
    """Let this process die at the nth passage of a step."""
    countdown = itertools.count(1)

    def passing() -> None:
        if next(countdown) == nth:
            die()

    def before(owner: Any, name: str) -> None:
        _wrap(owner, name, passing, None)

    def after(owner: Any, name: str) -> None:
        _wrap(owner, name, None, passing)

    points: dict[str, Callable[[], None]] = {
        "none": lambda: None,
        "before-build": lambda: before(Log, "_build"),
        "before-sign": lambda: before(Log, "_recheck"),
        "after-sign": lambda: after(Log, "_recheck"),
        "after-commit": lambda: (
            [after(s, "commit") for s in (sqlite.SqliteStore, postgres.PostgresStore, files.FilesStore)] and None
        ),
        "after-watermark": lambda: after(Watermark, "keep"),
        "before-futures": lambda: after(Logs, "commit"),
        "key-of-a-person": lambda: before(PersonKeys, "_write"),
        "publishing": lambda: before(Publisher, "_write"),
        "renaming-a-file": lambda: _wrap(vault.master.os, "replace", passing, None),
        "before-sync": lambda: _wrap(os, "fdatasync", passing, None),
        "sqlite-before-commit": lambda: _on_sql("COMMIT", passing),
        "sqlite-in-insert": lambda: _on_sql("INSERT INTO entries", passing),
    }
    points[point]()


def _wrap(owner: Any, name: str, first: Callable[[], None] | None, then: Callable[[], None] | None) -> None:
    original = getattr(owner, name)
    if asyncio.iscoroutinefunction(original):

        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            if first:
                first()
            result = await original(*args, **kwargs)
            if then:
                then()
            return result
    else:

        def wrapped(*args: Any, **kwargs: Any) -> Any:  # type: ignore[misc]
            if first:
                first()
            result = original(*args, **kwargs)
            if then:
                then()
            return result

    setattr(owner, name, wrapped)


def _on_sql(start: str, passing: Callable[[], None]) -> None:
    connect = sqlite._connect

    def traced(uri: str) -> sqlite3.Connection:
        db = connect(uri)
        db.set_trace_callback(lambda text: passing() if text.lstrip().startswith(start) else None)
        return db

    sqlite._connect = traced


async def main(home: str, stores: str, url: str, round_: str, limit: int) -> None:
    """Seal until killed, or until every writer did `limit` entries."""
    config = LedgerConfig(
        home=Path(home),
        origin=ORIGIN,
        database_url=url or None,
        stores=tuple(stores.split(",")),
        checkpoint_every=50,
        checkpoint_seconds=0.2,
        retry_seconds=0.2,
    )
    ledger = await Ledger.open(config)
    os.write(1, b"ready\n")

    async def writer(number: int) -> None:
        for n in range(limit):
            key = f"r{round_}/{number}/{n}"
            texts = {"message": f"said in {key}"} if n % 4 == 0 else {}
            entry = NewEntry("exchange", key, {"n": n, "pad": "x" * 400}, texts=texts, person=f"p{number % 5}")
            try:
                receipt = await ledger.append(entry)
            except VaultError as error:
                os.write(1, f"refused {key} {type(error).__name__}\n".encode())
                await asyncio.sleep(0.05)
                continue
            os.write(1, f"{key} {receipt.origin} {receipt.index} {receipt.entry_hash}\n".encode())

    await asyncio.gather(*(writer(number) for number in range(WRITERS)))
    state = ledger.state()
    await ledger.close()
    os.write(1, f"done {state.store} {state.healthy}\n".encode())


if __name__ == "__main__":
    arm(sys.argv[5], int(sys.argv[6]))
    asyncio.run(main(*sys.argv[1:5], int(sys.argv[7]) if len(sys.argv) > 7 else 10_000_000))
