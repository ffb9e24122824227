from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from holds.editing import Editing
from holds.notices import Notices, Place, Places, quiet, steps
from holds.record import HoldRecord
from organs.bundles import Effect
from store.engine import Database
from store.outbox import Outbox
from store.people import Identity, Person
from tests.house import ANA, BO, DI, TEAM, House, build


def place_of(person: Person) -> Place | None:
    return None if person.id == "cy" else Place("test", f"dm:{person.id}")


@pytest.fixture
async def house(database: Database) -> House:
    people = (*TEAM[:1], replace(TEAM[1], quiet_hours="12:00-18:00"), *TEAM[2:4], replace(TEAM[4], crisis_contact=True))
    return await build(database, people)


@pytest.fixture
def notices(house: House) -> Notices:
    return Notices(house.database, house.desk, house.people, place_of, clock=house.hands)


async def said(house: House) -> list[tuple[str | None, str]]:
    outbox = Outbox(house.database, house.hands)
    found = []
    while messages := await outbox.claim("me", channels=("test",), limit=20, lease=timedelta(minutes=1)):
        for message in messages:
            await outbox.sent(message.id, "p")
            found.append((message.recipient, json.loads(message.body)["text"].split(":")[0]))
    return sorted(found, key=str)


async def test_deciders_are_asked_reminded_and_then_the_commander_is(house: House, notices: Notices) -> None:
    hold = await house.open(action_class="irreversible")
    assert [step.kind for step in steps(hold.rule)] == ["opened", "reminder", "escalation", "reminder"]
    await notices.sweep()
    await notices.sweep()
    assert await said(house) == []  # the commander comes later, Bo sleeps, Cy cannot be reached
    house.hands.turn(hours=7)  # Bo wakes at 18:00, and is told once: the reminder of 16:00, not the opening too
    await notices.sweep()
    await notices.sweep()
    assert await said(house) == [("bo", "Still waiting for a decision")]
    house.hands.turn(hours=2)
    await notices.sweep()
    assert await said(house) == [
        ("ana", "Nobody has decided this yet, so you are asked"),
        ("bo", "Nobody has decided this yet, so you are asked"),
    ]


async def test_once_decided_nobody_is_asked_any_more(house: House, notices: Notices) -> None:
    hold = await house.open()
    assert await notices.sweep() == 1
    await house.desk.decide(hold.id, by=ANA, decision="deny", content_sha256=hold.content_sha256)
    assert await notices.withdraw(hold.id) == 1
    house.hands.turn(hours=10)
    assert await notices.sweep() == 0
    assert await said(house) == []


async def test_who_has_approved_is_not_asked_again(house: House, notices: Notices) -> None:
    declared = house.policy.declared
    rules = dict(declared.classes)
    rules["unknown"] = (replace(rules["unknown"][0], needed=2), ())
    house.policy.declared = replace(declared, classes=rules)
    hold = await house.open()
    await house.desk.decide(hold.id, by=ANA, decision="approve", content_sha256=hold.content_sha256)
    await notices.sweep()
    assert await said(house) == []
    house.hands.turn(hours=7)
    await notices.sweep()
    assert [who for who, _ in await said(house)] == ["bo"]


async def test_a_crisis_wakes_its_contacts_and_says_the_least(house: House, notices: Notices) -> None:
    await house.people.sync((*TEAM[:1], replace(TEAM[1], quiet_hours="00:00-23:59", crisis_contact=True), *TEAM[2:]))
    hold = await house.open(
        kind="crisis", action="crisis", action_class="crisis", content="what the person wrote", effect=Effect.NONE
    )
    await notices.sweep()
    message = await Outbox(house.database).get(f"hold-notice:{hold.id}:0:bo")
    assert message is not None
    assert "what the person wrote" not in message.body
    assert "Di" not in message.body
    assert [who for who, _ in await said(house)] == ["bo"]
    await house.desk.acknowledge(hold.id, by=BO, content_sha256=hold.content_sha256)
    house.hands.turn(hours=2)
    assert await notices.sweep() == 0


@pytest.mark.parametrize(
    ("hours", "zone", "moment", "sleeps"),
    [
        (None, "UTC", (12, 0), False),
        ("22:00-07:00", "UTC", (23, 0), True),
        ("22:00-07:00", "UTC", (6, 59), True),
        ("22:00-07:00", "UTC", (7, 0), False),
        ("22:00-07:00", "America/New_York", (11, 0), True),  # six in the morning there
        ("12:00-13:00", "UTC", (12, 30), True),
        ("12:00-13:00", "UTC", (13, 0), False),
        ("12:00-12:00", "UTC", (12, 0), False),
    ],
)
def test_quiet_hours(hours: str | None, zone: str, moment: tuple[int, int], sleeps: bool) -> None:
    person = Person("x", "X", "approver", (), zone, "en", True, True, hours)
    assert quiet(person, datetime(2026, 11, 21, *moment, tzinfo=UTC)) is sleeps


async def test_a_question_goes_to_the_asker_and_the_answer_to_who_asked(house: House, notices: Notices) -> None:
    async def fine(_record: HoldRecord, _content: str) -> str | None:
        return None

    async def changed(record: HoldRecord) -> None:
        await notices.changed(record)

    house.desk.changed = changed
    editing = Editing(house.database, house.desk, fine, clock=house.hands)
    hold = await house.open()
    assert await said(house) == [("ana", "Your decision is asked for")]  # at once, and Bo sleeps
    await editing.ask(hold.id, by=ANA, question="Which table?")
    outbox = Outbox(house.database, house.hands)
    (question,) = await outbox.claim("me", channels=("bridge",), limit=9, lease=timedelta(minutes=1))
    assert (question.recipient, question.thread) == ("di", "T1")
    assert "Which table?" in question.body
    await editing.answer(hold.id, by=DI, answer="The old one.")
    (who, words) = (await said(house))[0]
    assert who == "ana"
    assert words.startswith("Di answered")
    await house.desk.decide(hold.id, by=ANA, decision="deny", content_sha256=hold.content_sha256)
    house.hands.turn(hours=10)
    assert await notices.sweep() == 0


def test_the_channel_that_came_last_is_tried_first() -> None:
    person = Person("bo", "Bo", "approver", (), "UTC", "en", True, True)
    places = Places(lambda one: Place("bridge", f"{one.id}/notices"))
    assert places.of(person) == Place("bridge", "bo/notices")
    places.register(lambda one: Place("slack", "D1") if one.identities else None)
    assert places.of(person) == Place("bridge", "bo/notices")
    linked = replace(person, identities=(Identity("slack", "T1/U2", "linked"),))
    assert places.of(linked) == Place("slack", "D1")
    assert Places().of(person) is None
