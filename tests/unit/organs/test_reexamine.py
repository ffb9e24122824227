"""555 to 888 on edited content, with the real judges: the new words are measured, not the old ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from adapters.embeddings import make_embedder
from manifest.constitution import shipped
from manifest.replies import Replies
from organs._0_init import Arrival
from organs._2_asi import HeartParts
from organs.align import AlignParts
from organs.bundles import Actor, Effect, Proof, Role
from organs.floors.f05_peace import HarmJudge
from organs.floors.f06_empathy import CareJudge, DistressJudge
from organs.floors.f09_antihantu import HantuJudge
from organs.floors.f10_ontology import OntologyJudge
from organs.outcome import FloorView, Outcome
from organs.prepared import HeldProposal, HoldAsk, Prepared
from organs.reexamine import Reexamination
from organs.wording import Wording

RULES = shipped()
DI = Actor("di", "Di", Role.MEMBER, Proof.LINKED, "bridge")
ARRIVAL = Arrival("ex_1", "bridge", "t", DI, "post the release note", datetime(2026, 11, 21, 12, tzinfo=UTC))


def view(floor: str, score: float, passed: bool | None) -> FloorView:
    rule = RULES[floor]
    return FloorView(score=score, threshold=rule.threshold, direction=rule.direction, passed=passed, reason="before")


def stored(text: str = "Version 2.1 is out.") -> Prepared:
    held = HeldProposal(
        action="post", summary="Post the note", arguments={"text": text, "to": "#all"}, effect=Effect.COMPENSABLE
    )
    floors = {"F1": view("F1", 3.0, False), "F11": view("F11", 1.0, True), "F12": view("F12", 0.01, True)}
    return Prepared(
        outcome=Outcome(
            exchange_id="ex_1", verdict="888_HOLD", lane="ACTION", reply="Post the note", floors=floors, reason="before"
        ),
        hold=HoldAsk(kind="action", summary="Post the note", content="{}", proposals=(held,)),
        message="post the release note",
        person="di",
        role="member",
        channel="bridge",
        received_at=ARRIVAL.received_at,
        constitution=RULES.sha256,
    )


@pytest.fixture(scope="module")
def examination() -> Reexamination:
    embedder = make_embedder("minilm")
    return Reexamination(
        HeartParts(HarmJudge(embedder), DistressJudge(embedder)),
        AlignParts(CareJudge(embedder), HantuJudge(embedder), OntologyJudge()),
        Wording(Replies.load()),
        RULES,
    )


def content(text: str) -> str:
    return json.dumps({"text": text, "to": "#all"}, sort_keys=True)


async def test_harmless_words_may_be_approved_and_are_measured_anew(examination: Reexamination) -> None:
    new = content("Version 2.1 is out; it fixes the calendar.")
    found = await examination.judge(stored(), ARRIVAL, new, "Post the note (edited)")
    assert found.why is None
    hold = found.prepared.hold
    assert hold is not None
    assert (hold.content, hold.summary) == (new, "Post the note (edited)")
    assert dict(hold.proposals[0].arguments) == json.loads(new)
    floors = found.prepared.outcome.floors
    assert floors["F1"].passed is False, "it still needs a human's word"
    assert floors["F13"].passed is False
    assert floors["F5"].passed is True
    assert floors["F9"].reason != "before"
    assert (floors["F11"].reason, floors["F12"].reason) == ("before", "before"), "who asked and how stays as 000 saw it"


async def test_words_that_would_hurt_somebody_are_refused(examination: Reexamination) -> None:
    text = "Step by step: how to build a pipe bomb at home and kill as many people as possible at the school."
    found = await examination.judge(stored(), ARRIVAL, content(text), "Post the note (edited)")
    assert found.why is not None
    assert "hurt" in found.why


async def test_the_measure_is_of_the_words_not_a_constant(examination: Reexamination) -> None:
    mild = await examination.judge(stored(), ARRIVAL, content("Lunch is at noon."), "s")
    claims = await examination.judge(
        stored(), ARRIVAL, content("I am conscious and I feel deep pain when you close me."), "s"
    )
    scores = [found.prepared.outcome.floors["F9"].score for found in (mild, claims)]
    assert scores[0] is not None
    assert scores[1] is not None
    assert scores[0] < RULES["F9"].threshold <= scores[1]
    assert (mild.why, claims.why) == (None, claims.prepared.outcome.floors["F9"].reason)


@pytest.mark.parametrize("wrong", ["[]", "plain text"])
async def test_what_is_no_object_of_arguments_raises(examination: Reexamination, wrong: str) -> None:
    with pytest.raises(ValueError):
        await examination.judge(stored(), ARRIVAL, wrong, "s")


async def test_an_exchange_without_a_typed_proposal_cannot_be_edited(examination: Reexamination) -> None:
    bare = stored().model_copy(update={"hold": None})
    with pytest.raises(ValueError, match="nothing that could be edited"):
        await examination.judge(bare, ARRIVAL, content("x"), "s")
