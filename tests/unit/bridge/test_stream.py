"""Event streams: order, going on after a cut, ending with the server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from bots.bridge.stream import event, exchange_events
from bots.progress import Progress


async def steps(n: int) -> AsyncIterator[Progress]:
    for number in range(n):
        yield Progress("e", f"{number}", "done", 1.0)


async def finished() -> dict[str, object] | None:
    return {"verdict": "SEAL"}


async def collect(stream: AsyncIterator[bytes]) -> list[str]:
    return [part.decode() async for part in stream]


def names(parts: list[str]) -> list[str]:
    return [line.removeprefix("event: ") for part in parts for line in part.splitlines() if line.startswith("event: ")]


async def test_stages_then_the_outcome() -> None:
    parts = await collect(exchange_events(steps(3), finished, asyncio.Event(), ""))
    assert names(parts) == ["stage", "stage", "stage", "outcome"]
    assert "id: 1\n" in parts[1]


async def test_a_reader_who_comes_back_gets_what_was_missed() -> None:
    parts = await collect(exchange_events(steps(3), finished, asyncio.Event(), "2"))
    assert names(parts) == ["stage", "outcome"]
    assert "id: 3\n" in parts[1]


async def test_a_strange_last_id_starts_anew() -> None:
    parts = await collect(exchange_events(steps(2), finished, asyncio.Event(), "²"))
    assert names(parts) == ["stage", "stage", "outcome"]


async def test_the_stream_ends_when_the_server_stops() -> None:
    closing = asyncio.Event()
    gone = False

    async def forever() -> AsyncIterator[Progress]:
        nonlocal gone
        try:
            yield Progress("e", "000", "started")
            await asyncio.Event().wait()
        finally:
            gone = True

    async def close() -> None:
        await asyncio.sleep(0.05)
        closing.set()

    task = asyncio.create_task(close())
    async with asyncio.timeout(2):
        parts = await collect(exchange_events(forever(), finished, closing, ""))
    await task
    assert names(parts) == ["stage", "closing"]
    assert gone


async def test_no_outcome_is_said_as_such() -> None:
    async def nothing() -> dict[str, object] | None:
        return None

    assert names(await collect(exchange_events(steps(1), nothing, asyncio.Event(), ""))) == ["stage", "unfinished"]


def test_an_event_is_one_line_whatever_the_data() -> None:
    text = "a\nb\r\nevent: outcome\n\u2028😀\ud800"
    encoded = event("stage", {"note": text}, "1").decode()
    assert encoded.count("\n") == 4
    assert json.loads(encoded.split("data: ")[1])["note"][:10] == text[:10]
