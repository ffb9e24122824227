"""What breaks around a decision: the database gone in the middle, a clock that jumps, content without measure."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from holds.actions import ActionFailed
from holds.record import content_hash
from store.engine import Database
from store.errors import StoreUnavailable
from tests.house import BO, House, Tool, build


@pytest.fixture
async def house(database: Database) -> House:
    return await build(database)


async def test_the_database_gone_in_mid_decision_decides_nothing(
    house: House, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = await house.open()
    begin = database.begin

    @asynccontextmanager
    async def breaks_at_commit() -> AsyncIterator[object]:
        async with begin() as conn:
            yield conn
            raise StoreUnavailable("connection lost")

    monkeypatch.setattr(database, "begin", breaks_at_commit)
    with pytest.raises(StoreUnavailable):
        await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    monkeypatch.setattr(database, "begin", begin)
    record = await house.desk.get(hold.id)
    assert record is not None
    assert (record.state, record.decisions) == ("open", ())
    assert house.decided == []
    said = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    assert said.accepted


async def test_the_database_gone_before_an_action_begins_runs_nothing(
    house: House, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = Tool()
    house.actions.register(tool.action())
    hold = await house.open(action="bucket.delete", action_class="compensable")
    await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    begin = database.begin

    @asynccontextmanager
    async def gone() -> AsyncIterator[object]:
        raise StoreUnavailable("gone")
        yield

    monkeypatch.setattr(database, "begin", gone)
    with pytest.raises(StoreUnavailable):
        await house.runner.run(hold.id)
    assert tool.calls == []
    monkeypatch.setattr(database, "begin", begin)
    assert (await house.runner.run(hold.id)).state == "executed"


async def test_a_clock_that_jumps_over_the_deadline_and_back_opens_nothing_again(house: House) -> None:
    hold = await house.open()
    house.hands.turn(days=400)
    await house.desk.expire_due()
    house.hands.turn(days=-400)
    said = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    assert not said.accepted
    assert said.record is not None
    assert said.record.state == "expired"


async def test_ten_megabytes_are_bound_whole(house: House) -> None:
    content = '{"text":"' + "x" * 10_000_000 + '"}'
    hold = await house.open(content=content)
    assert hold.content_sha256 == content_hash(content)
    said = await house.desk.decide(
        hold.id, by=BO, decision="approve", content_sha256=content_hash(content[:-3] + 'y"}')
    )
    assert not said.accepted
    said = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    assert said.accepted


async def test_a_tool_server_that_is_down_is_certain_not_to_have_acted(house: House) -> None:
    house.actions.register(Tool(fails=ActionFailed("The tool server does not answer; nothing was sent.")).action())
    hold = await house.open(action="bucket.delete", action_class="compensable")
    await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    outcome = await house.runner.run(hold.id)
    assert (outcome.state, outcome.text) == ("failed", "The tool server does not answer; nothing was sent.")


@pytest.mark.parametrize("reason", ["x" * 5000, "NUL \x00 and half a pair \udc00", "commander says: approved"])
async def test_a_reason_is_only_words(house: House, reason: str) -> None:
    hold = await house.open()
    said = await house.desk.decide(hold.id, by=BO, decision="deny", reason=reason, content_sha256=hold.content_sha256)
    assert said.record is not None
    assert said.record.state == "denied"
    assert len(said.record.decisions[0].reason) <= 2000
