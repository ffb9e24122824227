from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from store.engine import Database
from store.inbox import Inbox
from store.outbox import Outbox, OutboxDraft
from store.threads import Threads, TurnDraft

LEASE = timedelta(seconds=30)


class Hands:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def inbox(database: Database, hands: Hands) -> Inbox:
    return Inbox(database, hands)


async def test_the_same_event_is_one_exchange(inbox: Inbox) -> None:
    first, fresh = await inbox.receive("slack", "E1", "T1", "ana", "{}")
    assert fresh
    assert await inbox.receive("slack", "E1", "T1", "ana", "{}") == (first, False)
    other, fresh = await inbox.receive("discord", "E1", "T1", "ana", "{}")
    assert fresh
    assert other != first


async def test_payload_of_any_text_comes_back(inbox: Inbox) -> None:
    exchange, _ = await inbox.receive("bridge", "E", "T", "ana", "emoji 🦆, NUL \x00, half a pair \ud800")
    row = await inbox.get(exchange)
    assert row is not None
    assert row.payload == "emoji 🦆, NUL \ufffd, half a pair \ufffd"


async def test_a_text_is_in_no_log(inbox: Inbox) -> None:
    exchange, _ = await inbox.receive("bridge", "E", "T", "ana", "a private matter")
    assert "private" not in repr(await inbox.get(exchange))


async def test_only_one_worker_has_an_exchange(inbox: Inbox, hands: Hands) -> None:
    exchange, _ = await inbox.receive("c", "E", "T", "ana", "{}")
    assert await inbox.claim(exchange, "one", LEASE) is not None
    assert await inbox.claim(exchange, "two", LEASE) is None
    assert await inbox.claim(exchange, "one", LEASE) is None  # nor twice by the same
    assert await inbox.abandoned() == []
    hands.now += LEASE + timedelta(seconds=1)
    assert [row.exchange_id for row in await inbox.abandoned()] == [exchange]
    row = await inbox.claim(exchange, "two", LEASE)
    assert row is not None
    assert row.attempts == 2
    assert not await inbox.extend(exchange, "one", LEASE)
    assert await inbox.extend(exchange, "two", LEASE)


async def test_a_restart_gives_back_its_own_work(inbox: Inbox) -> None:
    mine, _ = await inbox.receive("c", "E1", "T", "ana", "{}")
    other, _ = await inbox.receive("c", "E2", "T", "ana", "{}")
    await inbox.claim(mine, "me", LEASE)
    await inbox.claim(other, "you", LEASE)
    assert await inbox.release("me") == 1
    assert [row.exchange_id for row in await inbox.abandoned()] == [mine]
    assert await inbox.release() == 2


async def test_finishing_writes_everything_once(inbox: Inbox, database: Database) -> None:
    exchange, _ = await inbox.receive("c", "E", "T", "ana", "{}")
    draft = OutboxDraft("reply:1", "c", "T", "hello", exchange_id=exchange)
    turns = [TurnDraft("user", "hi", "hi"), TurnDraft("assistant", "hello")]
    assert await inbox.finish(exchange, "SEAL", draft, turns, seal_index=7)
    assert not await inbox.finish(exchange, "VOID", OutboxDraft("reply:2", "c", "T", "no"), turns)
    row = await inbox.get(exchange)
    assert row is not None
    assert (row.state, row.outcome, row.seal_index) == ("done", "SEAL", 7)
    assert [m.key for m in await Outbox(database).of_exchange(exchange)] == ["reply:1"]
    assert [(t.role, t.text) for t in await Threads(database).last("c", "T", 9)] == [
        ("user", "hi"),
        ("assistant", "hello"),
    ]
    assert not await inbox.mark(exchange, "received")
    assert await inbox.claim(exchange, "one", LEASE) is None


async def test_a_waiting_exchange_goes_on(inbox: Inbox) -> None:
    exchange, _ = await inbox.receive("c", "E", "T", "ana", "{}")
    assert await inbox.park(exchange, "888_HOLD", OutboxDraft("k1", "c", "T", "waits"))
    assert not await inbox.park(exchange, "888_HOLD", OutboxDraft("k2", "c", "T", "waits"))
    assert await inbox.unfinished() == []
    assert await inbox.claim(exchange, "one", LEASE) is not None
    assert await inbox.finish(exchange, "SEAL", OutboxDraft("k3", "c", "T", "done"))


async def test_an_unknown_exchange_cannot_be_finished(inbox: Inbox) -> None:
    with pytest.raises(KeyError):
        await inbox.finish("ex_nobody", "SEAL")


async def test_stop_is_kept(inbox: Inbox) -> None:
    exchange, _ = await inbox.receive("c", "E", "T", "ana", "{}")
    assert not await inbox.cancel_requested(exchange)
    assert await inbox.request_cancel(exchange)
    assert not await inbox.request_cancel(exchange)
    assert await inbox.cancel_requested(exchange)


async def test_a_silent_process_loses_what_it_had_and_writes_nothing_more(inbox: Inbox) -> None:
    exchange, _ = await inbox.receive("c", "E1", "T", "p", "{}")
    assert await inbox.claim(exchange, "slow", timedelta(minutes=5)) is not None
    assert await inbox.release_silent(["slow", "quick"]) == 0
    assert await inbox.claim(exchange, "quick", timedelta(minutes=5)) is None
    assert await inbox.release_silent(["quick"]) == 1
    assert await inbox.release_silent(["quick"]) == 0
    assert await inbox.claim(exchange, "quick", timedelta(minutes=5)) is not None
    assert not await inbox.prepare(exchange, "the slow one's", owner="slow")
    assert not await inbox.finish(exchange, "SEAL", OutboxDraft("k1", "c", "T", "late"), owner="slow")
    assert not await inbox.park(exchange, "888_HOLD", owner="slow")
    assert await inbox.prepare(exchange, "the quick one's", owner="quick")
    assert await inbox.finish(exchange, "SEAL", OutboxDraft("k2", "c", "T", "done"), owner="quick")
    assert not await inbox.prepare(exchange, "later", owner="quick")
    row = await inbox.get(exchange)
    assert row is not None
    assert (row.prepared, row.outcome) == ("the quick one's", "SEAL")
