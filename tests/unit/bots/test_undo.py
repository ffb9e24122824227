"""Undo of an exchange takes back what it did, and does not speak of what it only read."""

from __future__ import annotations

from typing import Any, cast

from bots.conversation import Conversation
from holds.runs import ActionOutcome
from organs.bundles import Actor, Proof, Role

ANA = Actor("ana", "Ana", Role.MEMBER, Proof.LINKED, "bridge")


class Runs:
    """What an exchange ran, as the registry tells it."""

    def __init__(self, *runs: ActionOutcome) -> None:
        self.runs, self.asked = runs, list[str]()

    async def runs_of(self, exchange_id: str) -> tuple[ActionOutcome, ...]:
        return self.runs

    async def undo(self, key: str, *, by: Actor) -> ActionOutcome:
        self.asked.append(key)
        return ActionOutcome("undone", f"Took back {key}.", key)


def conversation(runs: Runs) -> Conversation:
    nothing = cast(Any, None)
    return Conversation(nothing, nothing, nothing, nothing, nothing, nothing, cast(Any, runs))


async def test_every_reminder_of_one_message_is_taken_back_and_readings_are_not_mentioned() -> None:
    runs = Runs(
        ActionOutcome("executed", "Read.", "x:read:1"),
        ActionOutcome("executed", "Set.", "x:0", "one"),
        ActionOutcome("executed", "Set.", "x:1", "two"),
    )
    assert await conversation(runs).undo("x", ANA) == "Took back x:0. Took back x:1."
    assert runs.asked == ["x:0", "x:1"]


async def test_where_nothing_can_be_taken_back_the_first_action_says_why() -> None:
    runs = Runs(ActionOutcome("executed", "Read.", "x:read:1"), ActionOutcome("undone", "Gone.", "x:0"))
    await conversation(runs).undo("x", ANA)
    assert runs.asked == ["x:0"]
