"""555 and 666 on the merged bundle: effects and peace, then care and honesty of our own words.

A soft floor that fails gets one rewrite with its fault named; what still fails is cut (F9, F10) or becomes
a weak point (F6). Written replies are never rewritten.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from organs.bundles import FloorResult, Session, SoulBundle
from organs.consensus import heaviest_effect
from organs.floors import f01_amanah, f05_peace, f06_empathy, f09_antihantu, f10_ontology, f13_sovereignty
from organs.floors.f06_empathy import CareJudge
from organs.floors.f09_antihantu import HantuJudge
from organs.floors.f10_ontology import OntologyJudge
from organs.verdict import binding

# Asked to mend a draft: gets the draft and the fault in words, gives the new text or None when no model could.
Rewrite = Callable[[str, str], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class AlignParts:
    """The judges of our own words."""

    care: CareJudge
    hantu: HantuJudge
    ontology: OntologyJudge

    async def warm(self) -> None:
        """Load their models now."""
        await self.hantu.warm()
        await self.care.warm()


def validate_555(soul: SoulBundle, session: Session) -> SoulBundle:
    """F1, F5 and F13 from the proposed effects and the Heart's readings."""
    rules = session.constitution
    effect = heaviest_effect(soul)
    bound = binding(soul.mind.lane, soul.heart.lane)
    floors = dict(soul.floors)
    floors["F1"] = f01_amanah.measure(effect, rules["F1"], reason=soul.heart.effect_reason)
    floors["F5"] = f05_peace.measure(soul.heart, rules["F5"], binds="F5" in bound)
    floors["F13"] = f13_sovereignty.measure(effect, soul.mind.proposals, rules["F13"])
    return replace(soul, floors=floors)


async def align_666(soul: SoulBundle, session: Session, parts: AlignParts, rewrite: Rewrite) -> SoulBundle:
    """F6, F9 and F10 on the draft, with one rewrite, then the rule of each floor."""
    if soul.draft is None:
        return soul  # nothing is said, so there are no own words to measure
    first = soul.mind.hypotheses[0] if soul.mind.hypotheses else None
    fixed = first is None or first.written or first.computed
    draft, notes = soul.draft, list(soul.notes)
    floors = await _measure(draft, soul, session, parts)
    fault = next((floors[f].reason for f in ("F9", "F10", "F6") if floors[f].passed is False), None)
    if fault is not None and not fixed:
        mended = await rewrite(draft, fault)
        if mended:
            again = await _measure(mended, soul, session, parts)
            if _failures(again) < _failures(floors):
                draft, floors = mended, again
                notes.append(f"Rewritten once: {fault}")
    if floors["F9"].passed is False or floors["F10"].passed is False:
        draft = await _without_claims(draft, session, parts)
        notes.append("A sentence that claimed what Trinity is not was cut.")
    # F9 and F10 keep the measure of what was drafted: that something had to be cut is why it is PARTIAL.
    return replace(soul, draft=draft or None, floors={**soul.floors, **floors}, notes=tuple(notes))


async def _measure(draft: str, soul: SoulBundle, session: Session, parts: AlignParts) -> Mapping[str, FloorResult]:
    rules, mind = session.constitution, soul.mind
    written = bool(mind.hypotheses) and mind.hypotheses[0].written
    binds = "F6" in binding(mind.lane, soul.heart.lane)
    care = await parts.care.score(draft, session.own_text) if binds else None
    return {
        "F6": f06_empathy.measure(care, soul.heart.distress, rules["F6"], binds=binds, written=written),
        "F9": await f09_antihantu.measure(draft, parts.hantu, rules["F9"], fiction=mind.creative),
        "F10": f10_ontology.measure(draft, parts.ontology, rules["F10"], fiction=mind.creative),
    }


def _failures(floors: Mapping[str, FloorResult]) -> int:
    return sum(r.passed is False for r in floors.values())


async def _without_claims(draft: str, session: Session, parts: AlignParts) -> str:
    """The draft without the sentences that F9 or F10 name."""
    limit = session.constitution["F9"].threshold
    named = [*(await parts.hantu.read(draft, threshold=limit)).sentences]
    named += [claim.sentence for claim in parts.ontology.claims(draft)]
    for sentence in named:
        draft = draft.replace(sentence, "")
    return " ".join(draft.split(" ")).strip()
