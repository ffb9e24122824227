"""Runs the crash child, and compares what it was told with what the ledger holds."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from vault.audit import audit
from vault.config import LedgerConfig
from vault.entry import Envelope, NewEntry
from vault.ledger import Ledger


@dataclass
class Outcome:
    """Lines of a child: acknowledged entries by key, refused keys, its last word, its exit code."""

    acknowledged: dict[str, tuple[str, int, str]]
    refused: list[str]
    last: str
    code: int
    timed_out: bool


async def run_child(
    config: LedgerConfig,
    round_: str,
    *,
    point: str = "none",
    nth: int = 1,
    kill_after: float | None = None,
    limit: int = 10_000_000,
    prefix: Sequence[str] = (),
    timeout: float = 30,
) -> Outcome:
    """Start it; kill -9 it some seconds after it is ready, or let it die at its point or end."""
    process = await asyncio.create_subprocess_exec(
        *prefix,
        sys.executable,
        "-m",
        "tests.integration.vault.crash_child",
        str(config.home),
        ",".join(config.store_order()),
        config.database_url or "",
        round_,
        point,
        str(nth),
        str(limit),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    errors = asyncio.create_task(process.stderr.read())
    lines: list[str] = []
    killer: asyncio.Task[None] | None = None

    async def kill(after: float) -> None:
        await asyncio.sleep(after)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    guard = asyncio.create_task(kill(timeout))
    while line := await process.stdout.readline():
        if not line.endswith(b"\n"):
            break  # torn by the kill: nobody has read it, so nobody was told
        text = line.decode().strip()
        if text == "ready" and kill_after is not None:
            killer = asyncio.create_task(kill(kill_after))
        lines.append(text)
    code = await process.wait()
    timed_out = guard.done()
    for task in (guard, killer):
        if task is not None:
            task.cancel()
    complaint = (await errors).decode()
    assert "Traceback" not in complaint, complaint
    acknowledged, refused = {}, []
    for text in lines:
        words = text.split(" ")
        if words[0] == "refused":
            refused.append(words[1])
        elif len(words) == 4:
            acknowledged[words[0]] = (words[1], int(words[2]), words[3])
    return Outcome(acknowledged, refused, lines[-1] if lines else "", code, timed_out)


async def check(config: LedgerConfig, told: dict[str, tuple[str, int, str]]) -> int:
    """Open again without any help: nothing acknowledged is lost, nothing doubled, all verifies. Gives the size."""
    async with await Ledger.open(config) as ledger:
        assert ledger.state().healthy, ledger.state()
        assert not ledger.state().unmerged
        log = ledger._logs.current
        found: dict[str, tuple[int, str]] = {}
        sources: dict[str, tuple[str, int, str]] = {}
        async for run in log.store.scan(0):
            for seq, _, value, key, data, _, _ in run:
                assert key.decode() not in found, f"{key!r} is sealed twice"
                found[key.decode()] = (seq, value.hex())
                source = Envelope.decode(data).source
                if source is not None:
                    sources[key.decode()] = (source.origin, source.index, source.entry_hash)
        for key, (origin, index, value) in told.items():
            assert key in found, f"{key} was acknowledged and is lost"
            if origin == log.origin:
                assert found[key] == (index, value), f"{key} moved"
            elif key in sources:  # else its fate was unknown, and the main log had it already
                assert sources[key] == (origin, index, value)
        size = ledger.size
        await ledger.append(_probe(size))
    report = await audit(config)
    assert report.ok, report
    return size


def _probe(size: int) -> NewEntry:
    return NewEntry("exchange", f"probe/{size}", {"size": size})
