"""Measures the ledger against raw baselines, interleaved in one run: `python -m bench.vault [--json] [--raw FILE]`.

Every ratio is the median over rounds in which baseline and ledger take turns; `low` and `high` are its range.
Entries have 1 KB. PostgreSQL is TRINITY_TEST_POSTGRES or 127.0.0.1:5432; without one its rows are not measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.report import BenchRow, emit, options
from vault import sealing
from vault.config import LedgerConfig
from vault.entry import Envelope, NewEntry, Sealed
from vault.ledger import Ledger
from vault.log import Log
from vault.stores.sqlite import SqliteStore
from vault.verify import Verifier

ORIGIN = "bench.example/ledger"
PAD = "x" * 840
Event = dict[str, Any]


@dataclass
class Run:
    """What one bench run gathers."""

    rounds: int
    big: int
    events: list[Event] = field(default_factory=list)
    rows: list[BenchRow] = field(default_factory=list)

    def note(self, **event: Any) -> None:
        """Keep one measured event."""
        self.events.append(event)

    def ratio(self, name: str, pairs: Sequence[tuple[float, float]], must: float, aim: float, better: Any) -> None:
        """A row: ours over baseline, median and range over rounds."""
        ratios = [ours / base for ours, base in pairs]
        self.rows.append(
            BenchRow(name, statistics.median(ratios), "ratio", len(ratios), min(ratios), max(ratios), must, aim, better)
        )


async def measured(callers: int, each: int, work: Callable[[int, int], Awaitable[object]]) -> tuple[float, list[float]]:
    """Calls per second, and every call's seconds, of so many callers at once."""
    waits: list[float] = []

    async def caller(number: int) -> None:
        for n in range(each):
            begun = time.perf_counter()
            await work(number, n)
            waits.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    await asyncio.gather(*(caller(number) for number in range(callers)))
    return callers * each / (time.perf_counter() - begun), waits


def percentile(values: Sequence[float], share: float) -> float:
    """That share of the values lies below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@contextlib.asynccontextmanager
async def database() -> AsyncIterator[str | None]:
    """A fresh PostgreSQL database; None where there is no server."""
    import asyncpg

    server = os.environ.get("TRINITY_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432").rstrip("/")
    try:
        admin = await asyncpg.connect(f"{server}/postgres", timeout=3)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        yield None
        return
    name = f"bench_vault_{uuid.uuid4().hex}"
    await admin.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{server}/{name}"
    finally:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()


async def bench_postgres(run: Run, url: str, home: Path) -> None:
    """pg_append_64, _8, _1 and pg_p99_64."""
    import asyncpg

    config = LedgerConfig(home, ORIGIN, database_url=url, stores=("postgres",), checkpoint_seconds=3600)
    async with await Ledger.open(config) as ledger:
        pool = await asyncpg.create_pool(url, min_size=64, max_size=64)
        await pool.execute("CREATE TABLE raw (id bigserial PRIMARY KEY, data bytea NOT NULL)")
        for setting in ("fsync", "synchronous_commit", "server_version"):
            value = await pool.fetchval(f"SHOW {setting}")
            print(f"baseline PostgreSQL: {setting} = {value}", file=sys.stderr)
            run.note(kind="setting", name=setting, value=value)
        data = os.urandom(1024)
        limits = {64: (0.9, 1.15), 8: (0.75, 0.95), 1: (0.8, 0.9)}
        p99: list[tuple[float, float]] = []
        for callers, each in ((64, 20), (8, 60), (1, 200)):
            pairs = []
            for number in range(-1, run.rounds):
                tag = uuid.uuid4().hex

                async def raw(_: int, __: int) -> object:
                    return await pool.execute("INSERT INTO raw (data) VALUES ($1)", data)

                async def ours(caller: int, n: int, tag: str = tag) -> object:
                    return await ledger.append(entry(f"{tag}/{caller}/{n}", n))

                base, base_waits = await measured(callers, each, raw)
                mine, my_waits = await measured(callers, each, ours)
                if number < 0:
                    continue  # connections, plans and caches warm up
                pairs.append((mine, base))
                run.note(kind="pg", callers=callers, round=number, raw_per_s=base, ours_per_s=mine)
                if callers == 64:
                    p99.append((percentile(my_waits, 0.99), percentile(base_waits, 0.99)))
                    run.note(kind="pg_p99", round=number, raw_s=p99[-1][1], ours_s=p99[-1][0])
            run.ratio(f"pg_append_{callers}", pairs, *limits[callers], "higher")
            if callers == 64:
                run.ratio("pg_p99_64", p99, 1.2, 0.8, "lower")
        back = await pool.fetchval("SELECT count(*) FROM raw")
        print(f"baseline PostgreSQL: {back} rows read back; ledger: {ledger.size} entries", file=sys.stderr)
        run.note(kind="read_back", raw=back, ours=ledger.size, verified=(await ledger.verify_chain(texts=False)).ok)
        await pool.close()


def entry(key: str, n: int) -> NewEntry:
    """A 1 KB entry."""
    return NewEntry("exchange", key, {"n": n, "verdict": "SEAL", "pad": PAD})


def with_text(n: int) -> NewEntry:
    """A 1 KB entry most of which is a person's text, encrypted beside the envelope."""
    return NewEntry("exchange", f"v/{n}", {"n": n}, texts={"message": PAD[:600]}, person=f"p{n % 50}")


