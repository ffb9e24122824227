"""Killed with SIGKILL at any step and started again: nothing acknowledged is lost, nothing is said or done twice."""

from __future__ import annotations

import asyncio
import collections
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from store.engine import Database
from store.inbox import Inbox
from store.tables import hold_events, holds, inbox, turns

ROOT = Path(__file__).resolve().parents[3]
WORKER = Path(__file__).with_name("worker.py")
STEPS = (
    "received", "claimed", "opened", "parked", "decided", "running", "acted", "executed", "finished", "saying", "said",
)  # fmt: skip


def run(home: Path, url: str | None, step: str) -> int:
    done = subprocess.run(
        [sys.executable, "-W", "error", WORKER, home, url or "-", step],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
    return done.returncode


def cases() -> list[object]:
    """The usual run takes the steps where most could go wrong; `make soak` takes all of them on both databases."""
    usual = {("sqlite", s) for s in ("claimed", "decided", "acted", "finished", "said")} | {("postgres", "acted")}
    return [
        pytest.param(database, step, marks=() if (database, step) in usual else pytest.mark.soak)
        for database in ("sqlite", "postgres")
        for step in STEPS
    ]


@pytest.mark.parametrize(("database_url", "step"), cases(), indirect=["database_url"])
async def test_killed_at_any_step(step: str, database: Database, database_url: str | None, tmp_path: Path) -> None:
    assert await asyncio.to_thread(run, tmp_path, database_url, step) == -signal.SIGKILL
    assert await asyncio.to_thread(run, tmp_path, database_url, "none") == 0

    async with database.read() as conn:
        (row,) = (await conn.execute(select(inbox))).all()
        (hold,) = (await conn.execute(select(holds))).all()
        events = (await conn.execute(select(hold_events).order_by(hold_events.c.id))).all()
        said = [t.text for t in await conn.execute(select(turns).order_by(turns.c.id))]
    world = collections.Counter((tmp_path / "world").read_text().splitlines())
    did = world[f"did hold:{hold.id}"]

    assert row.state == "done"
    assert hold.continued_at is not None
    # The action ran at most once as the world saw it; the record is right, or says that it does not know.
    if hold.state == "unknown":
        assert step in ("running", "acted")
        assert did == (1 if step == "acted" else 0)
    else:
        assert (hold.state, did) == ("executed", 1)
    # Each reply was said once, and the thread holds each turn once.
    assert world[f"said reply:{row.exchange_id}:first"] == 1
    assert world[f"said reply:{row.exchange_id}:final"] == 1
    assert said[:2] == ["act", "waits"]
    assert len(said) == 3
    # Every step is in the ledger, once, where its row says.
    ledger = (tmp_path / "ledger").read_text().splitlines()
    assert len(ledger) == len(set(ledger)) == len(events)
    assert [ledger[e.seal_index] for e in events] == [f"hold-event:{e.hold_id}:{e.id}" for e in events]
    assert [e.decision for e in events if e.kind == "hold.decision"] == ["approve"]


async def test_acknowledged_means_kept(database: Database, database_url: str | None, tmp_path: Path) -> None:
    """A writer is killed at a random moment: every exchange that it had reported is there, each once."""
    source = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from store.engine import Database\n"
        "from store.inbox import Inbox\n"
        "async def main():\n"
        "    database = await Database.open(sys.argv[2] if sys.argv[2] != '-' else None, Path(sys.argv[1]))\n"
        "    inbox = Inbox(database)\n"
        "    for n in range(100_000):\n"
        "        await inbox.receive('c', f'E{n}', 'T', 'p', '{}')\n"
        "        print(n, flush=True)\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", source, str(tmp_path), database_url or "-",
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    acknowledged = -1
    while acknowledged < 40:
        acknowledged = int(await process.stdout.readline())
    process.kill()
    rest, _ = await process.communicate()
    acknowledged = max([acknowledged, *(int(n) for n in rest.split())])
    kept = [row.event_id for row in await Inbox(database).unfinished()]
    assert len(kept) == len(set(kept))
    assert {f"E{n}" for n in range(acknowledged + 1)} <= set(kept)
    assert len(kept) <= acknowledged + 2  # at most the one under way besides
