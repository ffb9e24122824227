from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from store.engine import Database
from store.erasure import erase_texts
from store.inbox import Inbox
from store.outbox import Outbox, OutboxDraft
from store.tables import metadata
from store.threads import Threads, TurnDraft
from tests.house import BO, NOON, House, build

SECRET = "the pink elephant"


async def everything(database: Database) -> str:
    async with database.read() as conn:
        return "".join([str((await conn.execute(select(table))).all()) for table in metadata.sorted_tables])


async def leave_traces(house: House, person: str) -> None:
    inbox, outbox = Inbox(house.database, house.hands), Outbox(house.database, house.hands)
    exchange, _ = await inbox.receive("test", f"E-{person}", "T1", person, f'{{"text":"{SECRET}"}}')
    hold = await house.open(exchange, requester=person, content=f'{{"what":"{SECRET}"}}')
    await house.desk.decide(hold.id, by=BO, decision="deny", reason=SECRET, content_sha256=hold.content_sha256)
    reply = OutboxDraft(f"reply:{exchange}", "test", "T1", SECRET, exchange_id=exchange)
    await inbox.finish(exchange, SECRET, reply, [TurnDraft("user", SECRET), TurnDraft("assistant", SECRET)])
    for message in await outbox.claim("me", channels=("test",), limit=9, lease=timedelta(minutes=1)):
        await outbox.sent(message.id, "p1")
    name = next(n for n in house.actions.names() if n.startswith("reminder"))
    await house.actions.run(
        name,
        {"text": SECRET, "due": (NOON + timedelta(hours=1)).isoformat()},
        key=f"k-{person}",
        exchange_id=exchange,
        person=person,
        channel="test",
        thread="T1",
    )


async def test_what_a_person_wrote_is_gone_and_what_others_wrote_stays(database: Database) -> None:
    house = await build(database)
    await leave_traces(house, "di")
    house.hands.turn(hours=2)
    await house.reminders.deliver_due()
    for message in await Outbox(database, house.hands).claim(
        "me", channels=("test",), limit=9, lease=timedelta(minutes=1)
    ):
        await Outbox(database, house.hands).sent(message.id, "p2")
    assert SECRET in await everything(database)
    assert await erase_texts(database, "di") > 0
    assert SECRET not in await everything(database)
    assert await Threads(database).last("test", "T1", 9) == []

    await leave_traces(house, "cy")
    await erase_texts(database, "di")
    assert len(await Threads(database).last("test", "T1", 9)) == 2


async def test_what_is_under_way_is_left_until_it_ends(database: Database) -> None:
    house = await build(database)
    hold = await house.open(content=f'{{"what":"{SECRET}"}}')
    await erase_texts(database, "di")
    record = await house.desk.get(hold.id)
    assert record is not None
    assert SECRET in record.content
    await house.desk.decide(hold.id, by=BO, decision="deny", content_sha256=hold.content_sha256)
    await erase_texts(database, "di")
    record = await house.desk.get(hold.id)
    assert record is not None
    assert SECRET not in record.content
    assert record.content_sha256 == hold.content_sha256
