"""How long a decision takes to reach the exchange that waits for it, and how long a list of many holds takes."""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import insert

from bench.report import BenchRow, emit, options
from holds.desk import HoldDesk
from holds.policy import Policy
from holds.record import HoldRecord, HoldRequest
from manifest.holds import load_policy
from manifest.people import DeclaredPerson
from organs.bundles import Actor, Effect, Proof, Role
from store.engine import Database
from store.people import People
from store.tables import hold_events, holds
from store.times import utcnow
from tests.databases import fresh_postgres, postgres_server

_HOLDS = 200
_MANY = 10_000
ANA = Actor("ana", "Ana", Role.COMMANDER, Proof.LINKED, "bench")


async def _measure(url: str | None, home: Path) -> tuple[list[float], float, float]:
    """Seconds from the click to the exchange that goes on, each; seconds to list; bytes of one waiting hold."""
    database = await Database.open(url, home)
    people = People(database)
    await people.sync([DeclaredPerson("ana", "Ana", "commander", ()), DeclaredPerson("di", "Di", "member", ())])
    went_on: dict[str, asyncio.Event] = {}

    async def decided(record: HoldRecord) -> None:
        went_on[record.id].set()

    desk = HoldDesk(database, Policy(load_policy(home), people), people, decided=decided)
    opened = []
    for n in range(_HOLDS):
        record = await desk.open(
            HoldRequest(f"ex_{n}", "action", "unknown", "unknown", "Delete it", '{"n":"1"}', Effect.COMPENSABLE, "di")
        )
        went_on[record.id] = asyncio.Event()
        opened.append(record)
    seconds = []
    for record in opened:
        started = time.perf_counter()
        clicked = asyncio.create_task(
            desk.decide(record.id, by=ANA, decision="approve", content_sha256=record.content_sha256)
        )
        await went_on[record.id].wait()
        seconds.append(time.perf_counter() - started)
        await clicked
    size = await _fill(database, opened[0])
    listing = []
    for _ in range(5):
        started = time.perf_counter()
        assert len(await desk.list(viewer=ANA, state="open")) == 100
        listing.append(time.perf_counter() - started)
    await database.close()
    return seconds, statistics.median(listing), size


async def _fill(database: Database, like: HoldRecord) -> float:
    """Ten thousand open holds besides; bytes that one of them takes in the file (SQLite) or 0."""
    before = os.path.getsize(database.engine.url.database or "") if database.sqlite else 0
    now = utcnow()
    row = {
        "kind": "action", "action": like.action, "action_class": like.action_class, "summary": like.summary,
        "plan": like.plan, "content": like.content, "content_sha256": like.content_sha256,
        "effect": like.effect.value, "requester": "di", "channel": "bench", "thread": "T", "risk": like.risk,
        "rule": like.rule.to_json(), "who_may": like.who_may, "needed": 1, "state": "open", "created_at": now,
        "deadline": like.deadline, "reminded": 0,
    }  # fmt: skip
    event = {
        "kind": "hold.opened",
        "reason": "",
        "content_sha256": "",
        "self_ratified": False,
        "state": "open",
        "at": now,
    }
    for begin in range(0, _MANY, 1_000):
        ids = [f"hold_{n}" for n in range(begin, begin + 1_000)]
        async with database.begin() as conn:
            await conn.execute(insert(holds), [row | {"id": i, "exchange_id": i} for i in ids])
            await conn.execute(insert(hold_events), [event | {"hold_id": i, "seal_index": 0} for i in ids])
    if not database.sqlite:
        return 0.0
    async with database.read() as conn:
        await conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return (os.path.getsize(database.engine.url.database or "") - before) / _MANY


def _percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def main() -> int:
    """Run it on SQLite, and on PostgreSQL where there is one."""
    args = options("bench.holds", __doc__).parse_args()
    rows: list[BenchRow] = []
    events: list[dict[str, object]] = []
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="trinity-bench-"))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        seconds, listing, size = asyncio.run(_measure(None, home))
        events += [{"database": "sqlite", "resume_s": s} for s in seconds]
        rows += [
            BenchRow("sqlite_resume_p50_s", _percentile(seconds, 0.5), "s", len(seconds), must=0.5, better="lower"),
            BenchRow("sqlite_resume_p99_s", _percentile(seconds, 0.99), "s", len(seconds), must=1.5, better="lower"),
            BenchRow("list_10k_ms", listing * 1000, "ms", 5, must=100, better="lower"),
            BenchRow("kb_per_waiting_hold", size / 1024, "KB", _MANY, better="lower"),
        ]
        server = stack.enter_context(postgres_server())
        if server is None:
            print("no PostgreSQL: its rows are left out", file=sys.stderr)
        else:
            url = stack.enter_context(fresh_postgres(server))
            seconds, listing, _ = asyncio.run(_measure(url, home / "pg"))
            events += [{"database": "postgres", "resume_s": s} for s in seconds]
            ms = [s * 1000 for s in seconds]
            rows += [
                BenchRow("pg_resume_p50_ms", _percentile(ms, 0.5), "ms", len(ms), must=100, better="lower"),
                BenchRow("pg_resume_p99_ms", _percentile(ms, 0.99), "ms", len(ms), must=250, better="lower"),
                BenchRow("pg_list_10k_ms", listing * 1000, "ms", 5, must=100, better="lower"),
            ]
    emit("bench.holds", rows, as_json=args.json, raw=args.raw, events=events)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
