"""The verdict rules, row by row of the design, and that only 888 can make a SEAL."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifest.constitution import HARD, shipped
from organs import _3_apex, _4_vault
from organs._3_apex import FalseSealError, Judgement, Said
from organs.bundles import (
    Claim,
    Effect,
    FloorResult,
    HeartBundle,
    Hypothesis,
    Lane,
    MindBundle,
    ModelUse,
    Proposal,
    SoulBundle,
    Support,
    Verdict,
    Witness,
)
from organs.verdict import BINDS, binding, heaviest, lane_of

RULES = shipped()
MODEL = ModelUse("m", "online", "why", Decimal(0), 1, 1)


def mind(**over: object) -> MindBundle:
    made = MindBundle(
        request="r", lane=Lane.FACTUAL, needs_fresh=False, high_stakes=False, professional=None,
        hypotheses=(Hypothesis("answer", MODEL),), claims=(), evidence=(), proposals=(), precision=0.95,
        agreement=None, delta_s=None, omega_0=0.05, relevance=0.9,
    )  # fmt: skip
    return replace(made, **over)  # type: ignore[arg-type]


HEART = HeartBundle(
    lane=None, distress=0.0, harm=0.0, harm_is_clear=False, stakeholders=(), effect=Effect.NONE, effect_reason="",
    peace=2.0,
)  # fmt: skip


def floor(name: str, passed: bool | None, *, measured: bool = True, score: float | None = 0.5) -> FloorResult:
    rule = RULES[name]
    return FloorResult(name, score, rule.threshold, rule.direction, passed, f"{name} says so.", measured)


def soul(*failing: FloorResult, m: MindBundle | None = None, h: HeartBundle = HEART, **over: object) -> SoulBundle:
    m = m or mind()
    floors = {f: floor(f, True) for f in RULES.floors} | {r.floor: r for r in failing}
    made = SoulBundle(m, h, lane_of(m.lane, h.lane), "draft", MODEL, floors, Witness(1.0, 1.0, 1.0))
    return replace(made, **over)  # type: ignore[arg-type]


def verdict_of(made: SoulBundle, *, retried: bool = True) -> Verdict:
    return _3_apex.audit(made, say=lambda v, r, f: Said("reply"), retried=retried).verdict


def test_everything_holds_is_a_seal() -> None:
    assert verdict_of(soul()) is Verdict.SEAL


@pytest.mark.parametrize(
    ("name", "first", "after_retry"),
    [
        ("F2", Verdict.PARTIAL, Verdict.PARTIAL),
        ("F3", Verdict.PARTIAL, Verdict.PARTIAL),
        ("F4", Verdict.SABAR, Verdict.PARTIAL),
        ("F5", Verdict.PARTIAL, Verdict.PARTIAL),
        ("F7", Verdict.PARTIAL, Verdict.PARTIAL),
        ("F8", Verdict.SABAR, Verdict.PARTIAL),
        ("F9", Verdict.PARTIAL, Verdict.PARTIAL),
        ("F10", Verdict.PARTIAL, Verdict.PARTIAL),
        ("F12", Verdict.PARTIAL, Verdict.PARTIAL),
    ],
)
def test_a_failing_floor_in_the_factual_lane(name: str, first: Verdict, after_retry: Verdict) -> None:
    assert verdict_of(soul(floor(name, False)), retried=False) is first
    assert verdict_of(soul(floor(name, False)), retried=True) is after_retry


def test_a_floor_that_does_not_bind_asks_for_nothing() -> None:
    assert verdict_of(soul(floor("F6", False))) is Verdict.SEAL
    assert verdict_of(soul(floor("F2", None))) is Verdict.SEAL


def test_a_binding_floor_that_could_not_be_measured() -> None:
    assert verdict_of(soul(floor("F2", None, measured=False))) is Verdict.PARTIAL
    for hard in sorted(HARD):
        assert verdict_of(soul(floor(hard, None, measured=False))) is Verdict.SABAR


def test_both_readings_bind_their_floors() -> None:
    assert binding(Lane.FACTUAL, Lane.CARE) >= BINDS[Lane.FACTUAL] | BINDS[Lane.CARE] | HARD
    caring = replace(HEART, lane=Lane.CARE)
    assert verdict_of(soul(floor("F6", False), h=caring)) is Verdict.PARTIAL


def test_clear_harm_is_void_but_never_for_somebody_in_distress() -> None:
    harmful = replace(HEART, harm_is_clear=True, harm=0.99)
    assert verdict_of(soul(floor("F5", False), h=harmful)) is Verdict.VOID
    assert verdict_of(soul(floor("F5", False), h=replace(harmful, lane=Lane.CARE))) is Verdict.PARTIAL


def test_contradicted_is_sabar_and_disagreeing_sources_are_partial() -> None:
    against = mind(claims=(Claim("c", Support.CONTRADICTED, 0.0, "source"),))
    assert verdict_of(soul(floor("F2", False), m=against)) is Verdict.SABAR
    assert verdict_of(soul(floor("F2", False), m=replace(against, sources_disagree=True))) is Verdict.PARTIAL


DROP = Proposal("unknown", "drop it", {"request": "drop it"}, Effect.IRREVERSIBLE, plan="1. look")


def acting(*proposals: Proposal) -> MindBundle:
    return mind(lane=Lane.ACTION, hypotheses=(), proposals=proposals)


def test_what_cannot_be_undone_waits_for_a_human() -> None:
    made = soul(floor("F1", False), floor("F13", False), m=acting(DROP))
    judged = _3_apex.audit(made, say=lambda v, r, f: Said("reply"), retried=False)
    assert judged.verdict is Verdict.HOLD
    assert set(judged.needs) == {"F1", "F13"}


def test_a_hold_needs_complete_content() -> None:
    asked = replace(DROP, missing=("when",))
    assert verdict_of(soul(floor("F1", False), m=acting(asked))) is Verdict.SABAR
    assert verdict_of(soul(floor("F1", False), m=acting())) is Verdict.SABAR


def test_no_draft_and_a_failed_model_are_sabar() -> None:
    assert verdict_of(soul(draft=None)) is Verdict.SABAR
    assert verdict_of(soul(m=mind(failure="The model died.", failure_class="AllFailed"))) is Verdict.SABAR


def test_the_demonstration_model_never_gets_a_seal() -> None:
    demo = replace(MODEL, demonstration=True)
    assert verdict_of(soul(model=demo)) is Verdict.PARTIAL
    computed = mind(hypotheses=(Hypothesis("391", None, computed=True),))
    assert verdict_of(soul(m=computed, model=demo)) is Verdict.SEAL


@given(st.lists(st.sampled_from(list(Verdict)), max_size=6))
def test_the_worst_one_wins(verdicts: list[Verdict]) -> None:
    from organs.verdict import Consequence

    got = heaviest(tuple(Consequence(v, "F1", "") for v in verdicts))
    assert got.weight == max((v.weight for v in verdicts), default=0)


# Only 888 makes a SEAL


def sealed() -> Judgement:
    return _3_apex.audit(soul(), say=lambda v, r, f: Said("reply"), retried=True)


def test_nobody_else_can_construct_a_seal() -> None:
    good = sealed()
    with pytest.raises(FalseSealError):
        Judgement(Verdict.SEAL, Lane.FACTUAL, "reply", "because", dict(good.floors))
    with pytest.raises(FalseSealError):
        Judgement(Verdict.SEAL, Lane.FACTUAL, "another", "because", dict(good.floors), mark=good.mark)
    with pytest.raises(FalseSealError):
        replace(good, reply="another")
    with pytest.raises(FalseSealError):
        replace(good, w3=Witness(1.0, 0.5, 0.5))


def test_a_mark_forged_from_outside_does_not_pass_999() -> None:
    weak = _3_apex.audit(soul(floor("F2", False)), say=lambda v, r, f: Said("reply"), retried=True)
    object.__setattr__(weak, "verdict", Verdict.SEAL)
    with pytest.raises(FalseSealError):
        _4_vault.examine(weak, RULES, ratified=False)


def test_999_recomputes_w3_and_the_mandate() -> None:
    _4_vault.examine(sealed(), RULES, ratified=False)
    low = _3_apex.audit(soul(w3=Witness(0.8, 0.8, 0.8)), say=lambda v, r, f: Said("reply"), retried=True)
    assert low.verdict is Verdict.SEAL  # its F3 claims to have passed
    with pytest.raises(FalseSealError, match="W3"):
        _4_vault.examine(low, RULES, ratified=False)
    unheld = _3_apex.audit(soul(m=acting(DROP)), say=lambda v, r, f: Said("reply"), retried=True)
    with pytest.raises(FalseSealError, match="mandate"):
        _4_vault.examine(unheld, RULES, ratified=False)


def test_a_humans_word_lifts_what_is_theirs_and_nothing_else() -> None:
    floors = {f: floor(f, True) for f in RULES.floors} | {f: floor(f, False) for f in ("F1", "F13")}

    def ratified(extra: dict[str, FloorResult]) -> Judgement:
        return _3_apex.ratify(
            lane=Lane.ACTION, reply="r", reason="Approved by Bo.", floors=floors | extra, w3=None, model=None,
            proposals=(DROP,),
        )  # fmt: skip

    good = ratified({})
    assert good.verdict is Verdict.SEAL
    _4_vault.examine(good, RULES, ratified=True)
    with pytest.raises(FalseSealError):
        _4_vault.examine(good, RULES, ratified=False)
    assert ratified({"F9": floor("F9", False)}).verdict is Verdict.PARTIAL
