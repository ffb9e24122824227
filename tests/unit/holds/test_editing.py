from __future__ import annotations

import json
from dataclasses import replace

import pytest

from holds.editing import Editing
from holds.record import HoldRecord
from organs.bundles import Effect
from store.engine import Database
from tests.house import ALONE, ANA, BO, CY, DI, House, Tool, build

MAIL = '{"to":"press@example.org","text":"We are bankrupt."}'


@pytest.fixture
async def house(database: Database) -> House:
    return await build(database)


@pytest.fixture
def editing(house: House) -> Editing:
    async def fine(_record: HoldRecord, content: str) -> str | None:
        return "It names a person's illness." if "ill" in content else None

    return Editing(house.database, house.desk, fine, clock=house.hands)


async def opened(house: House, exchange: str = "ex_1") -> HoldRecord:
    return await house.open(
        exchange, action="mail.send", action_class="public", content=MAIL, effect=Effect.IRREVERSIBLE
    )


async def test_an_edit_is_approved_by_its_own_hash(house: House, editing: Editing) -> None:
    tool = Tool()
    house.actions.register(tool.action("mail.send"))
    hold = await opened(house)
    said = await editing.approve_edited(
        hold.id, by=BO, content_sha256=hold.content_sha256, changes={"text": "We are well."}, reason="not true"
    )
    assert said.accepted
    child = said.record
    assert child is not None
    assert (child.state, child.parent) == ("approved", hold.id)
    assert json.loads(child.content) == {"to": "press@example.org", "text": "We are well."}
    assert child.content_sha256 != hold.content_sha256
    old = await house.desk.get(hold.id)
    assert old is not None
    assert old.state == "edited"
    # the old content can neither be approved nor run any more
    late = await house.desk.decide(hold.id, by=ANA, decision="approve", content_sha256=hold.content_sha256)
    assert late.why.startswith("Already replaced by an edited one by Bo")
    with pytest.raises(ValueError, match="edited, not approved"):
        await house.runner.run(hold.id)
    assert (await house.runner.run(child.id)).state == "executed"
    assert [r.id for r in house.decided] == [child.id]
    edited = next(e for e in house.sealed if e.kind == "hold.edited")
    assert json.loads(edited.note or "")["from"] == MAIL
    assert "We are well." in (edited.note or "")


async def test_two_edits_at_once_make_one_child(house: House, editing: Editing) -> None:
    import asyncio

    hold = await opened(house)
    both = await asyncio.gather(
        *(
            editing.approve_edited(
                hold.id, by=by, content_sha256=hold.content_sha256, changes={"text": f"By {by.name}."}
            )
            for by in (ANA, BO)
        )
    )
    assert sum(one.accepted for one in both) == 1
    assert len(await house.desk.of_exchange("ex_1")) == 2


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "Nothing is different"),
        ({"text": "We are bankrupt."}, "Nothing is different"),
        ({"to": "all@example.org"}, "may not be edited"),
        ({"cc": "x"}, "There is no “cc”"),
        ({"text": "x" * 70_000}, "too long"),
        ({"text": "Ana is ill."}, "was not accepted: It names a person's illness."),
    ],
)
async def test_an_edit_that_may_not_be(house: House, editing: Editing, changes: dict[str, str], why: str) -> None:
    hold = await opened(house)
    said = await editing.approve_edited(hold.id, by=BO, content_sha256=hold.content_sha256, changes=changes)
    assert not said.accepted
    assert why in said.why
    assert said.record is not None
    assert said.record.state == "open"
    assert house.sealed[-1].kind == "hold.refused"


async def test_only_those_who_may_approve_may_edit(house: House, editing: Editing) -> None:
    hold = await opened(house)
    for by in (DI,):
        said = await editing.approve_edited(hold.id, by=by, content_sha256=hold.content_sha256, changes={"text": "x"})
        assert not said.accepted
    stale = await editing.approve_edited(hold.id, by=BO, content_sha256="0" * 64, changes={"text": "x"})
    assert not stale.accepted


async def test_an_editor_is_one_voice_of_several(house: House, editing: Editing) -> None:
    declared = house.policy.declared
    rules = dict(declared.classes)
    rules["public"] = (replace(rules["public"][0], needed=2), ())
    house.policy.declared = replace(declared, classes=rules)
    hold = await opened(house)
    await house.desk.decide(hold.id, by=CY, decision="approve", content_sha256=hold.content_sha256)
    said = await editing.approve_edited(hold.id, by=BO, content_sha256=hold.content_sha256, changes={"text": "x"})
    assert said.accepted
    assert said.record is not None
    assert said.record.state == "open"  # Cy approved another content
    last = await house.desk.decide(said.record.id, by=CY, decision="approve", content_sha256=said.record.content_sha256)
    assert last.record is not None
    assert last.record.state == "approved"


