from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holds.view import LONGEST, HoldButton, HoldView, view
from organs.bundles import Actor, Effect
from store.engine import Database
from store.ids import new_id
from tests.house import ALONE, ANA, BO, DI, House, build


async def seen(house: House, hold_id: str, by: Actor) -> HoldView:
    record = await house.desk.get(hold_id)
    assert record is not None
    return view(record, by, await house.desk.who_may(record), await house.people.kin_of(by.person))


def presses(shown: HoldView) -> list[str]:
    return [button.press for button in shown.buttons]


async def test_each_sees_the_buttons_that_could_count(database: Database) -> None:
    house = await build(database)
    hold = await house.open(action_class="compensable")
    assert presses(await seen(house, hold.id, BO)) == ["approve", "deny", "ask", "edit"]
    assert presses(await seen(house, hold.id, DI)) == ["withdraw"]
    shown = await seen(house, hold.id, BO)
    assert shown.state_words == "1 more person must approve: Ana, Bo or Cy."
    assert "hands the written plan" in shown.happens
    await house.desk.decide(hold.id, by=ANA, decision="deny", content_sha256=hold.content_sha256)
    done = await seen(house, hold.id, BO)
    assert presses(done) == []
    assert done.state_words == "Denied by ana at 2026-11-21 12:00 utc."


async def test_alone_one_is_told_what_to_type(database: Database) -> None:
    house = await build(database, ALONE)
    hold = await house.open(requester="ana")
    shown = await seen(house, hold.id, ANA)
    assert shown.type_to_allow == "unknown"
    assert presses(shown) == ["approve", "deny", "ask", "withdraw"]


async def test_a_crisis_can_only_be_acknowledged_by_another(database: Database) -> None:
    house = await build(database)
    hold = await house.open(kind="crisis", action="crisis", action_class="crisis", effect=Effect.NONE)
    assert presses(await seen(house, hold.id, BO)) == ["acknowledge"]
    assert presses(await seen(house, hold.id, DI)) == []


@pytest.mark.parametrize("press", ["approve", "deny", "acknowledge", "withdraw", "edit", "ask"])
def test_a_button_fits_every_platform_and_comes_back(press: str) -> None:
    button = HoldButton(new_id("hold"), press, "0f" * 32)  # type: ignore[arg-type]
    assert len(button.pack()) <= LONGEST
    assert HoldButton.unpack(button.pack()) == button


def test_a_button_that_would_not_fit_is_not_made() -> None:
    with pytest.raises(ValueError):
        HoldButton("x" * 90, "deny", "0f" * 32).pack()
    with pytest.raises(ValueError):
        HoldButton("a:b", "deny", "0f" * 32).pack()


@given(st.text(max_size=120))
def test_foreign_text_is_no_button(text: str) -> None:
    found = HoldButton.unpack(text)
    assert found is None or found.pack() == text


@pytest.mark.parametrize(
    "text", ["", "h1:::", "h1:x:a:AAAA", "h2:x:a:" + "A" * 43, "h1:x:z:" + "A" * 43, "h1:x:a:" + "ü" * 43]
)
def test_damaged_buttons(text: str) -> None:
    assert HoldButton.unpack(text) is None
