"""Decides when things happen by themselves: APScheduler ticks, and what was missed while down is caught up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from store.ticks import Ticks
from store.times import Clock, utcnow

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Something that happens again and again. `work` must be safe to do twice: a tick may come after a crash again.

    Either `every` or `cron` (five fields, in `timezone`). `keep` remembers the last tick durably, so that a tick
    missed while the process was down happens once at the next start; jobs that look for what is due need no memory.
    """

    name: str
    work: Callable[[], Awaitable[object]]
    every: timedelta | None = None
    cron: str | None = None
    timezone: str = "UTC"
    at_start: bool = False
    keep: bool = False
    timeout: timedelta = timedelta(minutes=5)


@dataclass(slots=True)
class _State:
    job: Job
    running: bool = False
    ticks: int = 0
    failures: int = 0
    last_error: str | None = None


class ClockWork:
    """The jobs and their times. A job never overlaps itself, and one that fails is tried again at its next tick."""

    def __init__(self, ticks: Ticks, *, clock: Clock = utcnow) -> None:
        self._ticks, self._clock = ticks, clock
        self._states: dict[str, _State] = {}
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._under_way: set[asyncio.Task[None]] = set()
        self._started = False

    def add(self, job: Job) -> None:
        """Declare a job; before or after `start`.

        Raises:
            ValueError: the name is taken, or there is not exactly one of `every` and `cron`, or it is no cron line.
        """
        if job.name in self._states:
            raise ValueError(f"there is already a job called {job.name}")
        trigger = _trigger(job)
        self._states[job.name] = _State(job)
        self._scheduler.add_job(
            self._fire,
            trigger=trigger,
            args=[job.name],
            id=job.name,
            coalesce=True,  # a blocked loop or a suspended laptop: one tick, not a burst of them
            max_instances=1,
            misfire_grace_time=None,  # late is better than not at all
        )

    async def start(self) -> None:
        """Begin to tick; what was missed while the process was down happens now, once."""
        self._scheduler.start()
        self._started = True
        for state in list(self._states.values()):
            if state.job.at_start or await self._missed(state.job):
                self._launch(state.job.name)

    async def _missed(self, job: Job) -> bool:
        if not job.keep:
            return False
        last = await self._ticks.last(job.name)
        if last is None:
            await self._ticks.done(job.name)  # its first life: nothing was missed, count from now
            return False
        next_tick = _trigger(job).get_next_fire_time(last, last + timedelta(microseconds=1))
        return isinstance(next_tick, datetime) and next_tick <= self._clock()

    async def _fire(self, name: str) -> None:
        # A coroutine function: the scheduler would call a plain one in a thread, where there is no running loop.
        self._launch(name)

    def _launch(self, name: str) -> None:
        task = asyncio.get_running_loop().create_task(self._tick(self._states[name]), name=f"job-{name}")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def now(self, name: str) -> None:
        """Let a job happen at once, besides its own times."""
        if self._started:
            self._launch(name)

    async def _tick(self, state: _State) -> None:
        if state.running:
            return
        state.running = True
        moment = self._clock()
        try:
            async with asyncio.timeout(state.job.timeout.total_seconds()):
                await state.job.work()
                if state.job.keep:
                    await self._ticks.done(state.job.name, moment)
            state.ticks += 1
            state.last_error = None
        except Exception as error:  # noqa: BLE001 - a job that fails must not stop the others, nor its own next tick
            self._failed(state, error)
        finally:
            state.running = False

    @staticmethod
    def _failed(state: _State, error: Exception) -> None:
        state.failures += 1
        state.last_error = type(error).__name__
        log.error("job.failed", job=state.job.name, error=type(error).__name__, failures=state.failures)

    def health(self) -> dict[str, str | None]:
        """Each job's last error by class, None where its last tick went well."""
        return {name: state.last_error for name, state in self._states.items()}

    async def stop(self, seconds: float = 5.0) -> None:
        """Stop ticking, and let what is under way end for at most this long."""
        if self._started:
            self._scheduler.shutdown(wait=False)
            self._started = False
        tasks = set(self._under_way)
        if not tasks:
            return
        _, left = await asyncio.wait(tasks, timeout=seconds)
        for task in left:
            task.cancel()
        for task in left:
            with suppress(asyncio.CancelledError):
                await task


def _trigger(job: Job) -> BaseTrigger:
    if (job.every is None) == (job.cron is None):
        raise ValueError(f"{job.name} needs either an interval or a cron line")
    if job.every is not None:
        if job.every <= timedelta(0):
            raise ValueError(f"{job.name} needs an interval above zero")
        return IntervalTrigger(seconds=job.every.total_seconds())
    return CronTrigger.from_crontab(job.cron, timezone=ZoneInfo(job.timezone))