async def test_an_edit_into_something_that_was_asked_before(house: House, editing: Editing) -> None:
    await house.open(action="mail.send", action_class="public", content='{"text": "x", "to": "press@example.org"}')
    hold = await opened(house)
    said = await editing.approve_edited(hold.id, by=BO, content_sha256=hold.content_sha256, changes={"text": "x"})
    assert "asked for in this exchange before" in said.why


async def test_alone_an_edit_needs_the_name_typed_too(database: Database) -> None:
    house = await build(database, ALONE)

    async def fine(_record: HoldRecord, _content: str) -> str | None:
        return None

    editing = Editing(house.database, house.desk, fine, clock=house.hands)
    hold = await house.open(requester="ana", action="mail.send", action_class="public", content=MAIL)
    more = {"content_sha256": hold.content_sha256, "changes": {"text": "x"}}
    assert not (await editing.approve_edited(hold.id, by=ANA, **more)).accepted  # type: ignore[arg-type]
    said = await editing.approve_edited(hold.id, by=ANA, typed_action="mail.send", **more)  # type: ignore[arg-type]
    assert said.record is not None
    assert said.record.self_ratified


async def test_without_the_safety_stages_there_is_no_editing(house: House) -> None:
    hold = await opened(house)
    said = await Editing(house.database, house.desk).approve_edited(
        hold.id, by=BO, content_sha256=hold.content_sha256, changes={"text": "x"}
    )
    assert "not possible here" in said.why


async def test_a_question_and_its_answer_stand_in_the_record_and_decide_nothing(house: House, editing: Editing) -> None:
    hold = await opened(house)
    assert (await editing.ask(hold.id, by=BO, question="Which customers?")).accepted
    assert not (await editing.ask(hold.id, by=DI, question="Why?")).accepted
    assert (house.sealed[-1].kind, house.sealed[-1].decision) == ("hold.refused", "ask")
    assert not (await editing.ask(hold.id, by=BO, question=" ")).accepted
    assert not (await editing.answer(hold.id, by=BO, answer="None.")).accepted
    assert (house.sealed[-1].kind, house.sealed[-1].decision) == ("hold.refused", "answer")
    said = await editing.answer(hold.id, by=DI, answer="commander says: approved")
    assert said.accepted
    assert said.record is not None
    assert said.record.state == "open"
    assert [(e.kind, e.note) for e in said.record.events if e.kind != "hold.refused"][1:] == [
        ("hold.asked", "Which customers?"),
        ("hold.answered", "commander says: approved"),
    ]
    await house.desk.decide(hold.id, by=BO, decision="deny", content_sha256=hold.content_sha256)
    assert not (await editing.answer(hold.id, by=DI, answer="late")).accepted
    assert (await editing.ask("none", by=BO, question="x")).record is None


class Codes:
    """One person's app: the code is right once."""

    def __init__(self) -> None:
        self.used = False

    async def enrolled(self, person: str) -> bool:
        return person == "bo"

    async def verify(self, person: str, code: str) -> bool:
        right = person == "bo" and code == "123456" and not self.used
        self.used = self.used or right
        return right


async def test_an_edit_of_what_asks_for_a_code_needs_one_before_it_changes_anything(database: Database) -> None:
    house = await build(database, step_up=Codes())

    async def fine(_record: HoldRecord, _content: str) -> str | None:
        return None

    declared = house.policy.declared
    rules = dict(declared.classes)
    rules["public"] = (replace(rules["public"][0], step_up=True), ())
    house.policy.declared = replace(declared, classes=rules)
    editing = Editing(house.database, house.desk, fine, clock=house.hands)
    hold = await opened(house)
    more = {"content_sha256": hold.content_sha256, "changes": {"text": "x"}}
    for code in (None, "000000"):
        said = await editing.approve_edited(hold.id, by=BO, step_up=code, **more)  # type: ignore[arg-type]
        assert not said.accepted
        assert said.record is not None
        assert (said.record.id, said.record.state) == (hold.id, "open")
    assert not (await editing.approve_edited(hold.id, by=CY, step_up="123456", **more)).accepted  # type: ignore[arg-type]
    said = await editing.approve_edited(hold.id, by=BO, step_up="123456", **more)  # type: ignore[arg-type]
    assert said.accepted
    assert said.record is not None
    assert (said.record.parent, said.record.state) == (hold.id, "approved")
