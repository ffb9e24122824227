"""How often one person may write: a token bucket each, and who hears of what was turned away."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


@dataclass(slots=True)
class RateLimiter:
    """`per_minute` messages a person, refilled evenly; a burst of the same size is allowed."""

    per_minute: int
    turned_away: Callable[[str, str], None]  # (person, text): counted for the minute's summary
    clock: Callable[[], float] = time.monotonic
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def allow(self, person: str, text: str) -> float | None:
        """None when the message may come in, else the seconds to wait; what is turned away is told."""
        now = self.clock()
        bucket = self._buckets.get(person)
        if bucket is None:
            self._forget_idle(now)
            bucket = self._buckets[person] = _Bucket(float(self.per_minute), now)
        bucket.tokens = min(self.per_minute, bucket.tokens + (now - bucket.at) * self.per_minute / 60)
        bucket.at = now
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return None
        self.turned_away(person, text)
        return (1 - bucket.tokens) * 60 / self.per_minute

    def _forget_idle(self, now: float) -> None:
        # A full bucket says nothing: forgetting it bounds the memory that strangers can take.
        if len(self._buckets) > 10_000:
            self._buckets = {p: b for p, b in self._buckets.items() if now - b.at < 60}
