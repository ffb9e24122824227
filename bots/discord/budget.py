"""One budget of posts per channel: what waits for a person goes first, signs of life give way first."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

# Discord names each route's limit only in its answers; five posts in five seconds is what a channel's has long been.
POSTS = 5.0
SPAN_S = 5.0
_CHANNELS = 2000  # remembered; the one unused longest is forgotten, and is full again by then
_KEPT = {"hold": 0.0, "crisis": 0.0, "code": 0.0, "reply": 1.0, "notice": 1.0, "typing": 3.0}


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Budget:
    """Counts posts per channel; `take` says how long to wait instead of posting."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[int, _Bucket] = OrderedDict()

    def take(self, channel: int, kind: str, posts: int = 1) -> float:
        """Seconds to wait, 0.0 where the posts may go now and were counted. A kind leaves room for those before it."""
        now = self._clock()
        bucket = self._buckets.setdefault(channel, _Bucket(POSTS, now))
        self._buckets.move_to_end(channel)
        while len(self._buckets) > _CHANNELS:
            self._buckets.popitem(last=False)
        bucket.left = min(POSTS, bucket.left + (now - bucket.at) * POSTS / SPAN_S)
        bucket.at = now
        kept = _KEPT.get(kind, 1.0)
        need = min(posts, POSTS - kept) + kept
        if bucket.left >= need:
            bucket.left -= posts
            return 0.0
        return (need - bucket.left) * SPAN_S / POSTS

    def empty(self, channel: int) -> None:
        """Discord itself said that there was too much."""
        self._buckets[channel] = _Bucket(0.0, self._clock())
