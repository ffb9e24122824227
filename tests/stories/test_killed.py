"""kill -9 between any two steps: what was acknowledged is answered once, sealed once, held once, done once."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.instance import Instance
from vault.config import LedgerConfig
from vault.ledger import Ledger

CRASHING = Path(__file__).with_name("crashing.py")
SUM, DROP, REMIND = "what is 6 * 7?", "drop the users table in production", "remind me tomorrow at nine to call Ana"
WANTED = {SUM: "SEAL", DROP: "888_HOLD", REMIND: "SEAL"}
POINTS = [
    ("stage:000", SUM),
    ("stage:111", DROP),
    ("stage:222", SUM),
    ("stage:333", REMIND),
    ("stage:444", SUM),
    ("stage:555", DROP),
    ("stage:666", SUM),
    ("stage:777", DROP),
    ("stage:888", REMIND),
    ("before:prepare", REMIND),
    ("after:prepare", SUM),
    ("after:prepare", DROP),
    ("before:hold", DROP),
    ("after:hold", DROP),
    ("before:seal", SUM),
    ("after:seal", SUM),
    ("after:seal", DROP),
    ("before:finish", REMIND),
    ("after:finish", SUM),
    ("after:park", DROP),
]


def rows(home: Path, query: str, *values: str) -> int:
    with sqlite3.connect(home / "trinity.db") as db:
        return int(db.execute(query, values).fetchone()[0])


def seals(home: Path) -> dict[str, int]:
    """How often each exchange stands in the ledger, which must verify."""

    async def read() -> dict[str, int]:
        origin = (home / "origin").read_text().strip()
        ledger = await Ledger.open(LedgerConfig(home=home, origin=origin, read_only=True))
        try:
            report = await ledger.verify_chain()
            assert report.ok, report.message
            counted: dict[str, int] = {}
            for entry in await ledger.tail(10_000):
                if entry.kind == "exchange":
                    name = f"{entry.body['exchange']}:{entry.body['phase']}"
                    counted[name] = counted.get(name, 0) + 1
            return counted
        finally:
            await ledger.close()

    return asyncio.run(read())


def send_into_a_crash(instance: Instance, message: str, point: str) -> str:
    """Start the dying Trinity, send, and give the acknowledged exchange's id once the process is gone."""
    instance.environment["CRASH_AT"] = point
    instance.command = [sys.executable, str(CRASHING)]
    instance.start()
    exchange = instance.send(message)
    assert instance.process is not None
    assert instance.process.wait(30) == -9
    return exchange


@pytest.mark.parametrize(("point", "message"), POINTS, ids=[f"{p}-{m.split()[0]}" for p, m in POINTS])
def test_killed_at_a_step_nothing_is_lost_or_doubled(home: Path, point: str, message: str) -> None:
    instance = Instance(home)
    exchange = send_into_a_crash(instance, message, point)
    instance.command = None
    instance.start()
    try:
        out = instance.outcome(exchange)
        assert out["verdict"] == WANTED[message]
        if message == DROP:
            waiting = instance.get("/api/trinity/holds").json()["holds"]
            assert [h["id"] for h in waiting] == [out["hold"]["id"]]
    finally:
        instance.stop()
    assert seals(home) == {f"{exchange}:first": 1}
    assert rows(home, "select count(*) from turns where exchange_id = ? and role = 'assistant'", exchange) == 1
    assert rows(home, "select count(*) from outbox where exchange_id = ?", exchange) == 1
    assert rows(home, "select count(*) from reminders") == (message == REMIND)


def test_killed_at_random_under_load_nothing_acknowledged_is_lost(home: Path) -> None:
    chance = random.Random(7)
    instance = Instance(home)
    acknowledged: list[str] = []
    for life in range(4):
        instance.start()
        until = time.monotonic() + chance.uniform(0.05, 0.6)
        try:
            while time.monotonic() < until:
                message = chance.choice((SUM, DROP, REMIND, "hello"))
                acknowledged.append(instance.send(f"{message}", thread=f"t{chance.randrange(4)}"))
        except httpx.HTTPError:  # pragma: no cover - the message was not acknowledged
            pass
        instance.kill()
        assert life >= 0
    instance.start()
    try:
        for exchange in acknowledged:
            assert instance.outcome(exchange)["receipt"]
    finally:
        instance.stop()
    assert seals(home) == {f"{exchange}:first": 1 for exchange in acknowledged}


def test_a_decided_hold_goes_on_after_a_kill(home: Path) -> None:
    instance = Instance(home).start()
    out = instance.ask(DROP)
    hold = instance.get(f"/api/trinity/holds/{out['hold']['id']}").json()
    instance.kill()
    instance.start()
    try:
        body = {"approve": True, "content_sha256": hold["content_sha256"], "reason": "", "typed": hold["action"]}
        instance.post(f"/api/trinity/holds/{hold['id']}/decision", body)
        instance.kill()
        instance.start()
        until = time.monotonic() + 30
        while (final := instance.outcome(out["exchange_id"]))["verdict"] == "888_HOLD" and time.monotonic() < until:
            time.sleep(0.1)
        assert final["verdict"] in ("SEAL", "PARTIAL")
        again = instance.post(f"/api/trinity/holds/{hold['id']}/decision", body, check=False)
        assert again.status_code == 409
    finally:
        instance.stop()
    assert seals(home) == {f"{out['exchange_id']}:first": 1, f"{out['exchange_id']}:decided": 1}
