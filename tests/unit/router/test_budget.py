"""The spend book: limits hold under concurrency, on SQLite and PostgreSQL, and across processes' restarts."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from adapters.models.base import Usage
from router.budget import Booking, DatabaseSpendBook, Limits, Outcome, OverLimit
from store.engine import Database
from store.flags import Flags

NOW = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)


def booking(worst: int, person: str = "ana", channel: str = "console") -> Booking:
    return Booking("x1", person, channel, "FACTUAL", "hypothesis", None, "claude-sonnet-5-5", "online", worst)


async def test_two_hundred_at_once_never_pass_the_limit(database: Database) -> None:
    books = [DatabaseSpendBook(database), DatabaseSpendBook(database)]
    limit = Limits(day=1_000)

    async def one(number: int) -> bool:
        try:
            await books[number % 2].reserve(booking(37), limit)
        except OverLimit:
            return False
        return True

    granted = sum(await asyncio.gather(*(one(n) for n in range(200))))
    assert granted == 1_000 // 37
    assert (await books[0].totals()).day == granted * 37


async def test_settling_frees_what_was_not_used(database: Database) -> None:
    book = DatabaseSpendBook(database)
    reservation = await book.reserve(booking(900), Limits(day=1_000))
    with pytest.raises(OverLimit) as refused:
        await book.reserve(booking(200), Limits(day=1_000))
    assert (refused.value.kind, refused.value.charged, refused.value.limit) == ("day", 900, 1_000)
    totals = await book.settle(reservation, Outcome(100, Usage(10, 5), 12))
    assert totals.day == 100
    await book.reserve(booking(900), Limits(day=1_000))


async def test_a_settlement_counts_once(database: Database) -> None:
    book = DatabaseSpendBook(database)
    reservation = await book.reserve(booking(900), Limits())
    await book.settle(reservation, Outcome(100, Usage(10, 5), 12))
    totals = await book.settle(reservation, Outcome(700, Usage(10, 5), 12))
    assert totals.day == 100


async def test_an_outcome_never_learned_stays_charged(database: Database) -> None:
    await DatabaseSpendBook(database).reserve(booking(900), Limits(day=1_000))
    with pytest.raises(OverLimit):
        await DatabaseSpendBook(database).reserve(booking(200), Limits(day=1_000))


async def test_limits_per_person_channel_and_month(database: Database) -> None:
    book = DatabaseSpendBook(database)
    await book.reserve(booking(600, "ana", "a"), Limits(person_day=1_000, channel_day=1_000, month=2_000))
    for wanted, kind in ((booking(600, "ana", "b"), "person"), (booking(600, "bo", "a"), "channel")):
        with pytest.raises(OverLimit) as refused:
            await book.reserve(wanted, Limits(person_day=1_000, channel_day=1_000))
        assert refused.value.kind == kind
    with pytest.raises(OverLimit) as refused:
        await book.reserve(booking(1_600, "bo", "b"), Limits(month=2_000))
    assert refused.value.kind == "month"


async def test_the_day_ends_at_local_midnight(database: Database) -> None:
    clock = {"now": NOW}
    book = DatabaseSpendBook(database, ZoneInfo("Europe/Berlin"), lambda: clock["now"])
    await book.reserve(booking(1_000), Limits(day=1_000))
    assert book.resets_at().isoformat() == "2026-11-22T00:00:00+01:00"
    assert book.resets_at("month").isoformat() == "2026-12-01T00:00:00+01:00"
    clock["now"] = datetime(2026, 11, 21, 22, 59, tzinfo=UTC)
    with pytest.raises(OverLimit):
        await book.reserve(booking(1), Limits(day=1_000))
    clock["now"] = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
    await book.reserve(booking(1), Limits(day=1_000))
    totals = await book.totals()
    assert (totals.day, totals.month) == (1, 1_001)


async def test_free_calls_are_written_down_and_cost_nothing(database: Database) -> None:
    book = DatabaseSpendBook(database)
    local = Booking("x1", "ana", "console", "FACTUAL", "hypothesis", None, "llama3.1", "local")
    await book.record(local, Outcome(0, Usage(100, 50), 800, all_online=700_000))
    assert (await book.totals()).day == 0


async def test_a_pause_in_the_database_stops_reservations(database: Database) -> None:
    flags = Flags(database)
    await flags.pause(by="ana")
    with pytest.raises(OverLimit) as refused:
        await DatabaseSpendBook(database).reserve(booking(1), Limits())
    assert refused.value.kind == "pause"
    await flags.resume()
    await DatabaseSpendBook(database).reserve(booking(1), Limits())
