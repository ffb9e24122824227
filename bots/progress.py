"""Live progress of exchanges, fanned out to whoever watches; bounded, and lost without harm."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Literal

_KEEP_EXCHANGES = 500
_KEEP_STEPS = 64


@dataclass(frozen=True, slots=True)
class Progress:
    """One stage beginning or ending; `note` says in words what is happening (never message text)."""

    exchange_id: str
    stage: str
    state: Literal["started", "done"]
    ms: float | None = None
    note: str = ""


@dataclass(slots=True)
class _Track:
    steps: list[Progress] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False


class ProgressHub:
    """Keeps the steps of recent exchanges, so that a late watcher sees them from the first."""

    def __init__(self) -> None:
        self._tracks: OrderedDict[str, _Track] = OrderedDict()

    def begin(self, exchange_id: str) -> None:
        """Start (or start again) the track of an exchange."""
        track = self._track(exchange_id)
        track.over = False

    def step(self, progress: Progress) -> None:
        """Tell watchers about one step."""
        track = self._track(progress.exchange_id)
        if len(track.steps) < _KEEP_STEPS:
            track.steps.append(progress)
        self._wake(track)

    def end(self, exchange_id: str) -> None:
        """The outcome is stored: watchers stop."""
        track = self._track(exchange_id)
        track.over = True
        self._wake(track)

    async def follow(self, exchange_id: str) -> AsyncIterator[Progress]:
        """All steps from the first, then live ones, until `end`. Unknown exchanges end at once."""
        track = self._tracks.get(exchange_id)
        sent = 0
        while track is not None:
            while sent < len(track.steps):
                yield track.steps[sent]
                sent += 1
            if track.over:
                return
            changed = track.changed
            await changed.wait()

    async def ended(self, exchange_id: str, wait_s: float | None) -> None:
        """Return when the exchange ends or `wait_s` seconds are over."""
        track = self._tracks.get(exchange_id)
        if track is None:
            return
        try:
            async with asyncio.timeout(wait_s):
                while not track.over:
                    await track.changed.wait()
        except TimeoutError:
            return

    def _track(self, exchange_id: str) -> _Track:
        track = self._tracks.setdefault(exchange_id, _Track())
        while len(self._tracks) > _KEEP_EXCHANGES:
            oldest = next(iter(self._tracks))
            gone = self._tracks.pop(oldest)
            gone.over = True
            self._wake(gone)
        return track

    @staticmethod
    def _wake(track: _Track) -> None:
        # A new event for the next wait: every watcher that waits on the old one wakes exactly once.
        done, track.changed = track.changed, asyncio.Event()
        done.set()
