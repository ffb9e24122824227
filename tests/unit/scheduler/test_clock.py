from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from scheduler.clock import ClockWork, Job
from store.engine import Database
from store.ticks import Ticks
from tests.house import Hands


class Count:
    def __init__(self, fails: bool = False) -> None:
        self.n, self.fails = 0, fails

    async def __call__(self) -> None:
        self.n += 1
        if self.fails:
            raise RuntimeError("private words")


async def until(ready: object, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not ready():  # type: ignore[operator]
            await asyncio.sleep(0.01)


async def test_a_job_happens_again_and_again_and_ends_with_the_clock(database: Database) -> None:
    clock, work = ClockWork(Ticks(database)), Count()
    clock.add(Job("often", work, every=timedelta(milliseconds=50)))
    await clock.start()
    await until(lambda: work.n >= 3)
    await clock.stop()
    seen = work.n
    await asyncio.sleep(0.2)
    assert work.n == seen


async def test_a_job_that_fails_is_tried_at_its_next_tick_and_says_only_the_class(database: Database) -> None:
    clock, bad, good = ClockWork(Ticks(database)), Count(fails=True), Count()
    clock.add(Job("bad", bad, every=timedelta(milliseconds=50)))
    clock.add(Job("good", good, every=timedelta(milliseconds=50)))
    await clock.start()
    await until(lambda: bad.n >= 2 and good.n >= 2)
    assert clock.health() == {"bad": "RuntimeError", "good": None}
    await clock.stop()


async def test_a_job_never_overlaps_itself(database: Database) -> None:
    clock, at_once, most = ClockWork(Ticks(database)), 0, 0

    async def slow() -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.15)
        at_once -= 1

    clock.add(Job("slow", slow, every=timedelta(milliseconds=40)))
    await clock.start()
    clock.now("slow")
    await asyncio.sleep(0.5)
    await clock.stop()
    assert most == 1


async def test_what_was_missed_while_down_is_caught_up_once(database: Database) -> None:
    hands = Hands()
    ticks = Ticks(database, hands)
    job = {"cron": "0 9 * * *", "timezone": "Europe/Berlin", "keep": True}

    async def life(work: Count) -> None:
        clock = ClockWork(ticks, clock=hands)
        clock.add(Job("digest", work, **job))  # type: ignore[arg-type]
        await clock.start()
        await asyncio.sleep(0.1)
        await clock.stop()

    first = Count()
    await life(first)
    assert first.n == 0  # its first life: nothing was missed
    hands.turn(hours=2)
    same_day = Count()
    await life(same_day)
    assert same_day.n == 0  # nine o'clock has not come since
    hands.turn(days=3)
    after = Count()
    await life(after)
    assert after.n == 1  # three were missed, one is caught up
    again = Count()
    await life(again)
    assert again.n == 0


async def test_a_missed_job_that_fails_is_still_missed(database: Database) -> None:
    hands = Hands()
    ticks = Ticks(database, hands)
    await ticks.done("digest")
    hands.turn(days=1)
    for work, expected in ((Count(fails=True), 1), (Count(), 1), (Count(), 0)):
        clock = ClockWork(ticks, clock=hands)
        clock.add(Job("digest", work, every=timedelta(hours=12), keep=True))
        await clock.start()
        await asyncio.sleep(0.1)
        await clock.stop()
        assert work.n == expected


async def test_a_job_at_start(database: Database) -> None:
    clock, work = ClockWork(Ticks(database)), Count()
    clock.add(Job("sweep", work, every=timedelta(hours=1), at_start=True))
    await clock.start()
    await until(lambda: work.n == 1)
    await clock.stop()


async def test_a_job_that_hangs_is_cut(database: Database) -> None:
    clock = ClockWork(Ticks(database))

    async def hangs() -> None:
        await asyncio.sleep(60)

    clock.add(Job("hangs", hangs, every=timedelta(hours=1), at_start=True, timeout=timedelta(milliseconds=50)))
    await clock.start()
    await until(lambda: clock.health()["hangs"] == "TimeoutError")
    await clock.stop()


@pytest.mark.parametrize(
    "times", [{}, {"every": timedelta(0)}, {"cron": "never"}, {"every": timedelta(1), "cron": "* * * * *"}]
)
async def test_a_senseless_time_is_refused(times: dict[str, object], tmp_path: object) -> None:
    clock = ClockWork(None)  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        clock.add(Job("x", Count(), **times))  # type: ignore[arg-type]
