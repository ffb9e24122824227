"""Three replicas on PostgreSQL: one is killed, or put to sleep, inside an action; the others go on, and once only."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from holds.record import HoldRecord
from store.engine import Database
from tests.conversing import build_talk
from tests.house import BO, build

ROOT = Path(__file__).resolve().parents[3]
REPLICA = Path(__file__).with_name("replica.py")


async def start(home: Path, url: str, *mode: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", str(REPLICA), str(home), url, *mode,
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def until(ready: Callable[[], bool], seconds: float = 90) -> None:
    async with asyncio.timeout(seconds):
        while not ready():
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
@pytest.mark.parametrize("stop", [pytest.param(signal.SIGKILL, marks=pytest.mark.soak), signal.SIGSTOP])
async def test_a_replica_lost_inside_an_action(
    database: Database, database_url: str, tmp_path: Path, stop: signal.Signals
) -> None:
    house = await build(database)
    hold = await house.open(action="act", action_class="compensable")
    await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    others = [await start(tmp_path, database_url, "sweep") for _ in range(2)]
    runs = await start(tmp_path, database_url, "run", hold.id)
    await until(lambda: (tmp_path / "begun").exists())

    async def record() -> HoldRecord:
        found = await house.desk.get(hold.id)
        assert found is not None
        return found

    await asyncio.sleep(5)  # longer than the silence after which it would be given up: it beats, so it is left alone
    assert (await record()).state == "running"
    runs.send_signal(stop)
    lost = time.monotonic()
    async with asyncio.timeout(60):
        while (await record()).state == "running":
            await asyncio.sleep(0.1)
    assert time.monotonic() - lost < 30
    assert (await record()).state == "unknown"

    (tmp_path / "go").touch()
    if stop is signal.SIGSTOP:
        runs.send_signal(signal.SIGCONT)  # it wakes in the middle of its action
    await runs.communicate()
    (tmp_path / "stop").touch()
    for other in others:
        _, errors = await other.communicate()
        assert other.returncode == 0, errors.decode()
    world = (tmp_path / "world").read_text().splitlines() if (tmp_path / "world").exists() else []
    assert len(world) == (1 if stop is signal.SIGSTOP else 0)
    after = await record()
    assert after.state == "unknown"  # the sleeper's late word changes nothing: a human looks
    assert [e.decision for e in after.events if e.kind == "hold.run"] == ["begun", "unknown"]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
@pytest.mark.parametrize(
    ("stop", "silent", "sweep"),
    [
        (signal.SIGKILL, 4.0, 0.5),
        (signal.SIGSTOP, 4.0, 0.5),
        # At the pace of the real thing: twelve seconds of silence, a sweep every ten.
        pytest.param(signal.SIGKILL, 12.0, 10.0, marks=pytest.mark.soak),
        pytest.param(signal.SIGSTOP, 12.0, 10.0, marks=pytest.mark.soak),
    ],
)
async def test_whole_exchanges_of_a_lost_replica_go_on_elsewhere(
    database: Database, database_url: str, tmp_path: Path, stop: signal.Signals, silent: float, sweep: float
) -> None:
    """One replica approved twenty; sixteen are inside their action, four wait their turn when it is lost."""
    house = await build(database)
    talk = build_talk(database, house.desk, house.actions, house.runner, owner=house.replicas.id)
    exchanges = [await talk.ask(f"n{n}", thread=f"t{n}") for n in range(20)]
    (tmp_path / "holds").write_text("\n".join([(await house.desk.of_exchange(ex))[0].id for ex in exchanges]))
    pace = (str(silent), str(sweep))
    lost = await start(tmp_path, database_url, "approve", *pace)
    await until(lambda: (tmp_path / "approved").exists() and len(list(tmp_path.glob("begun-*"))) == 16)
    others = [await start(tmp_path, database_url, "serve", *pace) for _ in range(2)]
    lost.send_signal(stop)
    at = time.monotonic()
    (tmp_path / "go").touch()

    async def waiting() -> int:
        rows = [await talk.inbox.get(exchange) for exchange in exchanges]
        return sum(row is None or row.state != "done" for row in rows)

    async with asyncio.timeout(90):
        while await waiting():
            await asyncio.sleep(0.2)
    assert time.monotonic() - at < 30
    if stop is signal.SIGSTOP:
        lost.send_signal(signal.SIGCONT)  # it wakes inside sixteen actions, long after its heartbeat ran out
        await until(lambda: len((tmp_path / "world").read_text().splitlines()) == 20)
    (tmp_path / "stop").touch()
    for process in (lost, *others):
        _, errors = await process.communicate()
        assert process.returncode in (0, -signal.SIGKILL), errors.decode()

    world = (tmp_path / "world").read_text().splitlines()
    assert len(world) == len(set(world)) == (20 if stop is signal.SIGSTOP else 4)
    states: list[str] = []
    for exchange in exchanges:
        (hold,) = await house.desk.of_exchange(exchange)
        states.append(hold.state)
        row = await talk.inbox.get(exchange)
        assert row is not None
        outcome = json.loads(row.outcome or "")
        assert outcome["verdict"] == ("SEAL" if hold.state == "executed" else "SABAR")
        assert hold.continued
        assert [m.key.rpartition(":")[2] for m in await talk.outbox.of_exchange(exchange)] == ["first", "decided"]
        assert [e.decision for e in hold.events if e.kind == "hold.run"] == ["begun", hold.state]
    assert (states.count("unknown"), states.count("executed")) == (16, 4)
