from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from store.engine import Database
from store.outbox import Outbox, OutboxDraft

LEASE = timedelta(seconds=60)
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Hands:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def outbox(database: Database, hands: Hands) -> Outbox:
    return Outbox(database, hands)


async def _keys(outbox: Outbox, owner: str = "me", channels: tuple[str, ...] = ("c",)) -> list[str]:
    return [m.key for m in await outbox.claim(owner, channels=channels, limit=10, lease=LEASE)]


async def test_one_message_per_key(outbox: Outbox) -> None:
    assert await outbox.put(OutboxDraft("k", "c", "T", "a"))
    assert not await outbox.put(OutboxDraft("k", "c", "T", "b"))
    found = await outbox.get("k")
    assert found is not None
    assert found.body == "a"


async def test_a_thread_is_said_in_order_and_threads_do_not_wait_for_each_other(outbox: Outbox) -> None:
    for key, thread in (("a1", "A"), ("a2", "A"), ("b1", "B")):
        await outbox.put(OutboxDraft(key, "c", thread, "x"))
    first = await outbox.claim("me", channels=("c",), limit=10, lease=LEASE)
    assert [m.key for m in first] == ["a1", "b1"]
    assert await _keys(outbox) == []
    await outbox.sent(first[0].id, "p1")
    assert await _keys(outbox) == ["a2"]


async def test_a_message_that_waits_for_its_retry_holds_its_thread_back(outbox: Outbox, hands: Hands) -> None:
    await outbox.put(OutboxDraft("a1", "c", "A", "x"))
    await outbox.put(OutboxDraft("a2", "c", "A", "x"))
    (message,) = await outbox.claim("me", channels=("c",), limit=10, lease=LEASE)
    await outbox.retry(message.id, error="Boom", at=NOON + timedelta(seconds=10))
    assert await _keys(outbox) == []
    assert await outbox.next_at(("c",)) == NOON  # a2 itself is due; the loop looks again soon enough
    hands.now += timedelta(seconds=11)
    (again,) = await outbox.claim("me", channels=("c",), limit=10, lease=LEASE)
    assert (again.key, again.attempts) == ("a1", 2)
    await outbox.give_up(again.id, error="Boom")
    assert await _keys(outbox) == ["a2"]  # what was given up blocks nobody
    assert await outbox.counts() == {"failed": 1, "sending": 1}


async def test_a_dead_sender_loses_its_message_when_the_lease_runs_out(outbox: Outbox, hands: Hands) -> None:
    await outbox.put(OutboxDraft("k", "c", "A", "x"))
    assert await _keys(outbox, "dead") == ["k"]
    assert await _keys(outbox, "live") == []
    hands.now += LEASE + timedelta(seconds=1)
    (message,) = await outbox.claim("live", channels=("c",), limit=10, lease=LEASE)
    assert message.attempts == 2


async def test_a_restart_takes_its_messages_up_at_once(outbox: Outbox) -> None:
    await outbox.put(OutboxDraft("k", "c", "A", "x"))
    assert await _keys(outbox, "me") == ["k"]
    assert await outbox.release("other") == 0
    assert await outbox.release("me") == 1
    assert await _keys(outbox, "me") == ["k"]


async def test_only_channels_with_a_sender_are_taken(outbox: Outbox) -> None:
    await outbox.put(OutboxDraft("k", "slack", "A", "x"))
    assert await _keys(outbox, channels=("bridge",)) == []
    assert await outbox.next_at(("bridge",)) is None
