"""Times one streamed call by its phases and keeps what was reported, so that a failure can still be accounted for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from adapters.models.base import ModelTimeout, Phase, Timeouts, Usage


@dataclass(slots=True)
class Progress:
    """What has come of one call so far."""

    clock: asyncio.Timeout
    ends: float  # event-loop time at which the whole answer must be there
    on_tokens: Callable[[int], None] | None = None
    pieces: list[str] = field(default_factory=list)
    phase: Phase = "first token"
    usage: Usage | None = None
    sent: bool = False

    def heard(self, piece: str) -> None:
        """One more piece of the answer."""
        if self.phase == "first token":
            self.phase = "whole answer"
            self.clock.reschedule(self.ends)
        self.pieces.append(piece)
        if self.on_tokens is not None:
            self.on_tokens(len(self.pieces))

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def spent(self) -> Usage | None:
        """What is owed if the call ends here: reported input, and at least one token per piece that came."""
        if self.usage is None:
            return None
        return Usage(
            self.usage.tokens_in,
            max(self.usage.tokens_out, len(self.pieces)),
            self.usage.cache_read,
            self.usage.cache_write_5m,
            self.usage.cache_write_1h,
        )


@asynccontextmanager
async def timed(who: str, timeouts: Timeouts, on_tokens: Callable[[int], None] | None) -> AsyncIterator[Progress]:
    """Run a call under its phases; raises ModelTimeout naming the phase that was too slow."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    progress: Progress | None = None
    try:
        async with asyncio.timeout_at(started + timeouts.first_token) as clock:
            progress = Progress(clock, started + timeouts.whole, on_tokens)
            yield progress
    except TimeoutError:
        phase: Phase = progress.phase if progress else "connect"
        seconds = timeouts.first_token if phase == "first token" else timeouts.whole
        words = "did not begin to answer" if phase == "first token" else "did not finish its answer"
        raise ModelTimeout(
            f"{who} {words} within {seconds:g} seconds.",
            phase,
            usage=progress.spent() if progress else None,
            begun=True,
        ) from None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After header, which is a number or an HTTP date (RFC 9110, 10.2.3); None when unreadable."""
    value = headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
