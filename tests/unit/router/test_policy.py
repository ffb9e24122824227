"""The order of questions: sensitive, money, mode, fresh facts or complexity, cost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifest.routing import load_routing
from router.policy import Around, decide, effective_mode
from router.task import Task
from router.words import Mode

ROUTING = load_routing()
PLAIN = Task("what is a noun?", 20, None, False, 0.1, False, False, False, "FACTUAL", None)
HYBRID = Around("hybrid", "hybrid", outside=True, inside=True, nothing_else=False, demonstration=True)

MODES = st.sampled_from(["online", "offline", "hybrid"])
OVERRIDES = st.sampled_from([None, "online", "offline", "hybrid", "claude-opus-5-5", "llama3.1", "nonsense"])


def sides(task: Task, around: Around, override: str | None = None) -> list[str]:
    return [step.side for step in decide(task, around, ROUTING, override).steps]


def test_hybrid_answers_simple_questions_at_home() -> None:
    decision = decide(PLAIN, HYBRID, ROUTING)
    assert [s.side for s in decision.steps] == ["inside", "outside", "outside"]
    assert decision.steps[0].why.startswith("offline: a simple question")
    assert decision.preferred is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"needs_fresh": True}, "online: needs fresh facts"),
        ({"need": 0.2}, "online: a hard question (0.20)"),
        ({"high_stakes": True}, "online: the stakes are high"),
        ({"stronger": True}, "online: asked again of a stronger model"),
    ],
)
def test_hybrid_goes_out_for_what_needs_it(change: dict[str, object], why: str) -> None:
    decision = decide(replace(PLAIN, **change), HYBRID, ROUTING)  # type: ignore[arg-type]
    assert decision.steps[0].side == "outside"
    assert decision.steps[0].why == why
    assert decision.preferred == decision.steps[0].model
    assert decision.steps[-1].side == "inside"


def test_weight_picks_the_online_model() -> None:
    def first(task: Task) -> str | None:
        return decide(task, HYBRID, ROUTING).steps[0].model

    assert first(replace(PLAIN, need=0.2)) == ROUTING.main
    assert first(replace(PLAIN, need=0.9)) == ROUTING.heavy
    assert first(replace(PLAIN, high_stakes=True)) == ROUTING.heavy
    assert first(replace(PLAIN, stronger=True, agent="c1")) == ROUTING.heavy
    assert first(replace(PLAIN, need=0.2, agent="c1")) == ROUTING.agents["c1"].online


def test_sensitive_stays_and_says_why() -> None:
    decision = decide(replace(PLAIN, sensitive="a phone number", need=1.0), HYBRID, ROUTING, "online")
    assert [s.side for s in decision.steps] == ["inside"]
    assert decision.steps[0].why == "offline: contains a phone number"


def test_sensitive_without_a_local_model_is_refused_and_says_how_to_connect_one() -> None:
    decision = decide(replace(PLAIN, sensitive="a phone number"), replace(HYBRID, inside=False), ROUTING)
    assert decision.steps == ()
    assert decision.refusal is not None
    assert "LOCAL_LLM_URL" in decision.refusal
    assert "phone number" in decision.refusal


@given(
    operator=MODES,
    channel=st.one_of(st.none(), MODES),
    override=OVERRIDES,
    need=st.floats(0, 1),
    fresh=st.booleans(),
    stakes=st.booleans(),
    agent=st.sampled_from([None, "c1", "c2", "c3", "c9"]),
    outside=st.booleans(),
    inside=st.booleans(),
    sensitive=st.sampled_from([None, "a key"]),
)
def test_what_may_not_leave_never_does(
    operator: Mode,
    channel: Mode | None,
    override: str | None,
    need: float,
    fresh: bool,
    stakes: bool,
    agent: str | None,
    outside: bool,
    inside: bool,
    sensitive: str | None,
) -> None:
    task = Task("?", 1, sensitive, fresh, need, False, False, stakes, "FACTUAL", agent)
    nothing_else = not inside and (not outside or operator == "offline")
    around = Around(effective_mode(operator, channel, override), operator, outside, inside, nothing_else, True)
    decision = decide(task, around, ROUTING, override)
    out = [step for step in decision.steps if step.side == "outside"]
    if sensitive is not None or operator == "offline" or override == "offline":
        assert out == []
    if any(step.side == "demonstration" for step in decision.steps):
        assert nothing_else
    assert decision.steps or decision.refusal
    assert all(step.why for step in decision.steps)


def test_the_demonstration_model_stands_in_for_nobody() -> None:
    assert sides(PLAIN, replace(HYBRID, inside=False)) == ["outside", "outside"]
    only = Around("hybrid", "hybrid", outside=False, inside=False, nothing_else=True, demonstration=True)
    assert sides(PLAIN, only) == ["demonstration"]
    assert sides(replace(PLAIN, sensitive="a key"), only) == ["demonstration"]
    assert "ANTHROPIC_API_KEY" in str(decide(PLAIN, replace(only, demonstration=False), ROUTING).refusal)


def test_a_message_asked_to_stay_offline_is_not_given_to_the_demonstration_model() -> None:
    around = replace(HYBRID, mode="offline", inside=False)
    assert decide(PLAIN, around, ROUTING, "offline").steps == ()


def test_chores_go_to_the_lightest() -> None:
    decision = decide(replace(PLAIN, chore=True), replace(HYBRID, inside=False), ROUTING)
    assert decision.steps[0].model == ROUTING.light


@pytest.mark.parametrize(
    ("operator", "channel", "override", "mode"),
    [
        ("hybrid", None, None, "hybrid"),
        ("hybrid", "offline", None, "offline"),
        ("hybrid", "offline", "online", "online"),
        ("hybrid", None, "claude-opus-5-5", "hybrid"),
        ("offline", "online", "online", "offline"),
        ("online", None, "offline", "offline"),
    ],
)
def test_no_message_opens_what_the_operator_closed(
    operator: Mode, channel: Mode | None, override: str | None, mode: Mode
) -> None:
    assert effective_mode(operator, channel, override) == mode
