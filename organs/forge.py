"""777 and the numbers of 888: truth, clarity, humility and genius of the draft, the three witnesses, and the reply."""

from __future__ import annotations

from dataclasses import replace

from organs import outgoing
from organs.bundles import Session, SoulBundle
from organs.floors import f02_truth, f03_witness, f04_clarity, f07_humility, f08_genius
from organs.verdict import binding


def forge_777(soul: SoulBundle, session: Session, *, within_budget: bool, ratified: bool = False) -> SoulBundle:
    """Take apart what could carry data out, check code, and measure F2, F3, F4, F7 and F8 on the final draft."""
    rules, mind = session.constitution, soul.mind
    bound = binding(mind.lane, soul.heart.lane)
    draft, notes = soul.draft, list(soul.notes)
    if draft is not None:
        known = [p.text for p in session.pieces] + [t.text for t in session.history] + [e.text for e in mind.evidence]
        draft, carried = outgoing.without_carriers(draft, known)
        notes += [*carried, *outgoing.code_faults(draft)]
    floors = dict(soul.floors)
    floors["F2"] = f02_truth.measure(mind.claims, rules["F2"], high_stakes=mind.high_stakes, binds="F2" in bound)
    w3 = f03_witness.witness(
        session.actor.proof, mind.claims, agreement=mind.agreement, precision=mind.precision, ratified=ratified
    )
    floors["F3"] = f03_witness.measure(w3, rules["F3"], binds="F3" in bound, claimed=bool(mind.claims))
    floors["F4"] = f04_clarity.measure(mind.delta_s, rules["F4"], binds="F4" in bound)
    floors["F7"] = f07_humility.measure(draft, mind.precision, rules["F7"], binds="F7" in bound, claims=mind.claims)
    floors["F8"] = f08_genius.measure(
        rules["F8"],
        precision=mind.precision,
        peace=soul.heart.peace,
        relevance=mind.relevance,
        within_budget=within_budget,
        binds="F8" in bound,
    )
    return replace(soul, draft=draft, floors=floors, w3=w3, notes=tuple(notes))
