"""A notice reaches every commander once, where they last wrote."""

from __future__ import annotations

from manifest.people import DeclaredIdentity, DeclaredPerson
from notifications.commanders import Commanders
from store.engine import Database
from store.inbox import Inbox
from store.outbox import Outbox
from store.people import People

TEAM = (
    DeclaredPerson("ana", "Ana", "commander", (DeclaredIdentity("local", "ana"),)),
    DeclaredPerson("bo", "Bo", "commander", (DeclaredIdentity("slack", "T1/U2"),)),
    DeclaredPerson("cy", "Cy", "member", (DeclaredIdentity("slack", "T1/U3"),)),
)


async def test_every_commander_is_told_once_where_they_last_wrote(database: Database) -> None:
    people, inbox, outbox = People(database), Inbox(database), Outbox(database)
    await people.sync(TEAM)
    await inbox.receive("slack", "e1", "T1/C1/1", "bo", "{}")
    await inbox.receive("batch", "e2", "bo/row", "bo", "{}")  # later, and nobody reads there
    commanders = Commanders(people, inbox, outbox)
    assert await commanders.tell("money:day", "83 % of today's limit of $5.00 is used.") == 2
    assert await commanders.tell("money:day", "90 % of today's limit of $5.00 is used.") == 0
    found = [await outbox.get(f"money:day:{person}") for person in ("ana", "bo", "cy")]
    assert [m and (m.channel, m.thread, m.kind) for m in found] == [
        ("bridge", "ana/notices", "notice"),
        ("slack", "T1/C1/1", "notice"),
        None,
    ]
