"""The bridge's ports over the real tables, the real desk and a real ledger."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bots.bridge.hold_port import DeskPort
from bots.bridge.ports import LedgerPort, StoreGate
from holds.editing import Editing
from holds.record import HoldRecord
from organs.bundles import Proof, Role
from store.engine import Database
from store.flags import Flags
from store.people import Crowd, People
from store.tokens import Tokens
from tests.house import ALONE, ANA, BO, CY, DI, TEAM, House, Tool, build
from vault.config import LedgerConfig
from vault.entry import NewEntry
from vault.ledger import Ledger


def desk_port(house: House) -> DeskPort:
    async def fine(_record: HoldRecord, content: str) -> str | None:
        return "It names a person's illness." if "ill" in content else None

    editing = Editing(house.database, house.desk, fine, clock=house.hands)
    return DeskPort(house.desk, house.people, editing, house.runner)


@pytest.fixture
def database_url() -> str | None:
    """These ports hold no SQL of their own: SQLite is enough here."""
    return None


async def test_a_code_is_spent_once_and_the_session_follows_the_people_file(database: Database) -> None:
    people, tokens = People(database), Tokens(database)
    await people.sync(TEAM)
    gate = StoreGate(people, tokens)
    code = await tokens.create_link("bo")
    session = await gate.redeem(code)
    assert session is not None
    assert (session.actor.person, session.actor.role, session.actor.proof) == ("bo", Role.APPROVER, Proof.LINKED)
    assert await gate.redeem(code) is None
    assert await gate.redeem("never made") is None
    await people.sync([replace(p, role="member") if p.id == "bo" else p for p in TEAM])
    now = await gate.session(session.key)
    assert now is not None
    assert now.actor.role is Role.MEMBER
    await people.sync([p for p in TEAM if p.id != "bo"])
    assert await gate.session(session.key) is None


async def test_signing_out_ends_the_session(database: Database) -> None:
    people, tokens = People(database), Tokens(database)
    await people.sync(TEAM)
    gate = StoreGate(people, tokens)
    session = await gate.redeem(await tokens.create_link("bo"))
    assert session is not None
    await gate.sign_out(session.key)
    assert await gate.session(session.key) is None


async def test_a_token_speaks_for_its_person_until_it_is_revoked(database: Database) -> None:
    people, tokens = People(database), Tokens(database)
    await people.sync(TEAM)
    gate = StoreGate(people, tokens)
    life = timedelta(days=1)
    secret, token = await tokens.create(name="ci", person="di", scopes=frozenset({"chat"}), life=life)
    grant = await gate.token(secret)
    assert grant is not None
    assert (grant.actor.person, grant.actor.channel, grant.scopes) == ("di", "api", frozenset({"chat"}))
    await tokens.revoke(token.id)
    assert await gate.token(secret) is None


async def test_a_hold_is_offered_to_those_who_may_decide_it(database: Database) -> None:
    house = await build(database)
    port = desk_port(house)
    record = await house.open()
    for_bo = await port.hold(record.id, BO)
    for_di = await port.hold(record.id, DI)
    assert for_bo is not None
    assert for_di is not None
    assert (for_bo.offer, for_bo.may_withdraw) == ("decide", False)
    assert (for_di.offer, for_di.may_withdraw) == ("none", True)
    assert "somebody else decides" in for_di.why_not
    assert for_bo.content == record.content
    assert for_bo.effect == "irreversible"
    done = await port.decide(
        record.id,
        BO,
        approve=False,
        reason="not today",
        content_sha256=record.content_sha256,
        typed=None,
        step_up=None,
    )
    assert done.accepted
    late = await port.decide(
        record.id, CY, approve=True, reason="", content_sha256=record.content_sha256, typed=None, step_up=None
    )
    assert not late.accepted
    assert "Bo" in late.why
    assert await port.holds(CY, "pending") == []
    (decided,) = await port.holds(CY, "decided")
    assert decided.state == "denied"
    assert [(e.by, e.what, e.reason) for e in decided.events] == [("Bo", "denied", "not today")]


async def test_the_one_person_is_asked_to_type_the_name(database: Database) -> None:
    house = await build(database, ALONE)
    port = desk_port(house)
    record = await house.open(requester="ana")
    view = await port.hold(record.id, ANA)
    assert view is not None
    assert view.offer == "self_ratify"
    sha = record.content_sha256
    no = await port.decide(record.id, ANA, approve=True, reason="", content_sha256=sha, typed="yes", step_up=None)
    assert not no.accepted
    yes = await port.decide(
        record.id, ANA, approve=True, reason="", content_sha256=sha, typed=record.action, step_up=None
    )
    assert yes.accepted
    after = await port.hold(record.id, ANA)
    assert after is not None
    assert after.events[0].what == "approved, for themselves"


async def test_the_writer_in_danger_never_sees_the_crisis_hold(database: Database) -> None:
    house = await build(database)
    port = desk_port(house)
    record = await house.open(kind="crisis", action="crisis", action_class="crisis")
    assert await port.hold(record.id, DI) is None
    assert await port.holds(DI, "pending") == []
    view = await port.hold(record.id, BO)
    assert view is not None
    assert view.crisis
    assert (view.offer, view.may_withdraw) == ("acknowledge", False)


async def test_what_each_viewer_may_do_besides_yes_and_no(database: Database) -> None:
    house = await build(database)
    port = desk_port(house)
    record = await house.open(action="post", action_class="compensable", content='{"text": "old", "to": "#all"}')
    asker, decider = await port.hold(record.id, DI), await port.hold(record.id, BO)
    assert asker is not None
    assert decider is not None
    assert (asker.fields, asker.may_ask, asker.may_answer) == ((), False, False)
    assert [field.name for field in decider.fields] == ["text", "to"]
    assert (decider.may_ask, decider.may_answer, decider.may_settle) == (True, False, False)
    assert (await port.ask(record.id, BO, "Which one?")).accepted
    asker = await port.hold(record.id, DI)
    assert asker is not None
    assert asker.may_answer
    assert (asker.events[-1].what, asker.events[-1].text) == ("asked", "Which one?")
    assert (await port.answer(record.id, DI, "This one.")).accepted
    more = {"reason": "", "content_sha256": record.content_sha256, "typed": None, "step_up": None}
    refused = await port.edit(record.id, BO, changes={"text": "ill"}, **more)  # type: ignore[arg-type]
    assert not refused.accepted
    assert "illness" in refused.why
    edited = await port.edit(record.id, BO, changes={"text": "new"}, **more)  # type: ignore[arg-type]
    assert edited.accepted
    assert edited.hold is not None
    old, new = await port.hold(record.id, CY), await port.hold(edited.hold, CY)
    assert old is not None
    assert new is not None
    assert (old.state, old.replaced_by, new.replaces) == ("edited", new.id, old.id)
    assert [(c.name, c.before, c.after) for c in old.changes] == [("text", "old", "new")]
    assert [view.id for view in await port.holds(CY, "decided")] == [new.id, old.id]


async def test_an_approval_in_a_pause_says_that_it_waits(database: Database) -> None:
    house = await build(database)
    house.actions.register(Tool().action())
    port = desk_port(house)
    record = await house.open(action="bucket.delete", action_class="compensable")
    await Flags(database, house.hands).pause(by="ana")
    said = await port.decide(
        record.id, BO, approve=True, reason="", content_sha256=record.content_sha256, typed=None, step_up=None
    )
    assert (said.accepted, "All actions are stopped" in said.why) == (True, True)
    view = await port.hold(record.id, BO)
    assert view is not None
    assert (view.state, "once `trinity resume`" in view.result) == ("approved", True)


async def test_a_run_of_which_nobody_knows_is_settled_by_a_decider(database: Database) -> None:
    house = await build(database)
    house.actions.register(Tool(fails=TimeoutError()).action())
    port = desk_port(house)
    record = await house.open(action="bucket.delete", action_class="compensable")
    await house.desk.decide(record.id, by=BO, decision="approve", content_sha256=record.content_sha256)
    await house.runner.run(record.id)
    for viewer, may in ((BO, True), (DI, False)):
        view = await port.hold(record.id, viewer)
        assert view is not None
        assert (view.state, view.may_settle) == ("unknown", may)
    assert not (await port.settle(record.id, DI, happened=True, reason="")).accepted
    assert (await port.settle(record.id, BO, happened=False, reason="still there")).accepted
    view = await port.hold(record.id, BO)
    assert view is not None
    assert (view.state, view.events[-1].what) == ("failed", "looked: it did not happen")


async def test_a_hundred_holds_read_the_people_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    house = await build(database)
    for n in range(20):
        await house.open(f"ex_{n}")
    reads = 0
    crowd = house.people.crowd

    async def counted() -> Crowd:
        nonlocal reads
        reads += 1
        return await crowd()

    monkeypatch.setattr(house.people, "crowd", counted)
    assert len(await desk_port(house).holds(BO, "pending")) == 20
    assert reads == 1


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    async with await Ledger.open(LedgerConfig(home=tmp_path / "home", origin="trinity.example/test")) as opened:
        yield opened


async def test_the_list_tells_nothing_about_a_person_and_receipts_are_their_own(ledger: Ledger) -> None:
    for person, lane, verdict in (("di", "CRISIS", "888_HOLD"), ("bo", "FACTUAL", "SEAL")):
        body = {"verdict": verdict, "lane": lane, "person": person}
        await ledger.append(NewEntry(kind="exchange", key=f"exchange:{person}", body=body))
    port = LedgerPort(ledger)
    tail = await port.tail(10, DI)
    assert [row.index for row in tail.rows] == [1, 0]
    assert tail.rows[0].what == "exchange, SEAL"
    assert "CRISIS" not in repr(tail)
    assert tail.size == 2
    assert tail.checkpoint.startswith("trinity.example/test\n2\n")
    assert [row.receipt for row in tail.rows] == [False, True]
    assert await port.receipt(1, DI) is None
    assert await port.receipt(7, BO) is None
    own = await port.receipt(0, DI)
    assert own is not None
    assert json.loads(own)
    assert await port.receipt(0, BO) is not None


async def test_verification_in_words(ledger: Ledger) -> None:
    port = LedgerPort(ledger)
    await ledger.append(NewEntry(kind="note", key="n", body={}))
    seen: list[tuple[int, int]] = []
    result = await port.verify(lambda done, total: seen.append((done, total)))
    assert result.ok
    assert result.sentence == "The one entry, its chain, the tree and its signatures agree."
    assert result.size == 1