async def bench_sqlite(run: Run, home: Path) -> None:
    """sqlite_append_64."""
    raw_path = home / "raw.sqlite3"
    home.mkdir(parents=True)
    db = sqlite3.connect(raw_path, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE raw (id INTEGER PRIMARY KEY, data BLOB NOT NULL)")
    print(
        f"baseline SQLite: synchronous = {db.execute('PRAGMA synchronous').fetchone()[0]} (2 is FULL)", file=sys.stderr
    )
    rows = [(os.urandom(1024),) for _ in range(64)]
    each, pairs = 30, []

    def raw() -> float:
        begun = time.perf_counter()
        for _ in range(each):
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT INTO raw (data) VALUES (?)", rows)
            db.execute("COMMIT")
        return 64 * each / (time.perf_counter() - begun)

    config = LedgerConfig(home / "ledger", ORIGIN, stores=("sqlite",), checkpoint_seconds=3600)
    async with await Ledger.open(config) as ledger:
        for number in range(-1, run.rounds):
            tag = uuid.uuid4().hex

            async def ours(caller: int, n: int, tag: str = tag) -> object:
                return await ledger.append(entry(f"{tag}/{caller}/{n}", n))

            base = await asyncio.to_thread(raw)
            mine, _ = await measured(64, each, ours)
            if number >= 0:
                pairs.append((mine, base))
                run.note(kind="sqlite", round=number, raw_per_s=base, ours_per_s=mine)
    back = db.execute("SELECT count(*) FROM raw").fetchone()[0]
    print(f"baseline SQLite: {back} rows read back", file=sys.stderr)
    db.close()
    run.ratio("sqlite_append_64", pairs, 0.7, 0.9, "higher")


async def bench_verify(run: Run, home: Path, count: int = 30_000) -> None:
    """verify_cpu: CPU seconds of a bare SHA-256 loop over those of verification, on entries with a sealed text."""
    config = LedgerConfig(home, ORIGIN, stores=("sqlite",), checkpoint_seconds=3600)
    async with await Ledger.open(config) as ledger:
        log, persons = ledger._logs.current, ledger._persons
        for first in range(0, count, 256):
            numbers = range(first, min(first + 256, count))
            await log.append([await sealing.seal(with_text(n), persons) for n in numbers])
        stored: list[bytes] = []
        async for chunk in ledger._logs.current.store.scan(0):
            for row in chunk:
                stored += [part for part in (row[4], row[5]) if part is not None]
        pairs = []
        for number in range(run.rounds):
            begun = time.process_time()
            for part in stored:
                hashlib.sha256(part).digest()
            bare = time.process_time() - begun
            begun = time.process_time()
            report = await Verifier(ledger._logs.current.store, ledger.history, ORIGIN).run()
            mine = time.process_time() - begun
            assert report.ok
            assert report.size == count
            pairs.append((bare, mine))
            run.note(kind="verify", round=number, bare_cpu_s=bare, verify_cpu_s=mine, entries=count)
    run.ratio("verify_cpu", pairs, 0.20, 0.28, "higher")


async def bench_big(run: Run, home: Path) -> None:
    """proof_1m_warm_ms, proof_1m_cold_ms, open_1m_s."""
    config = LedgerConfig(home, ORIGIN, stores=("sqlite",), checkpoint_seconds=3600)
    async with await Ledger.open(config) as ledger:
        await _grow(ledger._logs.current, run.big)
        ledger._logs._keep_watermark(ledger._logs.current)
    opens = []
    for number in range(run.rounds):
        begun = time.perf_counter()
        ledger = await Ledger.open(config)
        opens.append(time.perf_counter() - begun)
        run.note(kind="open", round=number, seconds=opens[-1], entries=ledger.size)
        assert ledger.size == run.big
        await ledger.close()
    chance = random.Random(999)
    cold = []
    for number in range(3 * run.rounds):
        async with await Ledger.open(config) as ledger:
            _forget_cached(home / "vault" / "ledger.sqlite3")
            begun = time.perf_counter()
            await ledger.inclusion_proof(chance.randrange(run.big))
            cold.append((time.perf_counter() - begun) * 1000)
            run.note(kind="proof_cold", round=number, ms=cold[-1])
    async with await Ledger.open(config) as ledger:
        places = [chance.randrange(run.big) for _ in range(200)]
        warm = []
        for turn in range(run.rounds + 1):
            for place in places:
                begun = time.perf_counter()
                await ledger.inclusion_proof(place)
                if turn:
                    warm.append((time.perf_counter() - begun) * 1000)
    run.note(kind="proof_warm", p50_ms=statistics.median(warm), n=len(warm))

    def row(name: str, unit: str, values: Sequence[float], must: float, aim: float) -> None:
        low, high = percentile(values, 0.05), percentile(values, 0.95)
        run.rows.append(BenchRow(name, statistics.median(values), unit, len(values), low, high, must, aim, "lower"))

    row("proof_1m_warm_ms", "ms", warm, 1, 0.1)
    row("proof_1m_cold_ms", "ms", cold, 20, 5)
    row("open_1m_s", "s", opens, 2, 0.2)


async def _grow(log: Log, count: int) -> None:
    # Only the size matters here, so the file is synced once at the end, not at every batch.
    assert isinstance(log.store, SqliteStore)
    await log.store._call(lambda: log.store._open_db().execute("PRAGMA synchronous=OFF"))  # type: ignore[attr-defined]
    time_ = datetime.now(UTC)
    for first in range(0, count, 4096):
        sealed = []
        for n in range(first, min(first + 4096, count)):
            envelope = Envelope(f"b/{n}", "exchange", None, None, {"n": n}, {}, time_).encode()
            sealed.append(Sealed(f"b/{n}", envelope, None, time_))
        await log.append(sealed)
    await log.store._call(lambda: log.store._open_db().execute("PRAGMA wal_checkpoint(TRUNCATE)"))  # type: ignore[attr-defined]


def _forget_cached(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


async def measure(run: Run) -> None:
    """All rows."""
    with tempfile.TemporaryDirectory(prefix="bench-vault-") as folder:
        home = Path(folder)
        async with database() as url:
            if url is None:
                print("no PostgreSQL answers: its rows are not measured", file=sys.stderr)
                for name in ("pg_append_64", "pg_p99_64", "pg_append_8", "pg_append_1"):
                    run.rows.append(BenchRow(name, None, "ratio", 0))
            else:
                await bench_postgres(run, url, home / "pg")
        await bench_sqlite(run, home / "sqlite")
        await bench_verify(run, home / "verify")
        await bench_big(run, home / "big")


def main() -> int:
    """Command line."""
    parser = options("python -m bench.vault", __doc__)
    parser.add_argument("--rounds", type=int, default=7, help="interleaved rounds")
    parser.add_argument("--entries", type=int, default=1_000_000, help="size of the big ledger")
    chosen = parser.parse_args()
    run = Run(chosen.rounds, chosen.entries)
    asyncio.run(measure(run))
    emit("vault", run.rows, as_json=chosen.json, raw=chosen.raw, events=run.events)
    return 0


if __name__ == "__main__":
    sys.exit(main())
