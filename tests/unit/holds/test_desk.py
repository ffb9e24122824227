from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from holds.record import HoldRecord, NobodyMayDecide, content_hash
from organs.bundles import Effect, Proof
from store.engine import Database
from tests.house import ALONE, ANA, BO, CY, DI, ED, House, actor, build, request


@pytest.fixture
async def house(database: Database) -> House:
    return await build(database)


async def test_a_hold_is_one_per_exchange_and_content(house: House) -> None:
    first = await house.open()
    assert (await house.open()).id == first.id
    other = await house.open(content='{"request":"drop the orders table"}')
    assert other.id != first.id
    assert first.content_sha256 == content_hash(first.content)
    assert first.who_may == "Ana, Bo or Cy"
    assert first.deadline is not None
    assert [e.kind for e in house.sealed] == ["hold.opened", "hold.opened"]


async def test_an_approval_decides_once_and_lets_the_exchange_go_on(house: House) -> None:
    hold = await house.open()
    said = await house.desk.decide(
        hold.id, by=BO, decision="approve", reason="fine", content_sha256=hold.content_sha256
    )
    assert said.accepted
    assert said.record is not None
    assert said.record.state == "approved"
    assert [r.id for r in house.decided] == [hold.id]
    assert [r.id for r in await house.desk.decided_not_continued()] == [hold.id]
    late = await house.desk.decide(hold.id, by=ANA, decision="deny", content_sha256=hold.content_sha256)
    assert not late.accepted
    assert "Already approved by Bo at 2026-11-21 12:00 UTC" in late.why
    assert late.record is not None
    assert late.record.state == "approved"
    assert len(house.decided) == 1
    assert await house.desk.continued(hold.id)
    assert not await house.desk.continued(hold.id)
    assert await house.desk.decided_not_continued() == ()
    assert [(e.kind, e.person, e.state) for e in house.sealed] == [
        ("hold.opened", None, "open"),
        ("hold.decision", "bo", "approved"),
        ("hold.refused", "ana", "approved"),
    ]


async def test_the_one_who_asked_never_decides(house: House) -> None:
    hold = await house.open(requester="bo")
    said = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    assert not said.accepted
    assert said.why.startswith("You asked for this yourself, so somebody else decides: Ana or Cy.")
    denied = await house.desk.decide(hold.id, by=BO, decision="deny", content_sha256=hold.content_sha256)
    assert not denied.accepted
    withdrawn = await house.desk.cancel(hold.id, by=BO)
    assert withdrawn.accepted
    assert withdrawn.record is not None
    assert withdrawn.record.state == "cancelled"


async def test_nor_under_another_identity_linked_later(house: House) -> None:
    stranger = await house.people.ensure("slack", "T1/U9", name="Bo's phone")
    await house.people.set_role(stranger.id, "member")
    hold = await house.open(requester=stranger.id)
    await house.people.link("bo", "slack", "T1/U9")
    said = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    assert not said.accepted
    await house.people.unlink("slack", "T1/U9")
    said = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    assert not said.accepted


@pytest.mark.parametrize(
    ("who", "why"),
    [
        (DI, "You asked for this yourself"),
        (ED, "You may not decide this; Ana, Bo or Cy may."),
        (actor("nobody", "commander"), "I do not know you here"),
        (actor("ed", "commander"), "You may not decide this"),  # the role that counts is the stored one
        (actor("bo", "approver", proof=Proof.UNPROVED), "Nothing proves that this is you"),
    ],
)
async def test_a_click_that_may_not_count_changes_nothing(house: House, who: object, why: str) -> None:
    hold = await house.open()
    said = await house.desk.decide(hold.id, by=who, decision="approve", content_sha256=hold.content_sha256)  # type: ignore[arg-type]
    assert not said.accepted
    assert said.why.startswith(why)
    assert said.record is not None
    assert said.record.state == "open"
    assert house.sealed[-1].kind == "hold.refused"
    assert house.decided == []


async def test_an_old_button_cannot_approve_other_content(house: House) -> None:
    hold = await house.open()
    said = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=content_hash("something else"))
    assert not said.accepted
    assert "not what waits here now" in said.why


async def test_a_hold_that_does_not_exist(house: House) -> None:
    said = await house.desk.decide("hold_x", by=BO, decision="approve", content_sha256="")
    assert (said.accepted, said.record) == (False, None)


async def test_nobody_to_decide_means_no_hold(database: Database) -> None:
    house = await build(database)
    with pytest.raises(NobodyMayDecide, match="no policy"):
        await house.open(action_class="nuclear")
    with pytest.raises(NobodyMayDecide, match="guest may not ask"):
        await house.open(requester="ed")
    with pytest.raises(NobodyMayDecide, match="there is none besides the one who asked"):
        await house.open(requester="ana", action_class="costly", content='{"amount":"101"}')
    with pytest.raises(NobodyMayDecide, match="2 people must approve, and only 1 could"):
        await house.open(requester="di", action_class="costly", content='{"amount":"101"}')
    assert await house.desk.list(viewer=ANA) == ()


