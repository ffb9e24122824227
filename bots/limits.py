"""How often one person may write: a token bucket each, and the count of what was turned away."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


@dataclass(slots=True)
class TurnedAway:
    """What one person sent past the limit since the last summary: a count and a hash chain over the messages."""

    count: int = 0
    digest: str = ""


@dataclass(slots=True)
class RateLimiter:
    """`per_minute` messages a person, refilled evenly; a burst of the same size is allowed."""

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    _buckets: dict[str, _Bucket] = field(default_factory=dict)
    _away: dict[str, TurnedAway] = field(default_factory=dict)

    def allow(self, person: str, text: str) -> float | None:
        """None when the message may come in, else the seconds to wait; what is turned away is counted."""
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
        away = self._away.setdefault(person, TurnedAway())
        away.count += 1
        digest = hashlib.sha256(away.digest.encode() + text.encode("utf-8", "surrogatepass"))
        away.digest = digest.hexdigest()
        return (1 - bucket.tokens) * 60 / self.per_minute

    def take_turned_away(self) -> dict[str, TurnedAway]:
        """Everything turned away since the last call, for the summary entry of each person and minute."""
        taken, self._away = self._away, {}
        return taken

    def _forget_idle(self, now: float) -> None:
        # A full bucket says nothing: forgetting it bounds the memory that strangers can take.
        if len(self._buckets) > 10_000:
            self._buckets = {p: b for p, b in self._buckets.items() if now - b.at < 60}
