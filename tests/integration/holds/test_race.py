"""Two processes race to decide the same holds, one is killed and started again: every hold is decided once."""

from __future__ import annotations

import asyncio
import collections
import os
import signal
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from store.engine import Database
from store.tables import hold_events
from tests.house import build

ROOT = Path(__file__).resolve().parents[3]
DECIDER = Path(__file__).with_name("decider.py")


async def decide(home: Path, url: str | None, person: str, decision: str, *die_after: str) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", str(DECIDER), str(home), url or "-", person, decision, str(home / decision),
        *die_after, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, errors = await process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), errors.decode()
    assert process.returncode is not None
    return process.returncode


@pytest.mark.parametrize(
    ("database_url", "count"),
    [
        ("sqlite", 6),
        ("postgres", 20),
        pytest.param("sqlite", 60, marks=pytest.mark.soak),
        pytest.param("postgres", 200, marks=pytest.mark.soak),
    ],
    indirect=["database_url"],
)
async def test_two_processes_race(database: Database, database_url: str | None, count: int, tmp_path: Path) -> None:
    house = await build(database)
    opened = [(await house.open(f"ex_{n}")).id for n in range(count)]
    (tmp_path / "holds").write_text("\n".join(opened))

    killed, _ = await asyncio.gather(
        decide(tmp_path, database_url, "bo", "approve", str(count // 3)),
        decide(tmp_path, database_url, "cy", "deny"),
    )
    assert killed == -signal.SIGKILL
    await decide(tmp_path, database_url, "bo", "approve")  # and started again

    states: dict[str, str] = {}
    for hold_id in opened:
        record = await house.desk.get(hold_id)
        assert record is not None
        states[hold_id] = record.state
    assert set(states.values()) <= {"approved", "denied"}

    accepted: collections.Counter[str] = collections.Counter()
    for decision in ("approve", "deny"):
        for line in (tmp_path / decision).read_text().splitlines():
            hold_id, what, told = line.split()
            assert told == states[hold_id]  # whoever lost the race was told the same winner
            accepted[hold_id] += what == "accepted"
    # The killed one may have decided one hold without coming to say so; nobody was told twice that it was theirs.
    assert all(n <= 1 for n in accepted.values())
    assert sum(accepted.values()) >= count - 1

    query = (
        select(hold_events.c.hold_id, func.count())
        .where(hold_events.c.kind == "hold.decision")
        .group_by(hold_events.c.hold_id)
    )
    async with database.read() as conn:
        decisions = {row[0]: row[1] for row in await conn.execute(query)}
    assert decisions == dict.fromkeys(opened, 1)
    assert await house.desk.seal_pending() <= 1