async def test_one_person_alone_may_ratify_by_typing_the_name(database: Database) -> None:
    house = await build(database, ALONE)
    hold = await house.open(requester="ana")
    assert hold.who_may.startswith("Ana, by typing")
    for typed in (None, "", "yes"):
        said = await house.desk.decide(
            hold.id, by=ANA, decision="approve", content_sha256=hold.content_sha256, typed_action=typed
        )
        assert not said.accepted
        assert "type its name, unknown" in said.why
    said = await house.desk.decide(
        hold.id, by=ANA, decision="approve", content_sha256=hold.content_sha256, typed_action=" Unknown "
    )
    assert said.accepted
    assert said.record is not None
    assert said.record.self_ratified
    assert house.sealed[-1].self_ratified


async def test_a_second_decider_ends_that(database: Database) -> None:
    house = await build(database, ALONE)
    hold = await house.open(requester="ana")
    guest = await house.people.ensure("slack", "T1/U9", name="Bo")
    await house.people.set_role(guest.id, "approver")
    said = await house.desk.decide(
        hold.id, by=ANA, decision="approve", content_sha256=hold.content_sha256, typed_action="unknown"
    )
    assert not said.accepted
    assert "somebody else decides: Bo" in said.why


async def test_two_must_approve_and_one_denial_ends_it(house: House) -> None:
    content = '{"amount":"101"}'
    declared = house.policy.declared
    rules = dict(declared.classes)
    rule, more = rules["costly"]
    rules["costly"] = (replace(rule, who=("approver", "commander"), step_up=False), more)
    house.policy.declared = replace(declared, classes=rules)

    hold = await house.open(action_class="costly", content=content)
    assert hold.who_may == "2 of: Ana, Bo, Cy"
    first = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    assert first.accepted
    assert "1 more person must approve" in first.why
    assert house.decided == []
    again = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    assert not again.accepted
    assert "approved this already" in again.why
    # two ids of one human are one voice
    await house.people.link("cy", "slack", "T1/U2")
    kin = await house.desk.decide(hold.id, by=CY, decision="approve", content_sha256=hold.content_sha256)
    assert not kin.accepted
    last = await house.desk.decide(hold.id, by=ANA, decision="approve", content_sha256=hold.content_sha256)
    assert last.record is not None
    assert last.record.state == "approved"

    other = await house.open("ex_2", action_class="costly", content=content)
    await house.desk.decide(other.id, by=BO, decision="approve", content_sha256=other.content_sha256)
    no = await house.desk.decide(
        other.id, by=ANA, decision="deny", reason="too dear", content_sha256=other.content_sha256
    )
    assert no.record is not None
    assert no.record.state == "denied"


async def test_an_approval_by_somebody_who_lost_the_role_does_not_count(house: House) -> None:
    declared = house.policy.declared
    rules = dict(declared.classes)
    rules["unknown"] = (replace(rules["unknown"][0], needed=2), ())
    house.policy.declared = replace(declared, classes=rules)
    guest = await house.people.ensure("slack", "T1/U9", name="Flo")
    await house.people.set_role(guest.id, "approver")
    hold = await house.open()
    flo = actor(guest.id, "approver")
    await house.desk.decide(hold.id, by=flo, decision="approve", content_sha256=hold.content_sha256)
    await house.people.set_role(guest.id, "member")
    second = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    assert second.record is not None
    assert second.record.state == "open"


async def test_a_policy_made_stricter_binds_open_holds(house: House) -> None:
    hold = await house.open()
    declared = house.policy.declared
    rules = dict(declared.classes)
    rules["unknown"] = (replace(rules["unknown"][0], who=("commander",)), ())
    house.policy.declared = replace(declared, classes=rules)
    said = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    assert not said.accepted
    del rules["unknown"]
    house.policy.declared = replace(declared, classes=rules)
    said = await house.desk.decide(hold.id, by=ANA, decision="approve", content_sha256=hold.content_sha256)
    assert not said.accepted


async def test_expiry_means_not_done_and_a_late_click_is_told(house: House) -> None:
    hold = await house.open()
    house.hands.turn(hours=24)
    early = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    assert not early.accepted  # before the sweep has come by
    assert early.why.startswith("Too late")
    assert [r.state for r in await house.desk.expire_due()] == ["expired"]
    assert await house.desk.expire_due() == ()
    assert [r.state for r in house.decided] == ["expired"]
    late = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    assert "expired without a decision; nothing was done" in late.why


