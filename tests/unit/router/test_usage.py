"""Usage adds up, by every group, and names what staying at home saved."""

from __future__ import annotations

from decimal import Decimal

import pytest

from adapters.models.base import Usage
from router.budget import Booking, DatabaseSpendBook, Limits, Outcome
from router.usage import GROUPS, By, total_of, usage
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


async def test_nothing_used_is_no_error(database: Database) -> None:
    assert await usage(database, "model") == []
    assert total_of([]).saved_share is None
