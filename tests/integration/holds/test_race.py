"""Two processes race to decide the same holds, one is killed and started again: every hold is decided once."""

from __future__ import annotations

import asyncio
import collections
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from store.engine import Database
from store.inbox import Inbox
from store.outbox import Outbox
from store.tables import hold_events
from tests.house import build

ROOT = Path(__file__).resolve().parents[3]
DECIDER = Path(__file__).with_name("decider.py")
ASKER = Path(__file__).with_name("asker.py")
COUNTS = [
    ("sqlite", 6),
    ("postgres", 20),
    pytest.param("sqlite", 60, marks=pytest.mark.soak),
    pytest.param("postgres", 200, marks=pytest.mark.soak),
]


async def decide(home: Path, url: str | None, person: str, decision: str, *die_after: str) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", str(DECIDER), str(home), url or "-", person, decision, str(home / decision),
        *die_after, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, errors = await process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), errors.decode()
    assert process.returncode is not None
    return process.returncode


@pytest.mark.parametrize(("database_url", "count"), COUNTS, indirect=["database_url"])
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


async def asks(home: Path, url: str | None, count: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", str(ASKER), str(home), url or "-", str(count),
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def until(ready: Callable[[], Awaitable[bool]], seconds: float = 300) -> None:
    async with asyncio.timeout(seconds):
        while not await ready():
            await asyncio.sleep(0.05)


async def killed(asker: asyncio.subprocess.Process) -> None:
    asker.kill()
    _, errors = await asker.communicate()
    assert asker.returncode == -signal.SIGKILL, errors.decode()


@pytest.mark.parametrize(("database_url", "count"), COUNTS, indirect=["database_url"])
async def test_the_one_who_asked_is_killed_twice_and_everything_is_posted_once(
    database: Database, database_url: str | None, count: int, tmp_path: Path
) -> None:
    """Killed while it asks, and again while what was decided goes on; in between two processes race."""
    house = await build(database)
    asked = tmp_path / "asked"

    async def lines(least: int) -> bool:
        return asked.exists() and len(asked.read_text().splitlines()) >= least

    asker = await asks(tmp_path, database_url, count)
    await until(lambda: lines(count // 2))
    await killed(asker)
    asked.unlink()
    asker = await asks(tmp_path, database_url, count)
    await until(lambda: lines(count))
    pairs = dict(line.split() for line in asked.read_text().splitlines())
    assert len(pairs) == len(set(pairs.values())) == count
    (tmp_path / "holds").write_text("\n".join(pairs.values()))

    racing = asyncio.gather(
        decide(tmp_path, database_url, "bo", "approve"), decide(tmp_path, database_url, "cy", "deny")
    )

    async def going_on() -> bool:
        return len(await house.desk.decided_not_continued()) < len(await decided()) and len(await decided()) > 2

    async def decided() -> list[str]:
        found = [await house.desk.get(hold) for hold in pairs.values()]
        return [record.state for record in found if record is not None and record.state != "open"]

    await until(going_on)
    await killed(asker)
    await racing
    asker = await asks(tmp_path, database_url, 0)

    async def all_done() -> bool:
        rows = [await Inbox(database).get(exchange) for exchange in pairs]
        said = [m for exchange in pairs for m in await Outbox(database).of_exchange(exchange)]
        return all(r is not None and r.state == "done" for r in rows) and all(m.state == "sent" for m in said)

    await until(all_done)
    (tmp_path / "stop").touch()
    _, errors = await asker.communicate()
    assert asker.returncode == 0, errors.decode()

    told: dict[str, set[bool]] = {hold: set() for hold in pairs.values()}
    for decision in ("approve", "deny"):
        for line in (tmp_path / decision).read_text().splitlines():
            hold_id, _what, state = line.split()
            told[hold_id].add(state == "denied")
    assert all(len(winners) == 1 for winners in told.values())  # both racers heard of the same winner
    world = collections.Counter((tmp_path / "world").read_text().splitlines())
    assert set(world.values()) == {1}
    for exchange, hold_id in pairs.items():
        record = await house.desk.get(hold_id)
        assert record is not None
        assert len([e for e in record.events if e.kind == "hold.decision"]) == 1
        assert (record.state == "denied") == told[hold_id].pop()
        assert record.state in ("denied", "executed", "unknown")
        did = world[f"did hold:{hold_id}"]
        assert did == 1 if record.state == "executed" else did <= (record.state == "unknown")
        assert world[f"said reply:{exchange}:first"] == world[f"said reply:{exchange}:decided"] == 1
