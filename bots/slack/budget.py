"""How fast may be written: about one message a second and channel, with room kept for what cannot wait.

Source: Slack, "Rate limits": chat.postMessage takes about one message per second and channel with short bursts above
it; chat.update is tier 3 (50 a minute).
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

Kind = Literal["urgent", "reply", "status"]
_BURST = {"urgent": 4.0, "reply": 3.0, "status": 1.0}  # messages ahead of the pace; the last places are for approvals
_EVERY_S = 1.0
_CHANNELS = 2_000  # remembered; a channel that is forgotten was silent for long


class Budget:
    """One pace per channel for everything that is written there."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free_at: OrderedDict[str, float] = OrderedDict()  # when the pace would be kept again

    def wait_s(self, channel: str, kind: Kind) -> float:
        """Seconds until a message of this kind may go out; 0 takes its place at once, more takes nothing."""
        now = self._clock()
        free = max(self._free_at.get(channel, now), now)
        wait = free - now - (_BURST[kind] - 1) * _EVERY_S
        if wait > 0:
            return wait
        self._free_at[channel] = free + _EVERY_S
        self._free_at.move_to_end(channel)
        while len(self._free_at) > _CHANNELS:
            self._free_at.popitem(last=False)
        return 0.0

    def told_to_wait(self, channel: str, seconds: float) -> None:
        """The platform asked to wait (429): nothing but what is urgent goes there before."""
        until = self._clock() + seconds + (_BURST["reply"] - 1) * _EVERY_S
        self._free_at[channel] = max(self._free_at.get(channel, 0.0), until)

    async def place(self, channel: str, kind: Kind, longest_s: float) -> float:
        """Wait for a place, at most so long; 0 when it was had, else the seconds still to wait."""
        end = self._clock() + longest_s
        while (wait := self.wait_s(channel, kind)) > 0:
            if self._clock() + wait > end:
                return wait
            await asyncio.sleep(wait)
        return 0.0
