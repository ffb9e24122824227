"""Leaves a failing server alone, asks now and then whether it is back, and takes it back when it is.

Closed: calls pass. Open (after N failures in a row, or a pause that was asked for): no call passes. When the window
is over, whoever asks next is told to start one probe; only its success closes the breaker (half-open). The probe is
a request of our own, so nobody's question waits for a dead server.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class BreakerState(StrEnum):
    """Closed passes calls, open none, half-open one probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(slots=True)
class Breaker:
    """The health of one server or model. Not a lock: used from one event loop."""

    failures_allowed: int = 3
    window: float = 10.0  # seconds
    clock: Callable[[], float] = time.monotonic
    state: BreakerState = BreakerState.CLOSED
    failures: int = 0
    note: str = ""
    _until: float = field(default=0.0, repr=False)
    _ends_by_itself: bool = field(default=False, repr=False)

    @property
    def passes(self) -> bool:
        """Whether a person's call may go there now."""
        if self._ends_by_itself and self.state is BreakerState.OPEN and self.clock() >= self._until:
            self.succeeded()
        return self.state is BreakerState.CLOSED

    @property
    def seconds_left(self) -> float:
        """How long it will be left alone before the next probe."""
        return 0.0 if self.passes else max(0.0, self._until - self.clock())

    def succeeded(self) -> None:
        """A call or the probe was answered."""
        self.state, self.failures, self.note = BreakerState.CLOSED, 0, ""
        self._until, self._ends_by_itself = 0.0, False

    def failed(self, why: str) -> None:
        """A call or the probe was not answered."""
        self.failures += 1
        if self.state is BreakerState.HALF_OPEN or self.failures >= self.failures_allowed:
            self.rest(self.window, why)

    def rest(self, seconds: float, why: str) -> None:
        """Leave it alone for so long, whatever the count, and then probe it."""
        self.state, self.note, self._ends_by_itself = BreakerState.OPEN, why, False
        self._until = max(self._until, self.clock() + seconds)

    def pause(self, seconds: float, why: str) -> None:
        """It asked for a pause: leave it alone for so long, and then ask it again without a probe."""
        if self.state is BreakerState.CLOSED or self._ends_by_itself:
            self.rest(seconds, why)
            self._ends_by_itself = True

    def claim_probe(self) -> bool:
        """True for the one caller who is to probe now; until the probe ends nobody else is told so."""
        if self.passes or self.state is not BreakerState.OPEN or self.clock() < self._until:
            return False
        self.state = BreakerState.HALF_OPEN
        return True

    def abandon_probe(self) -> None:
        """The probe was called off without an answer: another window passes before the next."""
        if self.state is BreakerState.HALF_OPEN:
            self.rest(self.window, self.note)
