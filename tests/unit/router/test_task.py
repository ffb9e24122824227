"""Reading a call's features: everything that would leave is looked at, and a reader that fails keeps the text here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from adapters.models.base import ChatMessage
from router.task import TaskReader
from router.words import ModelCall


@dataclass(frozen=True)
class Reading:
    sensitive: bool
    reasons: Sequence[str] = ()


class Judge:
    def __init__(self, *marks: str) -> None:
        self.marks, self.read = marks, 0

    def sensitive(self, text: str, point: str = "recall") -> Reading:
        self.read += 1
        found = [mark for mark in self.marks if mark == text or mark in text.split()]
        return Reading(bool(found), found)


class Broken:
    def sensitive(self, text: str, point: str = "recall") -> Reading:
        raise RuntimeError("no model")


class Half:
    def need(self, text: str) -> float:
        return 0.5


def call(*turns: str, system: str = "", **more: object) -> ModelCall:
    messages = tuple(ChatMessage("user" if i % 2 == 0 else "assistant", text) for i, text in enumerate(turns))
    values = {"purpose": "hypothesis"} | more
    return ModelCall("x", "ana", "console", system=system, messages=messages, lane="FACTUAL", **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "asked",
    [call("the pin is here"), call("a", "pin", "b"), call("a", system="pin"), call("a", "b", "say pin now")],
)
async def test_history_and_system_are_read_too(asked: ModelCall) -> None:
    assert (await TaskReader(Judge("pin"), None, Half()).read(asked)).sensitive == "pin"


async def test_what_is_split_over_two_turns_is_read_as_one() -> None:
    judge = Judge("my number is\nok\n555")
    assert (await TaskReader(judge, None, Half()).read(call("my number is", "ok", "555"))).sensitive is not None


async def test_a_key_on_a_line_of_its_own_is_read_by_itself() -> None:
    key = "x1" * 12
    judge = Judge()
    judge.marks = (key,)
    judge.sensitive = lambda text, point="recall": Reading(text == key, ["a key"])  # type: ignore[method-assign]
    found = await TaskReader(judge, None, Half()).read(call(f"please look at this config\n{key}\nthank you"))
    assert found.sensitive == "a key"


async def test_our_own_marks_are_not_mistaken_for_keys() -> None:
    judge = Judge("pin")
    marked = call("<<a1b2>> quoted\npin\n<<a1b2>>")
    assert (await TaskReader(judge, None, Half()).read(replace(marked, marks=("pin",)))).sensitive is None
    assert (await TaskReader(judge, None, Half()).read(marked)).sensitive == "pin"


async def test_a_reader_that_fails_keeps_the_text_here() -> None:
    assert (await TaskReader(Broken(), None, Half()).read(call("hello"))).sensitive is not None


async def test_a_thread_is_read_once() -> None:
    judge = Judge()
    reader = TaskReader(judge, None, Half())
    await reader.read(call("a", "b", "c"))
    before = judge.read
    await reader.read(call("a", "b", "c"))
    assert judge.read == before


async def test_without_a_prior_every_question_is_hard_and_chores_never_are() -> None:
    reader = TaskReader(Judge(), None, None)
    assert (await reader.read(call("hello"))).need == 1.0
    chore = await reader.read(call("hello", purpose="rewrite", needs_fresh=True))
    assert (chore.need, chore.needs_fresh, chore.chore) == (0.0, False, True)


async def test_a_line_with_a_number_amid_long_prose_is_read_by_itself() -> None:
    class OnlyAlone:
        """Sees a key only where nothing else waters it down, as a score over a whole text does."""

        def sensitive(self, text: str, point: str = "recall") -> Reading:
            return Reading(len(text) < 60 and "6d2FabeB6" in text)

    reader = TaskReader(OnlyAlone(), None, None)
    long = "Explain how quorum reads work and which trade-offs matter for a booking system.\n" * 5
    assert (await reader.read(call(f"{long}token: 6d2FabeB6ADd\n{long}"))).sensitive is not None
    many = "\n".join(f"row {n} of a table" for n in range(2_000))
    assert (await reader.read(call(many))).sensitive is None
