from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from notifications import outbox as delivery_module
from notifications.outbox import Delivery, SendLater, SendRefused
from store.engine import Database
from store.outbox import Outbox, OutboxDraft, OutboxMessage
from tests.house import Hands


class Platform:
    """A sender that does what the test says, and remembers what it was given."""

    channel = "test"

    def __init__(self, *answers: Exception | str) -> None:
        self.answers = list(answers)
        self.said: list[str] = []

    async def send(self, message: OutboxMessage) -> str:
        self.said.append(message.key)
        answer = self.answers.pop(0) if self.answers else "p"
        if isinstance(answer, Exception):
            raise answer
        return answer


class Remembering(Platform):
    """A platform on which one can look whether a message was said before."""

    async def already_sent(self, message: OutboxMessage) -> str | None:
        return f"old-{message.key}" if message.key in self.said else None


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def outbox(database: Database, hands: Hands) -> Outbox:
    return Outbox(database, hands)


def loop_with(outbox: Outbox, hands: Hands, platform: Platform) -> Delivery:
    delivery = Delivery(outbox, "me", clock=hands)
    delivery.register(platform)
    return delivery


async def state(outbox: Outbox, key: str = "k") -> tuple[str, int, str | None, str | None]:
    found = await outbox.get(key)
    assert found is not None
    return found.state, found.attempts, found.platform_id, found.error


async def test_said_once_and_noted(outbox: Outbox, hands: Hands) -> None:
    platform = Platform("p1")
    delivery = loop_with(outbox, hands, platform)
    await outbox.put(OutboxDraft("k", "test", "T", "x"))
    assert await delivery.deliver_once() == 1
    assert await delivery.deliver_once() == 0
    assert await state(outbox) == ("sent", 1, "p1", None)


async def test_a_failed_try_waits_longer_each_time_and_then_gives_up(outbox: Outbox, hands: Hands) -> None:
    platform = Platform(*[OSError("down")] * 50)
    delivery = loop_with(outbox, hands, platform)
    await outbox.put(OutboxDraft("k", "test", "T", "x"))
    waited = []
    for _ in range(delivery_module._TRIES):
        assert await delivery.deliver_once() == 1
        assert await delivery.deliver_once() == 0
        due = await outbox.next_at(("test",))
        if due is not None:
            waited.append((due - hands.now).total_seconds())
            hands.now = due
    assert await state(outbox) == ("failed", delivery_module._TRIES, None, "OSError")
    assert 0.5 < waited[0] < 2
    assert waited[-1] > 200
    assert len(platform.said) == delivery_module._TRIES


async def test_what_a_platform_refuses_is_not_tried_again(outbox: Outbox, hands: Hands) -> None:
    platform = Platform(SendRefused("no such channel"))
    delivery = loop_with(outbox, hands, platform)
    await outbox.put(OutboxDraft("k", "test", "T", "x"))
    await delivery.deliver_once()
    assert (await state(outbox))[0] == "failed"


async def test_a_platform_that_asks_to_wait_is_waited_for(outbox: Outbox, hands: Hands) -> None:
    delivery = loop_with(outbox, hands, Platform(SendLater(30)))
    await outbox.put(OutboxDraft("k", "test", "T", "x"))
    await delivery.deliver_once()
    hands.turn(seconds=29)
    assert await delivery.deliver_once() == 0
    hands.turn(seconds=2)
    assert await delivery.deliver_once() == 1
    assert (await state(outbox))[0] == "sent"


async def test_after_a_crash_a_platform_that_can_look_is_asked_first(outbox: Outbox, hands: Hands) -> None:
    platform = Remembering()
    delivery = loop_with(outbox, hands, platform)
    await outbox.put(OutboxDraft("k", "test", "T", "x"))
    (message,) = await outbox.claim("me", channels=("test",), limit=1, lease=delivery_module.LEASE)
    await platform.send(message)  # and here the process died
    await outbox.release()
    await delivery.deliver_once()
    assert platform.said == ["k"]
    assert await state(outbox) == ("sent", 2, "old-k", None)


async def test_the_loop_says_what_is_written_at_once(database: Database) -> None:
    outbox = Outbox(database)
    platform = Platform()
    delivery = Delivery(outbox, "me")
    delivery.register(platform)
    delivery.start()
    for n in range(3):
        await outbox.put(OutboxDraft(f"k{n}", "test", "T", "x"))
    delivery.wake()
    async with asyncio.timeout(10):
        while len(platform.said) < 3:
            await asyncio.sleep(0.02)
    await delivery.stop()
    assert platform.said == ["k0", "k1", "k2"]


async def test_the_loop_outlives_a_database_that_is_away(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from store.errors import StoreUnavailable

    outbox = Outbox(database)
    platform = Platform()
    delivery = Delivery(outbox, "me")
    delivery.register(platform)
    await outbox.put(OutboxDraft("k", "test", "T", "x"))
    begin, failures = database.begin, 2

    @asynccontextmanager
    async def shaky() -> AsyncIterator[object]:
        nonlocal failures
        if failures:
            failures -= 1
            raise StoreUnavailable("gone")
        async with begin() as conn:
            yield conn

    monkeypatch.setattr(database, "begin", shaky)
    delivery.start()
    async with asyncio.timeout(20):
        while not platform.said:
            delivery.wake()
            await asyncio.sleep(0.02)
    await delivery.stop()


async def test_a_channel_has_one_sender(outbox: Outbox, hands: Hands) -> None:
    delivery = loop_with(outbox, hands, Platform())
    with pytest.raises(ValueError, match="already"):
        delivery.register(Platform())
