"""Delivers what the outbox table holds: in order per thread, retried within bounds, never lost, seldom said twice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Protocol, runtime_checkable

import structlog

from store.errors import StoreError
from store.outbox import Outbox, OutboxMessage
from store.times import Clock, utcnow

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
_SEND_S = 45.0  # shorter than the lease: a slow send must not be taken for a dead one
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 300.0
_TRIES = 12  # about 40 minutes, then the message is shown as failed
_BATCH = 20
_IDLE_S = 5.0  # how long a message written by another process may lie unnoticed


class SendRefused(Exception):
    """The platform will never take this message (no such channel, too long): it is not tried again.

    The message names the reason without the message's text.
    """


class SendLater(Exception):
    """The platform asks to wait (rate limit, maintenance)."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"later, in {seconds:.0f} s")


class Sender(Protocol):
    """One platform's way to say something (made in `bots/`)."""

    @property
    def channel(self) -> str:
        """Which outbox channel it delivers."""
        ...

    async def send(self, message: OutboxMessage) -> str:
        """Say it, and give the platform's id of what was said.

        Raises SendRefused when it never will, SendLater when asked to wait, anything else to be tried again.
        """
        ...


@runtime_checkable
class Reconciles(Protocol):
    """A sender that can find out whether a message was said before (by its key in the platform's metadata)."""

    async def already_sent(self, message: OutboxMessage) -> str | None:
        """The platform's id if it was said, else None."""
        ...


class Delivery:
    """The loop that empties the outbox. At least once: after a crash between saying and noting, a sender that
    `Reconciles` is asked first, and only one that cannot know says it again."""

    def __init__(self, outbox: Outbox, owner: str, *, clock: Clock = utcnow) -> None:
        self._outbox, self._owner, self._clock = outbox, owner, clock
        self._senders: dict[str, Sender] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def senders(self) -> Mapping[str, Sender]:
        """The channels that are delivered, by name."""
        return self._senders

    def register(self, sender: Sender) -> None:
        """Deliver one more channel.

        Raises:
            ValueError: the channel has a sender.
        """
        if sender.channel in self._senders:
            raise ValueError(f"{sender.channel} has a sender already")
        self._senders[sender.channel] = sender
        self.wake()

    def wake(self) -> None:
        """Look at the table now: something was written."""
        self._wake.set()

    def start(self) -> None:
        """Begin to deliver, as a task of the running loop."""
        if self._task is None:
            self._stopping = False
            self._task = asyncio.create_task(self._run(), name="outbox-delivery")

    async def stop(self, seconds: float = 5.0) -> None:
        """Let what is being said be said, for at most this long."""
        task, self._task = self._task, None
        if task is None:
            return
        self._stopping = True
        self.wake()
        with suppress(TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(seconds):
                await asyncio.shield(task)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                busy = await self.deliver_once()
            except StoreError as error:
                log.warning("outbox.store_unavailable", error=type(error).__name__)
                busy = 0
            except Exception as error:  # noqa: BLE001 - the loop that says everything must not end
                log.error("outbox.loop", error=type(error).__name__)
                busy = 0
            if busy == 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(await self._pause()):
                        await self._wake.wait()

    async def _pause(self) -> float:
        try:
            due = await self._outbox.next_at(tuple(self._senders))
        except StoreError:
            return _IDLE_S
        if due is None:
            return _IDLE_S
        return min(_IDLE_S, max(0.05, (due - self._clock()).total_seconds()))

    async def deliver_once(self) -> int:
        """Say what is due, at most one message of each thread; how many were taken."""
        channels = tuple(self._senders)
        if not channels:
            return 0
        taken = await self._outbox.claim(self._owner, channels=channels, limit=_BATCH, lease=LEASE)
        ends = await asyncio.gather(*(self._deliver(message) for message in taken), return_exceptions=True)
        for end in ends:
            # What could not be noted is still leased, and looked at again when the lease runs out.
            if isinstance(end, BaseException):
                log.warning("outbox.not_noted", error=type(end).__name__)
        return len(taken)

    async def _deliver(self, message: OutboxMessage) -> None:
        sender = self._senders[message.channel]
        try:
            async with asyncio.timeout(_SEND_S):
                platform_id = await self._before(sender, message) or await sender.send(message)
        except SendRefused:
            log.error("outbox.refused", channel=message.channel, kind=message.kind, message=message.id)
            await self._outbox.give_up(message.id, error="SendRefused")
        except SendLater as later:
            # Waiting because one was asked to is no failed try, but it cannot go on for ever either.
            await self._again(message, "SendLater", max(later.seconds, _FIRST_WAIT_S))
        except Exception as error:  # noqa: BLE001 - any platform's error is a try that failed
            await self._again(message, type(error).__name__, _wait(message.attempts))
        else:
            await self._outbox.sent(message.id, platform_id)

    @staticmethod
    async def _before(sender: Sender, message: OutboxMessage) -> str | None:
        if message.attempts > 1 and isinstance(sender, Reconciles):
            return await sender.already_sent(message)
        return None

    async def _again(self, message: OutboxMessage, error: str, seconds: float) -> None:
        if message.attempts >= _TRIES:
            log.error("outbox.gave_up", channel=message.channel, kind=message.kind, message=message.id, error=error)
            await self._outbox.give_up(message.id, error=error)
            return
        log.info("outbox.retry", channel=message.channel, message=message.id, error=error, attempt=message.attempts)
        await self._outbox.retry(message.id, error=error, at=self._clock() + timedelta(seconds=seconds))


def _wait(attempts: int) -> float:
    """Seconds before the next try: doubled each time up to a limit, spread by a quarter so that retries do not meet."""
    base: float = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** max(0, attempts - 1))
    return base * random.uniform(0.75, 1.25)
