"""An exchange around its hold: nobody who may decide, a pause, an edit, and a process that slept too long."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from holds.actions import Action, Done
from holds.editing import Editing
from holds.record import HoldRecord, NobodyMayDecide
from holds.runs import ActionContext
from organs.bundles import Effect
from store.engine import Database
from store.flags import Flags
from store.tables import turns
from tests.conversing import Talk, build_talk
from tests.house import BO, TEAM, House, build


@pytest.fixture
def database_url() -> str | None:
    """The rows are the same on both databases; what differs there is tested in tests/integration."""
    return None


@pytest.fixture
async def house(database: Database) -> House:
    made = await build(database)
    made.ran = []  # type: ignore[attr-defined]

    async def act(arguments: Mapping[str, str], _context: ActionContext) -> Done:
        made.ran.append(dict(arguments))  # type: ignore[attr-defined]
        return Done("It is done.")

    made.actions.register(Action("act", "Act.", Effect.COMPENSABLE, act))
    return made


@pytest.fixture
def talk(house: House) -> Talk:
    return build_talk(house.database, house.desk, house.actions, house.runner, owner=house.replicas.id)


def ran(house: House) -> list[dict[str, str]]:
    return house.ran  # type: ignore[attr-defined, no-any-return]


async def approved(house: House, exchange: str) -> HoldRecord:
    (hold,) = await house.desk.of_exchange(exchange)
    said = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    assert said.accepted
    assert said.record is not None
    return said.record


async def count_turns(house: House, exchange: str) -> int:
    async with house.database.read() as conn:
        query = select(func.count()).select_from(turns).where(turns.c.exchange_id == exchange)
        return int((await conn.execute(query)).scalar_one())


async def test_approved_it_runs_and_both_phases_are_sealed(house: House, talk: Talk) -> None:
    exchange = await talk.ask("one")
    outcome = await talk.exchanges.carry(exchange, decided=await approved(house, exchange))
    assert outcome is not None
    assert (outcome.verdict, ran(house)) == ("SEAL", [{"text": "one"}])
    assert list(talk.ledger.entries) == [f"exchange:{exchange}:first", f"exchange:{exchange}:decided"]
    assert await house.desk.decided_not_continued() == ()


async def test_where_nobody_may_decide_any_more_it_is_void_and_sealed(
    house: House, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nobody(_request: object) -> HoldRecord:
        raise NobodyMayDecide("any commander may decide, and there is none besides the one who asked")

    monkeypatch.setattr(house.desk, "open", nobody)
    exchange = await talk.ask("one")
    row = await talk.inbox.get(exchange)
    assert row is not None
    assert (row.state, row.outcome is None) == ("done", False)
    outcome = json.loads(row.outcome or "")
    assert outcome["verdict"] == "VOID"
    assert "there is none besides the one who asked" in outcome["reply"]
    (entry,) = talk.ledger.entries.values()
    assert entry.body["verdict"] == "VOID"
    assert entry.body["hold"] is None


async def test_nobody_left_in_the_people_file_is_void_too(house: House, talk: Talk) -> None:
    await house.people.sync([person for person in TEAM if person.role in ("member", "guest")])
    exchange = await talk.ask("one")
    row = await talk.inbox.get(exchange)
    assert row is not None
    assert json.loads(row.outcome or "")["verdict"] == "VOID"
    assert await house.desk.of_exchange(exchange) == ()


async def test_a_pause_is_waited_out_however_often_it_is_looked_at(house: House, talk: Talk) -> None:
    exchange = await talk.ask("one")
    record = await approved(house, exchange)
    flags = Flags(house.database)
    await flags.pause(by="ana")
    for _ in range(12):  # more often than an exchange may be begun
        assert await talk.exchanges.carry(exchange, decided=record) is None
    row = await talk.inbox.get(exchange)
    assert row is not None
    assert (row.state, row.attempts) == ("waiting", 1)
    said = [m for m in await talk.outbox.of_exchange(exchange) if m.kind == "hold"]
    assert len(said) == 1
    assert "It goes on by itself afterwards" in said[0].body
    assert ran(house) == []
    await flags.resume()
    (left,) = await house.desk.decided_not_continued()
    outcome = await talk.exchanges.carry(exchange, decided=left)
    assert outcome is not None
    assert (outcome.verdict, len(ran(house))) == ("SEAL", 1)


async def test_a_pause_between_the_look_and_the_action_waits_too(house: House) -> None:
    async def looked_before(_record: HoldRecord) -> str | None:
        return None

    talk = build_talk(
        house.database, house.desk, house.actions, house.runner, owner=house.replicas.id, stopped=looked_before
    )
    exchange = await talk.ask("one")
    record = await approved(house, exchange)
    await Flags(house.database).pause(by="ana")
    assert await talk.exchanges.carry(exchange, decided=record) is None
    row = await talk.inbox.get(exchange)
    assert row is not None
    assert row.state == "waiting"
    assert ran(house) == []
    await Flags(house.database).resume()
    assert await talk.exchanges.carry(exchange, decided=record) is not None
    assert len(ran(house)) == 1


async def test_denied_in_a_pause_is_said_at_once(house: House, talk: Talk) -> None:
    exchange = await talk.ask("one")
    (hold,) = await house.desk.of_exchange(exchange)
    await Flags(house.database).pause(by="ana")
    said = await house.desk.decide(hold.id, by=BO, decision="deny", reason="no", content_sha256=hold.content_sha256)
    assert said.record is not None
    outcome = await talk.exchanges.carry(exchange, decided=said.record)
    assert outcome is not None
    assert outcome.verdict == "VOID"


async def test_an_edit_goes_on_with_its_own_content(house: House, talk: Talk) -> None:
    editing = Editing(house.database, house.desk, talk.exchanges.reexamine, clock=house.hands)
    exchange = await talk.ask("one")
    (hold,) = await house.desk.of_exchange(exchange)
    said = await editing.approve_edited(
        hold.id, by=BO, content_sha256=hold.content_sha256, changes={"text": "two"}, reason="better"
    )
    assert said.accepted
    assert said.record is not None
    assert said.record.summary == "Act on one (edited: text: “one” → “two”)"
    outcome = await talk.exchanges.carry(exchange, decided=said.record)
    assert outcome is not None
    assert (outcome.verdict, ran(house)) == ("SEAL", [{"text": "two"}])
    assert talk.reexamination.judged == [said.record.content, said.record.content]  # before the word, and at 888
    (edited,) = [event for event in house.sealed if event.kind == "hold.edited"]
    note = json.loads(edited.note or "")
    assert (json.loads(note["from"]), json.loads(note["to"])) == ({"text": "one"}, {"text": "two"})


async def test_an_edit_that_888_no_longer_lets_pass_runs_nothing(house: House, talk: Talk) -> None:
    editing = Editing(house.database, house.desk, talk.exchanges.reexamine, clock=house.hands)
    exchange = await talk.ask("one")
    (hold,) = await house.desk.of_exchange(exchange)
    said = await editing.approve_edited(
        hold.id, by=BO, content_sha256=hold.content_sha256, changes={"text": "two"}, reason="better"
    )
    talk.reexamination.refuses = "Somebody could be hurt by it."
    outcome = await talk.exchanges.carry(exchange, decided=said.record)
    assert outcome is not None
    assert (outcome.verdict, outcome.reply, ran(house)) == ("VOID", "Somebody could be hurt by it.", [])


async def test_what_cannot_be_measured_is_not_edited(house: House, talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("no model")

    monkeypatch.setattr(talk.reexamination, "judge", broken)
    editing = Editing(house.database, house.desk, talk.exchanges.reexamine, clock=house.hands)
    exchange = await talk.ask("one")
    (hold,) = await house.desk.of_exchange(exchange)
    said = await editing.approve_edited(
        hold.id, by=BO, content_sha256=hold.content_sha256, changes={"text": "two"}, reason="better"
    )
    assert (said.accepted, "could not be judged (RuntimeError)" in said.why) == (False, True)
    assert (await house.desk.of_exchange(exchange))[0].state == "open"


async def test_who_slept_past_the_lease_writes_nothing(
    house: House, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = await talk.ask("one")
    record = await approved(house, exchange)
    real = talk.exchanges._parts.pipeline.decided

    async def asleep(*args: object) -> object:
        made = await real(*args)  # type: ignore[arg-type]
        await talk.inbox.release_silent(["another"])  # it no longer beats, so its work is given back …
        assert await talk.inbox.claim(exchange, "another", timedelta(minutes=1)) is not None  # … and taken up
        return made

    monkeypatch.setattr(talk.exchanges._parts.pipeline, "decided", asleep)
    assert await talk.exchanges.carry(exchange, decided=record) is None
    row = await talk.inbox.get(exchange)
    assert row is not None
    assert row.state == "running"
    assert json.loads(row.prepared or "")["phase"] == "first"
    assert f"exchange:{exchange}:decided" not in talk.ledger.entries
    assert not await house.desk.continued("none")
    (left,) = await house.desk.decided_not_continued()
    assert left.id == record.id


async def test_parked_again_after_a_crash_every_turn_stands_once(house: House, talk: Talk) -> None:
    exchange = await talk.ask("one")
    before = await count_turns(house, exchange)
    # A process took it up on a decision and died before it had anything to store.
    assert await talk.inbox.claim(exchange, "dead", timedelta(minutes=5)) is not None
    assert await talk.inbox.release_silent([house.replicas.id]) == 1
    await talk.exchanges.carry(exchange)
    row = await talk.inbox.get(exchange)
    assert row is not None
    assert row.state == "waiting"
    assert await count_turns(house, exchange) == before
    assert len(talk.ledger.entries) == 1
    outcome = await talk.exchanges.carry(exchange, decided=await approved(house, exchange))
    assert outcome is not None
    assert outcome.verdict == "SEAL"