async def test_a_crisis_is_acknowledged_by_somebody_else_and_never_decided(house: House) -> None:
    hold = await house.open(kind="crisis", action="crisis", action_class="crisis", requester="bo", effect=Effect.NONE)
    assert hold.deadline is None
    for decision in ("approve", "deny"):
        said = await house.desk.decide(hold.id, by=ANA, decision=decision, content_sha256=hold.content_sha256)  # type: ignore[arg-type]
        assert not said.accepted
        assert "only be acknowledged" in said.why
    house.hands.turn(days=400)
    assert await house.desk.expire_due() == ()
    assert await house.desk.list(viewer=BO) == ()  # the writer gets nothing of it
    assert not await house.desk.may_see(hold, BO)
    assert not (await house.desk.acknowledge(hold.id, by=BO, content_sha256=hold.content_sha256)).accepted
    assert not (await house.desk.acknowledge(hold.id, by=DI, content_sha256=hold.content_sha256)).accepted
    assert not (await house.desk.cancel(hold.id, by=ANA)).accepted
    taken = await house.desk.acknowledge(hold.id, by=CY, content_sha256=hold.content_sha256)
    assert taken.accepted
    assert taken.record is not None
    assert taken.record.state == "acknowledged"
    assert await house.desk.decided_not_continued() == ()
    again = await house.desk.acknowledge(hold.id, by=ANA, content_sha256=hold.content_sha256)
    assert again.why.startswith("Already acknowledged by Cy")


async def test_a_crisis_with_nobody_named_is_kept_all_the_same(database: Database) -> None:
    house = await build(database, ALONE)
    hold = await house.open(kind="crisis", action="crisis", action_class="crisis", requester="ana", effect=Effect.NONE)
    assert hold.who_may == "nobody"


async def test_who_sees_what(house: House) -> None:
    mine = await house.open()
    other = await house.open("ex_2", requester="cy")
    assert [r.id for r in await house.desk.list(viewer=DI)] == [mine.id]
    assert await house.desk.list(viewer=ED) == ()
    assert {r.id for r in await house.desk.list(viewer=ANA)} == {mine.id, other.id}
    assert await house.desk.list(viewer=ANA, state="denied") == ()
    assert await house.desk.may_see(mine, DI)
    assert not await house.desk.may_see(other, DI)


async def test_a_race_has_one_winner_and_both_are_told(house: House) -> None:
    hold = await house.open()
    results = await asyncio.gather(
        *(
            house.desk.decide(hold.id, by=by, decision=decision, content_sha256=hold.content_sha256)  # type: ignore[arg-type]
            for by, decision in [(ANA, "approve"), (BO, "deny"), (CY, "approve")] * 4
        )
    )
    assert sum(result.accepted for result in results) == 1
    assert len(house.decided) == 1
    record = await house.desk.get(hold.id)
    assert record is not None
    assert len(record.decisions) == 1
    winner = record.decisions[0].person_name
    others = [result.why for result in results if not result.accepted]
    assert [why for why in others if f"by {winner}" not in why] == []


async def test_a_ledger_that_is_down_delays_the_seal_not_the_decision(house: House) -> None:
    works = house.desk.on_event

    async def down(_event: object) -> int:
        raise OSError("disk full")

    house.desk.on_event = down
    hold = await house.open()
    said = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    assert said.accepted
    assert house.sealed == []
    house.desk.on_event = works
    assert await house.desk.seal_pending() == 2
    assert [e.kind for e in house.sealed] == ["hold.opened", "hold.decision"]
    assert await house.desk.seal_pending() == 0
    record = await house.desk.get(hold.id)
    assert record is not None
    assert [e.seal_index for e in record.events] == [0, 1]


async def test_a_listener_that_fails_undoes_nothing(house: House) -> None:
    async def breaks(_record: HoldRecord) -> None:
        raise RuntimeError

    house.desk.decided = breaks
    hold = await house.open()
    said = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    assert said.accepted
    assert [r.id for r in await house.desk.decided_not_continued()] == [hold.id]


async def test_weak_channels_decide_weak_things(house: House) -> None:
    strong = await house.open(action_class="compensable", effect=Effect.COMPENSABLE)
    said = await house.desk.decide(
        strong.id, by=BO, decision="approve", content_sha256=strong.content_sha256, weak=True
    )
    assert "cannot approve this" in said.why
    no = await house.desk.decide(strong.id, by=BO, decision="deny", content_sha256=strong.content_sha256, weak=True)
    assert no.accepted  # saying no is always safe
    graver = await house.open("ex_3", action_class="reversible", effect=Effect.IRREVERSIBLE)
    said = await house.desk.decide(
        graver.id, by=BO, decision="approve", content_sha256=graver.content_sha256, weak=True
    )
    assert not said.accepted
    weak = await house.open("ex_2", action_class="reversible", effect=Effect.REVERSIBLE)
    said = await house.desk.decide(weak.id, by=BO, decision="approve", content_sha256=weak.content_sha256, weak=True)
    assert said.accepted


async def test_step_up_needs_a_code(house: House) -> None:
    hold = await house.open(action_class="irreversible")
    said = await house.desk.decide(hold.id, by=BO, decision="approve", content_sha256=hold.content_sha256)
    assert not said.accepted
    assert "authenticator app" in said.why
    no = await house.desk.decide(hold.id, by=BO, decision="deny", content_sha256=hold.content_sha256)
    assert no.accepted


async def test_nothing_private_is_in_a_log(house: House) -> None:
    assert "users table" not in repr(await house.open())
    assert "users table" not in repr(request())
