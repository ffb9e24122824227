"""Starts and stops Slack beside the running process. Importing this is cheap; the libraries load later."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from bots.bridge.services import Part
from bots.slack.parts import SlackKeys, SlackParts
from store.errors import StoreError

if TYPE_CHECKING:
    from bots.slack.bot import Bot

log = structlog.get_logger("slack")

__all__ = ["Slack", "SlackKeys", "SlackParts"]

_GRACE_S = 60.0  # of a start or of a lost connection, before /readyz says no
_RETRY_S = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)


class Slack:
    """One workspace's bot. It starts by itself after the process is ready, tries again until it is connected, and
    says in one sentence what is wrong where it is not."""

    def __init__(self, parts: SlackParts, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._parts, self._clock = parts, clock
        self._task: asyncio.Task[None] | None = None
        self._bot: Bot | None = None
        self._trouble = "Connecting."
        self._well_at = clock()

    def start(self) -> None:
        """Begin to connect, as a task of the running loop."""
        if self._task is None:
            self._well_at = self._clock()
            self._task = asyncio.create_task(self._run(), name="slack")

    async def stop(self) -> None:
        """Disconnect; what was acknowledged is in the inbox and goes on in the next life."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        bot, self._bot = self._bot, None
        if bot is not None:
            await bot.stop()

    def part(self) -> Part:
        """For /readyz and `trinity doctor`: connected or not, the age of the last event, and what to do."""
        now = self._clock()
        if self._bot is not None and not self._trouble:
            self._well_at = now
            return Part("slack", True, self._bot.describe())
        return Part("slack", now - self._well_at < _GRACE_S, self._trouble)

    async def _run(self) -> None:
        tries = 0
        while True:
            try:
                if self._bot is None:
                    await self._connect()
                    tries = 0
                await asyncio.sleep(2.0)
                assert self._bot is not None
                with contextlib.suppress(StoreError):
                    await self._bot.tend()
                self._trouble = "" if await self._bot.alive() else "The connection to Slack is lost; it is made anew."
            except Exception as error:  # noqa: BLE001 - a bot that cannot connect must not end the process
                self._trouble = str(error) if type(error).__name__ == "SlackTrouble" else _words(error)
                log.warning("slack.not_connected", error=type(error).__name__)
                await asyncio.sleep(_RETRY_S[min(tries, len(_RETRY_S) - 1)])
                tries += 1

    async def _connect(self) -> None:
        # Loading the libraries takes a good part of a second: not on the loop, and not before the process is ready.
        module = await asyncio.to_thread(importlib.import_module, "bots.slack.bot")
        bot: Bot = await module.connect(self._parts)
        self._bot, self._trouble = bot, ""
        log.info("slack.connected")


def _words(error: Exception) -> str:
    return f"Slack cannot be reached ({type(error).__name__}); it is tried again."
