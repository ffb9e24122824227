"""Server-sent events for a running exchange: stages as they happen, then the outcome.

Format: HTML Living Standard, "Server-sent events". Every stage event is idempotent, so a reader who reconnects
with Last-Event-ID may see one twice and never misses one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable

from bots.progress import Progress

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
PING_S = 15.0


def event(name: str, data: object, event_id: str | None = None) -> bytes:
    """One event; JSON holds no line breaks, so one data line is enough."""
    head = f"id: {event_id}\n" if event_id is not None else ""
    return f"{head}event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode("utf-8", "replace")


async def exchange_events(
    progress: AsyncIterator[Progress],
    outcome: Callable[[], Awaitable[dict[str, object] | None]],
    closing: asyncio.Event,
    last_event_id: str,
) -> AsyncIterator[bytes]:
    """The body of the stream. Ends after the outcome, or with `closing` when the server stops."""
    skip = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 7 else 0
    shut = asyncio.create_task(closing.wait())
    upcoming: asyncio.Task[Progress | None] | None = None
    number = 0
    yield b"retry: 1000\n\n"
    try:
        while True:
            if upcoming is None:
                upcoming = asyncio.create_task(_next(progress))
            await asyncio.wait({upcoming, shut}, timeout=PING_S, return_when=asyncio.FIRST_COMPLETED)
            if shut.done():
                yield event("closing", {})
                return
            if not upcoming.done():
                yield b": still here\n\n"
                continue
            step = upcoming.result()
            upcoming = None
            if step is None:
                break
            number += 1
            if number > skip:
                data = {"stage": step.stage, "state": step.state, "ms": step.ms, "note": step.note}
                yield event("stage", data, str(number))
        last = await outcome()
        yield event("outcome", last, str(number + 1)) if last is not None else event("unfinished", {})
    finally:
        shut.cancel()
        if upcoming is not None:
            upcoming.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await upcoming
        close = getattr(progress, "aclose", None)
        if close is not None:
            await close()


async def _next(progress: AsyncIterator[Progress]) -> Progress | None:
    return await anext(progress, None)
