"""Usage adds up, by every group, and names what staying at home saved."""

from __future__ import annotations

from decimal import Decimal

import pytest

from adapters.models.base import Usage
from router.budget import Booking, DatabaseSpendBook, Limits, Outcome
from router.learning import Learner, Signal
from router.usage import GROUPS, By, plain, total_of, usage
from store.engine import Database


@pytest.mark.parametrize("by", GROUPS)
async def test_every_group_adds_up(database: Database, by: By) -> None:
    book = DatabaseSpendBook(database)
    online = Booking("x1", "ana", "slack", "FACTUAL", "hypothesis", "c1", "claude-sonnet-5-5", "online", 5_000)
    local = Booking("x2", "bo", "console", "SOCIAL", "rewrite", None, "llama3.1", "local")
    paid = await book.reserve(online, Limits())
    await book.settle(paid, Outcome(3_000, Usage(10, 20, cache_read=5), 100, all_online=3_000))
    await book.record(local, Outcome(0, Usage(7, 8), 50, all_online=9_000))
    await book.record(local, Outcome(0, Usage(0, 0), 10, failed=True))
    await book.reserve(online, Limits())
    rows = await usage(database, by)
    everything = total_of(rows)
    assert (everything.calls, everything.failed, everything.online) == (4, 1, 2)
    assert (everything.tokens_in, everything.tokens_out) == (22, 28)
    assert everything.cost_usd == Decimal(3_000) / 10**9
    assert everything.unsettled_usd == Decimal(5_000) / 10**9
    assert everything.saved_usd == Decimal(9_000) / 10**9
    assert everything.saved_share == pytest.approx(0.75)


async def test_days_bound_it(database: Database) -> None:
    local = Booking("x2", "bo", "console", "SOCIAL", "rewrite", None, "llama3.1", "local")
    await DatabaseSpendBook(database).record(local, Outcome(0, Usage(7, 8), 50))
    assert await usage(database, "day", since="2999-01-01") == []
    assert await usage(database, "day", until="1999-01-01") == []
    assert len(await usage(database, "day", since="2000-01-01")) == 1


async def test_saving_and_kept_quality_stand_side_by_side(database: Database) -> None:
    book, learner = DatabaseSpendBook(database), Learner(database)
    for n in range(4):
        home = Booking(f"h{n}", "ana", "console", "FACTUAL", "hypothesis", None, "llama3.1", "local", kind="factual")
        await book.record(home, Outcome(0, Usage(7, 8), 50, all_online=1_000))
    (row,) = await usage(database, "lane")
    assert (row.at_home.answers, row.kept_quality) == (4, None)  # nothing is known of them: not 100 %
    assert await learner.note("h0", Signal.THUMB, 1.0)
    assert await learner.note("h1", Signal.THUMB, 0.0)
    (row,) = await usage(database, "lane")
    assert (row.saved_share, row.kept_quality, row.at_home.judged) == (1.0, 0.5, 2)
    out = Booking("o1", "bo", "slack", "FACTUAL", "hypothesis", None, "claude-x", "online", 9, kind="factual")
    await book.settle(await book.reserve(out, Limits()), Outcome(9, Usage(1, 1), 9, all_online=9))
    (row,) = await usage(database, "lane")
    assert row.kept_quality == pytest.approx((4 * 0.5 + 1) / 5)
    rows = {r.key: r for r in await usage(database, "person")}
    assert (rows["ana"].kept_quality, rows["bo"].kept_quality) == (0.5, 1.0)
    assert total_of(list(rows.values())).kept_quality == row.kept_quality
    assert plain(row)["kept_quality"] == 0.6


async def test_nothing_used_is_no_error(database: Database) -> None:
    assert await usage(database, "model") == []
    assert total_of([]).saved_share is None
